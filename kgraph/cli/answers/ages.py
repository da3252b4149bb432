"""Ages as kubectl writes them."""

from datetime import UTC, datetime

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "m"))


def age(moment: str, now: datetime) -> str:
    """How long ago a moment was, in the largest unit of which there are two: `42s`, `5m`, `3h`, `12d`.

    What lies ahead, by another clock, is `0s`.
    """
    seconds = max(0, int((now - datetime.fromisoformat(moment).astimezone(UTC)).total_seconds()))
    return next((f"{seconds // unit}{sign}" for unit, sign in _UNITS if seconds >= 2 * unit), f"{seconds}s")
