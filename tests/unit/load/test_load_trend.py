"""Memory that grows is told from memory that only moves, and from memory that is still being filled."""

import random

import pytest

from tests.load.trend import trend

SECONDS = 3600
LEVEL_MIB = 200.0


def samples(per_hour: float, *, noise: float = 2.0, filled: float = 0.0) -> list[tuple[float, float]]:
    """An hour of samples, each 5 s; `filled` is added in the first ten minutes."""
    dice = random.Random(1)
    return [
        (at, LEVEL_MIB + per_hour * at / 3600 + dice.gauss(0, noise) + filled * min(1, at / 600))
        for at in range(0, SECONDS, 5)
    ]


@pytest.mark.parametrize(
    ("per_hour", "filled", "flat"),
    [(0, 0, True), (5, 0, True), (30, 0, False), (-30, 0, True), (0, 100, True)],
    ids=["still", "a little", "a leak", "shrinking", "filled at first"],
)
def test_growth(per_hour: float, filled: float, *, flat: bool) -> None:
    """A slope is found within its confidence; more than a twentieth an hour is growth, what fills up first is not."""
    found = trend(samples(per_hour, filled=filled))
    assert found.low - 1 <= per_hour <= found.high + 1
    assert found.is_flat(share=0.05) is flat


def test_noise_is_no_growth() -> None:
    """Memory that moves by as much as it would have to grow has an interval that is as wide."""
    found = trend(samples(0, noise=60))
    assert found.high - found.low > 10
    assert found.is_flat(share=0.05)


def test_too_few_samples() -> None:
    """Of too few samples no trend is told."""
    with pytest.raises(ValueError, match="too few"):
        trend(samples(0)[:20])
