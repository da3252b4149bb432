"""Whether a figure grows: a line through samples, and how sure its slope is."""

from collections.abc import Sequence
from math import sqrt
from statistics import linear_regression, mean

import msgspec

# Samples of a process's memory depend on the ones before them: what is fitted are the means of so many stretches, which
# depend on each other far less. With a line through 20 points 18 degrees of freedom are left.
STRETCHES = 20
STUDENT_95 = 2.101
# What is still filled (caches, pools, the allocator's own) is no leak: the first part of the time is not counted.
WARM_UP_SHARE = 0.25


class Trend(msgspec.Struct, frozen=True):
    """So much more in an hour, of what is `level` in the mean; by 95 % confidence between `low` and `high`."""

    per_hour: float
    low: float
    high: float
    level: float

    def is_flat(self, *, share: float) -> bool:
        """Whether it does not surely grow by more than a share of its level in an hour."""
        return self.low <= share * self.level


def trend(samples: Sequence[tuple[float, float]]) -> Trend:
    """The trend of (seconds, value), ascending, without the warm-up. ValueError where there are too few."""
    began, ended = samples[0][0], samples[-1][0]
    counted = [one for one in samples if one[0] >= began + (ended - began) * WARM_UP_SHARE]
    if len(counted) < 2 * STRETCHES:
        raise ValueError(f"{len(counted)} samples after the warm-up are too few: {2 * STRETCHES} are needed")
    size = len(counted) / STRETCHES
    parts = [counted[round(number * size) : round((number + 1) * size)] for number in range(STRETCHES)]
    hours = [mean(at for at, _ in part) / 3600 for part in parts]
    values = [mean(value for _, value in part) for part in parts]
    slope, intercept = linear_regression(hours, values)
    middle = mean(hours)
    residual = sum((value - intercept - slope * hour) ** 2 for hour, value in zip(hours, values, strict=True))
    error = sqrt(residual / (STRETCHES - 2) / sum((hour - middle) ** 2 for hour in hours))
    return Trend(slope, slope - STUDENT_95 * error, slope + STUDENT_95 * error, mean(values))
