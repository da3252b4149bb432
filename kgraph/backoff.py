"""Waiting times after failures, for every loop that tries again for ever.

Stamina, which `graphdb.store` uses, counts the tries of one call. A loop that goes on for days has calls that end well
in between, after which it begins anew; what went well is for the loop to say.
"""

import random


class Backoff:
    """Waiting times that double up to a limit, with jitter of a half either way, until something went well."""

    def __init__(self, first_seconds: float, most_seconds: float) -> None:
        self._first = self._next = first_seconds
        self._most = most_seconds

    def reset(self) -> None:
        """Something went well."""
        self._next = self._first

    def seconds(self, least: float = 0.0) -> float:
        """How long to wait now; no less than a server asks for (Retry-After)."""
        seconds, self._next = self._next, min(2 * self._next, self._most)
        return max(seconds * random.uniform(0.5, 1.5), least)  # noqa: S311 - jitter, no secret
