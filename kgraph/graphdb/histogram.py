"""Histograms of usage: which share of the samples was below what, the newer ones counting more.

As the recommender of Kubernetes' vertical Pod autoscaler keeps them (kubernetes/autoscaler, `recommender/util`):
buckets that grow exponentially, so that any amount is known to within GROWTH whatever its size, and weights that halve
every HALF_LIFE_SECONDS. A steady container fills a handful of buckets, six bytes each.
"""

import math
import struct
from collections.abc import Mapping
from typing import Self

import msgspec

GROWTH = 1.05  # the upper bound of a bucket over its lower one: how exact a percentile is
HALF_LIFE_SECONDS = 86_400.0
# A bucket with less than this is forgotten: a peak of two weeks ago, of which nothing has been seen since, is of
# another time. Not less than a share of all samples, which would forget the only peak of a thousand Pods within days.
LEAST_WEIGHT = 2.0**-14
# Weights are relative to a moment, which moves on before they outgrow what a float of four bytes can hold.
MOST_HALF_LIVES = 50.0
_BUCKET = struct.Struct("<Hf")
_ROUNDING = 1e-6  # of weights, that a rank which falls between two samples is the same before and after storing
_LOG_GROWTH = math.log(GROWTH)


class Scale(msgspec.Struct, frozen=True):
    """Where the buckets of one resource are: the first ends at `first`, the last at `first * GROWTH ** last`."""

    first: float
    last: int

    def bucket(self, amount: float) -> int:
        """The bucket of an amount; what is larger than all goes into the last."""
        if amount <= self.first:
            return 0
        return min(self.last, math.ceil(math.log(amount / self.first) / _LOG_GROWTH - 1e-9))

    def upper(self, bucket: int) -> float:
        """The largest amount of a bucket."""
        return float(self.first * GROWTH**bucket)


CPU_CORES = Scale(first=0.001, last=284)  # a millicore to a thousand cores
MEMORY_BYTES = Scale(first=2.0**20, last=300)  # a mebibyte to two tebibytes


class Histogram:
    """How much was used, and how often; times are seconds since the epoch."""

    __slots__ = ("_reference", "_scale", "_weights")

    def __init__(self, scale: Scale, reference: float = 0.0, weights: Mapping[int, float] | None = None) -> None:
        self._scale = scale
        self._reference = reference
        self._weights: dict[int, float] = dict(weights or {})

    def __bool__(self) -> bool:
        """Whether there is any sample."""
        return bool(self._weights)

    def __len__(self) -> int:
        """How many buckets have samples."""
        return len(self._weights)

    def add(self, amount: float, at: float) -> None:
        """Count a sample."""
        half_lives = (at - self._reference) / HALF_LIFE_SECONDS
        if half_lives > MOST_HALF_LIVES:
            self._refer_to(at)
            half_lives = 0.0
        bucket = self._scale.bucket(amount)
        self._weights[bucket] = self._weights.get(bucket, 0.0) + 2.0**half_lives

    def percentile(self, share: float) -> float | None:
        """What the given share of the samples (0 to 1) did not exceed, to within GROWTH above; None without any."""
        if not self._weights:
            return None
        highest = max(self._weights)
        wanted = share * sum(self._weights.values()) * (1 - _ROUNDING)
        reached = 0.0
        for bucket in sorted(self._weights) if share < 1 else ():
            reached += self._weights[bucket]
            if reached >= wanted:
                return self._scale.upper(bucket)
        return self._scale.upper(highest)

    def encode(self, at: float) -> bytes:
        """The histogram in bytes, six for each bucket that counts; `decode` takes the same moment."""
        self._refer_to(at)
        return b"".join(_BUCKET.pack(bucket, weight) for bucket, weight in sorted(self._weights.items()))

    @classmethod
    def decode(cls, scale: Scale, encoded: bytes, at: float) -> Self:
        """What `encode` made at this moment; ValueError where that is not what it is."""
        if len(encoded) % _BUCKET.size:
            raise ValueError(f"{len(encoded)} bytes are no histogram: {_BUCKET.size} for each bucket")
        return cls(scale, at, dict(_BUCKET.iter_unpack(encoded)))

    def _refer_to(self, at: float) -> None:
        """Let a sample of this moment weigh 1, and forget what is too old to count.

        Where that is back in time some clock was wrong, and what came after it counts as if it were of that moment.
        """
        factor = 2.0 ** min(0.0, (self._reference - at) / HALF_LIFE_SECONDS)
        faded = {bucket: weight * factor for bucket, weight in self._weights.items()}
        self._weights = {bucket: weight for bucket, weight in faded.items() if weight >= LEAST_WEIGHT}
        self._reference = at
