"""Go's durations, as Kubernetes and its tools write them: `30s`, `5m`, `1h30m`."""

import re

import durationpy

# Go's time.ParseDuration; durationpy also takes days, weeks and years, which Go and kubectl refuse.
_GO_DURATION = re.compile(r"[-+]?(?:0|(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+)")


def seconds(text: str) -> float:
    """A Go duration in seconds: `30s`, `5m`, `1h30m`, `0`; ValueError where it is none, or less than nothing."""
    if not _GO_DURATION.fullmatch(text):
        raise ValueError("a duration such as 30s, 5m or 1h30m")
    found = durationpy.from_str(text).total_seconds()
    if found < 0:
        raise ValueError("a duration that is not negative, such as 30s")
    return found
