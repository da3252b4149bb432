"""What is read of each cluster's worker when somebody scrapes."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from kgraph.cli.process.workers import Workers
from kgraph.kube.settings import AuthMethod
from kgraph.sync.worker import ClusterWorker
from kgraph.telemetry.meter import Meter, Sample


def measure(workers: Workers, meter: Meter) -> None:
    """Have the meter read them, as many as there are then."""
    for name, read in _READ.items():
        meter.reads(name, _reading(workers, read))
    meter.reads(
        "kgraph_cluster_failed", lambda: [((cluster,), cluster in workers.failed) for cluster in workers.by_cluster]
    )


def _reading(workers: Workers, read: Callable[[ClusterWorker], float | None]) -> Callable[[], Iterable[Sample]]:
    def values() -> Iterator[Sample]:
        for cluster, worker in workers.by_cluster.items():
            value = read(worker)
            if value is not None:
                yield (cluster,), value

    return values


def _last_event(worker: ClusterWorker) -> float | None:
    at = worker.pipeline.changed_at if worker.pipeline else None
    return at.timestamp() if at else None


def _connected(worker: ClusterWorker) -> float | None:
    if worker.settings.auth_method is AuthMethod.SNAPSHOT or worker.vitals is None:
        return None
    return worker.vitals.connected


# By the metric's name; None is no series.
_READ: Mapping[str, Callable[[ClusterWorker], float | None]] = {
    "kgraph_cluster_lag_seconds": lambda worker: worker.pipeline.age_seconds if worker.pipeline else 0,
    "kgraph_cluster_last_event_timestamp_seconds": _last_event,
    "kgraph_cluster_connected": _connected,
    "kgraph_cluster_synced": lambda worker: worker.synced.is_set(),
    "kgraph_cluster_resources": lambda worker: worker.progress.resources,
    "kgraph_cluster_failing_kinds": lambda worker: len(worker.progress.failing),
    "kgraph_queue_changes": lambda worker: len(worker.pipeline.pending) if worker.pipeline else 0,
    "kgraph_queue_bytes": lambda worker: worker.pipeline.pending.bytes if worker.pipeline else 0,
    "kgraph_queue_refused": lambda worker: len(worker.pipeline.refused) if worker.pipeline else 0,
}
