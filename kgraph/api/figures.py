"""What is read of the API's parts when somebody scrapes."""

from kgraph.api.events.hub import Hub
from kgraph.api.reading.results import Results
from kgraph.api.reading.verdicts import Verdicts
from kgraph.feed.redis_client import Memory
from kgraph.telemetry.meter import Meter


def measure(meter: Meter, verdicts: Verdicts, results: Results | None, hub: Hub | None, memory: Memory | None) -> None:
    """Have the meter read them; what this process does not have has no series."""
    meter.reads(
        "kgraph_verdict_cache_requests",
        lambda: [(("hit",), verdicts.wanted - verdicts.missed), (("miss",), verdicts.missed)],
    )
    if results is not None:
        counted = results.counters
        meter.reads(
            "kgraph_result_cache_requests",
            lambda: [
                (("hit",), counted.hits - counted.shared),
                (("shared",), counted.shared),
                (("miss",), counted.misses),
            ],
        )
        meter.reads("kgraph_result_cache_entries", lambda: [((), counted.entries)])
        meter.reads("kgraph_result_cache_bytes", lambda: [((), counted.bytes)])
    if hub is not None:
        meter.reads("kgraph_streams_open", lambda: [((), hub.subscriptions)])
        meter.reads("kgraph_stream_events", lambda: [((), hub.counts.events)])
        meter.reads("kgraph_streams_dropped", lambda: [((), hub.counts.dropped)])
        meter.reads("kgraph_stream_gaps", lambda: [((), hub.counts.gaps)])
    if memory is not None:
        meter.reads("kgraph_redis_up", lambda: [((), not memory.is_resting)])
        meter.reads("kgraph_redis_failures", lambda: [((), memory.failures)])
