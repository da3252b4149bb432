"""What a row of the metrics says."""

from enum import StrEnum

import msgspec


class Kind(StrEnum):
    """Prometheus' types."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"
    SUMMARY = "summary"


class Of(StrEnum):
    """Which processes have it; `kgraph up` has all."""

    EACH = "each"
    WORKER = "worker"
    API = "API"


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """One metric; `part` is its row on the dashboard. A counter's `name` is written without `_total`.

    `labels` have values that this program makes, or knows all of: what clients name is never a label's value.
    """

    name: str
    kind: Kind
    of: Of
    part: str
    meaning: str
    unit: str = ""
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()

    @property
    def exposed(self) -> str:
        """Its name in PromQL, without a histogram's endings."""
        return f"{self.name}_total" if self.kind is Kind.COUNTER else self.name
