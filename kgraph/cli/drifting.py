"""`kgraph diff`, set up: which manifests, which cluster, and whether it is asked itself or by way of its graph."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from kgraph.api.clusters import all_clusters
from kgraph.api.drift import GraphState
from kgraph.api.kinds import KindReader
from kgraph.api.reading.reader import Reader
from kgraph.api.settings import Limits
from kgraph.cli.answers.client import Client
from kgraph.cli.answers.drift import DriftAnswer, answer_of, ask_drift
from kgraph.cli.configuration.reading import Configuration
from kgraph.cli.dumping import live_cluster
from kgraph.cli.errors import BadConfiguration, NothingRuns
from kgraph.cli.graphs import Named, connected, graph_at_work
from kgraph.cli.sources import Asked, configured
from kgraph.cli.terminal import remarks
from kgraph.graphdb.store import GraphSettings, Store
from kgraph.kube.connection import Connection
from kgraph.kube.discovery import discover
from kgraph.kube.drift import Actual, Manifests, Name, State, drift
from kgraph.kube.live_state import LiveState
from kgraph.kube.ownership import controller
from kgraph.kube.settings import AuthMethod, ClusterSettings
from kgraph.kube.snapshot import STDIN
from kgraph.sync.options import SyncOptions
from kgraph.sync.snapshot import read_snapshot


class DiffOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the user asked `diff` for; `desired` is a file, a folder, `-`, or a snapshot's id in the graph."""

    desired: str
    cluster: str = ""
    namespace: str = ""
    asked: Asked = Asked()
    neo4j: Named = Named()
    api: str = ""
    most: int = 500


class Outcome(msgspec.Struct, frozen=True):
    """What was found, and whether all of the manifests and of the kinds could be read."""

    answer: DriftAnswer
    whole: bool


async def diff_cluster(wanted: DiffOptions) -> Outcome:
    """Compare manifests with a cluster: through the graph where it holds the cluster, else with the cluster itself."""
    wanted.asked.check()
    path = _manifests(wanted.desired)
    if not path:
        return _by_api(wanted)
    configuration = configured(wanted.asked.config)
    desired, whole = _read(path, wanted.namespace or configuration.default_namespace)
    async with _actual(wanted, configuration, await desired.namespaces()) as actual:
        answer = answer_of(await drift(desired, actual, most=wanted.most))
    return Outcome(answer, whole and not answer.unread)


def _manifests(desired: str) -> str:
    """The file or folder that is meant; "" where it is none."""
    path = Path(desired).expanduser()
    return desired if desired == STDIN else str(path) if path.exists() else ""


def _read(path: str, default_namespace: str) -> tuple[Manifests, bool]:
    """All manifests, and whether all could be read; what could not is told."""
    settings = ClusterSettings(id="desired", auth_method=AuthMethod.SNAPSHOT, snapshot_path=path)
    read = read_snapshot(settings, SyncOptions(default_namespace=default_namespace))
    for problem in read.problems:
        remarks().print(problem, style="yellow", soft_wrap=True)
    states = [
        State(Name(resource.group, resource.kind, metadata.get("namespace", ""), metadata["name"]), value)
        for resource, objects in read.kinds
        for value in objects
        if controller(metadata := value["metadata"]) is None
    ]
    if not states:
        raise BadConfiguration(f"--desired {path}: there is no manifest to compare with")
    return Manifests(states), read.whole


def _by_api(wanted: DiffOptions) -> Outcome:
    """Both sides are in the graph, so that the API can compare them."""
    client = Client(wanted.api)
    known = [str(cluster["id"]) for cluster in client.ask("{ clusters { id } }")["clusters"]]
    if wanted.desired not in known:
        raise BadConfiguration(
            f"--desired {wanted.desired}: there is no such file or folder, and no such cluster in the graph"
        )
    others = [cluster for cluster in known if cluster != wanted.desired]
    if not wanted.cluster and len(others) != 1:
        raise BadConfiguration(f"which cluster? --cluster is one of {', '.join(others)}")
    answer = ask_drift(client, wanted.desired, wanted.cluster or others[0], most=wanted.most)
    return Outcome(answer, whole=not answer.unread)


@asynccontextmanager
async def _actual(
    wanted: DiffOptions, configuration: Configuration, namespaces: Sequence[str]
) -> AsyncIterator[Actual]:
    """The cluster in the graph, unless a kubeconfig is named or there is no graph; then itself."""
    graph = None if wanted.asked.context or wanted.asked.kubeconfig else _graph(wanted.neo4j, configuration)
    if graph is not None:
        async with connected(graph) as store:
            cluster = await _cluster_in_graph(store, wanted.cluster)
            synced = (await KindReader(store).of(cluster)).synced
            remarks().print(f"Comparing with {cluster} as it is in the graph …", style="dim")
            yield GraphState(Reader(store), cluster, timeout=Limits().statement_seconds, synced=synced)
        return
    settings = live_cluster(wanted.asked, configuration, wanted.cluster)
    async with Connection.open(settings) as connection:
        await connection.version()
        remarks().print(f"Comparing with {settings.name or settings.id} itself …", style="dim")
        yield LiveState(connection, await discover(connection), namespaces)


def _graph(named: Named, configuration: Configuration) -> GraphSettings | None:
    try:
        return graph_at_work(named, configuration)
    except NothingRuns:
        return None


async def _cluster_in_graph(store: Store, named: str) -> str:
    known = [
        one.id for one in await all_clusters(Reader(store), timeout=Limits().statement_seconds) if one.source == "live"
    ]
    if named in known or (not named and len(known) == 1):
        return named or known[0]
    if not known:
        raise BadConfiguration("the graph holds no live cluster; name a kubeconfig's with --context")
    raise BadConfiguration(f"which cluster? --cluster is one of {', '.join(known)}; --context asks one itself")
