"""The meter and the tracer of one process, as all of its parts are given them."""

from kgraph.telemetry.meter import Meter
from kgraph.telemetry.tracing import Tracing


class Telemetry:
    """What a process counts on and traces with. One that nobody reads costs as good as nothing."""

    def __init__(self, meter: Meter | None = None, tracing: Tracing | None = None) -> None:
        self.meter = meter or Meter()
        self.tracing = tracing or Tracing()
