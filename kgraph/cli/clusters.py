"""`kgraph cluster`: the registry from the command line, by way of the graph itself, so that no API need run."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from kgraph.api.changing.registry import add_cluster, remove_cluster
from kgraph.api.clusters import Cluster, all_clusters
from kgraph.api.errors import ApiError
from kgraph.api.reading.reader import Reader
from kgraph.cli.errors import BadConfiguration, Refused
from kgraph.cli.graphs import Named, graph_at_work, opened
from kgraph.cli.sources import configured
from kgraph.kube.given import GivenCluster
from kgraph.kube.sealing import Sealer

LIST_SECONDS = 10.0
COLUMNS = ("CLUSTER", "STATE", "WORKER", "RESOURCES", "LAG", "LAST EVENT", "FAILING")


async def add(named: Named, config: str, given: GivenCluster) -> None:
    """Register a cluster; Refused says why not."""
    sealer = Sealer.of()
    async with opened(graph_at_work(named, configured(config))) as store:
        try:
            await add_cluster(store, sealer, given)
        except ApiError as error:
            raise Refused(str(error), error.code) from error


async def remove(named: Named, config: str, ids: Iterable[str]) -> None:
    """Mark clusters for removal, each alone; Refused says why not."""
    async with opened(graph_at_work(named, configured(config))) as store:
        for cluster in ids:
            try:
                await remove_cluster(store, cluster)
            except ApiError as error:
                raise Refused(str(error), error.code) from error


async def listed(named: Named, config: str) -> tuple[Cluster, ...]:
    """All clusters in the graph."""
    async with opened(graph_at_work(named, configured(config))) as store:
        return await all_clusters(Reader(store), timeout=LIST_SECONDS)


def rows(clusters: Sequence[Cluster]) -> list[list[Any]]:
    """A table's rows: what a person looks at first."""
    return [
        [
            one.id,
            state_of(one),
            one.worker,
            one.resource_count,
            None if one.lag_seconds is None else f"{one.lag_seconds:.1f}s",
            (one.last_event_at or "").partition(".")[0].replace("T", " "),
            one.failing_kinds or None,
        ]
        for one in clusters
    ]


def state_of(cluster: Cluster) -> str:
    """One word: the first part that is not well, or `ready`; kinds that fail are counted beside it."""
    status = cluster.status
    return "ready" if status.ready else _WORDS[next(part.name for part in status.components if not part.ready)]


_WORDS: Mapping[str, str] = {
    "removal": "removing",
    "worker": "unsynced",
    "connection": "lost",
    "sync": "syncing",
    "feed": "backlog",
}


def as_data(clusters: Sequence[Cluster]) -> list[dict[str, Any]]:
    """The same for programs: all that is known, with the status part by part."""
    return [
        {
            **{name: value for name, value in msgspec.to_builtins(one).items() if name != "handle"},
            "status": msgspec.to_builtins(one.status),
        }
        for one in clusters
    ]


def text_of(path: str) -> str:
    """A file's text, "" for no path."""
    if not path:
        return ""
    try:
        return Path(path).expanduser().read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as cause:
        why = cause.strerror if isinstance(cause, OSError) else "it is no text"
        raise BadConfiguration(f"{path} cannot be read: {why}") from cause
