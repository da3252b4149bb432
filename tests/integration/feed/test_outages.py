"""Whatever goes away on the way from a cluster to Kafka, each change that the watch has delivered arrives."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from kgraph.feed.event import EventType
from kgraph.feed.kafka_settings import KafkaSettings
from kgraph.feed.kafka_sink import KafkaSink
from kgraph.graphdb.store import GraphSettings, Store
from kgraph.sync.feed import Feed
from kgraph.sync.options import SyncOptions
from kgraph.sync.relay import Relay
from tests import servers
from tests.consumer import Got, messages, replayed
from tests.integration.feed.conftest import CONFIG_ONLY, OUTBOX, cluster_id, outbox_is_empty
from tests.integration.sync.live import Api
from tests.proxied import ProxiedKafka
from tests.proxy import TcpProxy
from tests.workers import WorkerProcess, cluster_settings, graph_settings, running, until

OPTIONS = SyncOptions(watch_resources=CONFIG_ONLY)
NAMES = ("a", "b", "c")


@asynccontextmanager
async def fed_to(store: Store, servers_: str, limit_bytes: int = 2**26) -> AsyncIterator[Feed]:
    """The feed of a process whose changes go to a Kafka."""
    sink = KafkaSink(KafkaSettings(bootstrap_servers=(servers_,)))
    async with Relay.running(store, sink, limit_bytes) as relay:
        yield Feed(relay=relay)


class Changes:
    """ConfigMaps that are changed one after the other, and the versions that the apiserver gave them."""

    def __init__(self, api: Api, namespace: str) -> None:
        self._api = api
        self.keys = {name: f"core/ConfigMap/{namespace}/{name}" for name in NAMES}
        self._path = f"/api/v1/namespaces/{namespace}/configmaps"
        self._number = 0
        self.versions: dict[str, list[str]] = {name: [] for name in NAMES}

    async def make(self) -> None:
        """Make them."""
        for name in NAMES:
            await self._api.make(self._path, metadata={"name": name}, data={"n": "0"})

    async def go_on(self, count: int) -> None:
        """Change them some more."""
        for _ in range(count):
            self._number += 1
            name = NAMES[self._number % len(NAMES)]
            # As much as does not shrink when it is packed.
            data = {"n": str(self._number), "random": secrets.token_hex(400)}
            changed = await self._api.merge(f"{self._path}/{name}", data=data)
            self.versions[name].append(changed["metadata"]["resourceVersion"])

    def missing(self, got: Iterable[Got]) -> dict[str, set[str]]:
        """The versions of which Kafka has no event."""
        told = versions_told(got)
        return {name: left for name, some in self.versions.items() if (left := {*some} - {*told.get(name, ())})}


def versions_told(got: Iterable[Got]) -> dict[str, list[str]]:
    """The versions that updates tell of, by name, as they are in Kafka."""
    found: dict[str, list[str]] = {}
    for one in got:
        event = one.event
        if event.event_type is EventType.UPDATED and event.resource is not None:
            version = msgspec.json.decode(event.new_object)["metadata"]["resourceVersion"]
            found.setdefault(event.resource.name, []).append(version)
    return found


def first_times(versions: Iterable[str]) -> list[int]:
    """Versions where they are told for the first time."""
    return [int(version) for version in dict.fromkeys(versions)]


async def all_told(changes: Changes, servers_: str, cluster: str) -> list[Got]:
    """Wait until each change is in Kafka; they are in order, and add up to the last of them."""
    found: list[Got] = []

    async def none_missing() -> bool:
        nonlocal found
        found = await messages(servers_, cluster)
        return not changes.missing(found)

    await until(none_missing, "each change is in Kafka")
    for name, told in versions_told(found).items():
        assert first_times(told) == sorted(first_times(told)), f"{name} is told in order"
    state = replayed(one.event for one in found)
    for name, versions in changes.versions.items():
        last = state[f"{cluster}/{changes.keys[name]}"]
        assert msgspec.json.decode(last)["metadata"]["resourceVersion"] == versions[-1]
    return found


async def test_changes_wait_in_the_outbox_while_kafka_is_away(
    store: Store, control_plane: servers.Cluster, api: Api, namespace: str, own_kafka: ProxiedKafka
) -> None:
    """Kafka is killed and cut off amid changes and comes back: the graph goes on, and each change arrives, in order."""
    cluster, changes = cluster_id(), Changes(api, namespace)
    await changes.make()
    settings = cluster_settings(control_plane, cluster)
    async with (
        fed_to(store, own_kafka.server.bootstrap_servers) as feed,
        running(store, settings, OPTIONS, feed=feed) as worker,
    ):
        await changes.go_on(30)
        await own_kafka.server.kill()
        await own_kafka.proxy.cut()
        await changes.go_on(60)
        key = f"{cluster}/core/ConfigMap/{namespace}/{NAMES[0]}"

        async def in_the_graph() -> bool:
            rows = await store.read_text("MATCH (n:Resource {key: $key}) RETURN n.resourceVersion AS v", {"key": key})
            return bool(rows[0]["v"] == changes.versions[NAMES[0]][-1])

        await until(in_the_graph, "the graph has the last change")
        assert (await store.read_text(OUTBOX))[0]["rows"] > 0
        await own_kafka.proxy.restore()
        await own_kafka.server.start_again()
        await changes.go_on(30)
        await all_told(changes, own_kafka.server.direct_servers, cluster)
        await until(lambda: outbox_is_empty(store), "what was sent is taken away")
        assert worker.pipeline is not None


async def test_a_commit_in_doubt_records_no_change_twice(
    store: Store,
    neo4j_server: servers.Graph,
    control_plane: servers.Cluster,
    api: Api,
    namespace: str,
    kafka_server: servers.Feed,
) -> None:
    """The connection to Neo4j is cut again and again amid commits: each change is in Kafka, and none of them twice."""
    cluster, changes = cluster_id(), Changes(api, namespace)
    await changes.make()
    direct = graph_settings(neo4j_server)
    host, _, port = direct.uri.rpartition(":")
    async with TcpProxy.to(int(port)) as proxy:
        through = GraphSettings(uri=f"{host}:{proxy.port}", user=direct.user, password=direct.password)
        settings = cluster_settings(control_plane, cluster)
        async with (
            Store.open(through) as cut_off,
            fed_to(store, kafka_server.bootstrap_servers) as feed,
            running(cut_off, settings, OPTIONS, feed=feed),
        ):
            cutting = asyncio.create_task(_cut_again_and_again(proxy))
            await changes.go_on(200)
            cutting.cancel()
            await asyncio.wait({cutting})
            await proxy.restore()
            found = await all_told(changes, kafka_server.bootstrap_servers, cluster)
    for name, told in versions_told(found).items():
        assert len(told) == len({*told}), f"{name} is told once of each change"


async def _cut_again_and_again(proxy: TcpProxy) -> None:
    while True:
        await asyncio.sleep(0.15)
        await proxy.reset()


async def test_what_a_killed_worker_had_written_is_sent_by_the_next(
    store: Store,
    neo4j_server: servers.Graph,
    control_plane: servers.Cluster,
    api: Api,
    namespace: str,
    own_kafka: ProxiedKafka,
    tmp_path: Path,
) -> None:
    """A worker fills the outbox while Kafka hangs, and is killed; the next one sends it, and all that came since."""
    cluster, changes = cluster_id(), Changes(api, namespace)
    await changes.make()
    settings = cluster_settings(control_plane, cluster)
    environ = {"KAFKA_BOOTSTRAP_SERVERS": own_kafka.server.bootstrap_servers}
    async with WorkerProcess.run(
        tmp_path, graph_settings(neo4j_server), settings, environ=environ, watch_resources=list(CONFIG_ONLY)
    ) as worker:
        await worker.synced(store)
        own_kafka.proxy.hold()
        await changes.go_on(60)

        async def written() -> bool:
            rows = await store.read_text(
                "MATCH (n:Resource) WHERE n.key STARTS WITH $start AND n.kind = 'ConfigMap' AND n.name IN $names "
                "RETURN collect(n.resourceVersion) AS versions",
                {"start": f"{cluster}/", "names": NAMES},
            )
            return {*rows[0]["versions"]} == {versions[-1] for versions in changes.versions.values()}

        await until(written, "all changes are in the graph")
        await worker.kill()
        await own_kafka.proxy.restore()
        await worker.start()
        await all_told(changes, own_kafka.server.direct_servers, cluster)
        await until(lambda: outbox_is_empty(store), "what was sent is taken away")


async def test_at_its_limit_the_outbox_holds_the_writer_up_and_nothing_is_lost(
    store: Store, control_plane: servers.Cluster, api: Api, namespace: str, own_kafka: ProxiedKafka
) -> None:
    """With Kafka hanging and the outbox full the graph stands still, and says why; later each change arrives."""
    cluster, changes = cluster_id(), Changes(api, namespace)
    await changes.make()
    settings = cluster_settings(control_plane, cluster)
    async with (
        fed_to(store, own_kafka.server.bootstrap_servers, limit_bytes=20_000) as feed,
        running(store, settings, OPTIONS, feed=feed) as worker,
    ):
        await until(lambda: outbox_is_empty(store), "the first sync is told")
        own_kafka.proxy.hold()
        await changes.go_on(100)
        assert feed.relay is not None
        relay = feed.relay

        async def full() -> str | None:
            said = relay.problem(cluster)
            return said if said and "the graph stands still" in said else None

        await until(full, "the outbox is full")
        before = await store.read_text(OUTBOX)
        await changes.go_on(30)
        assert await store.read_text(OUTBOX) == before, "no more is written"
        assert worker.pipeline is not None
        assert worker.pipeline.age_seconds > 0, "changes wait"
        await own_kafka.proxy.restore()
        await all_told(changes, own_kafka.server.direct_servers, cluster)
        await until(lambda: outbox_is_empty(store), "what was sent is taken away")
        assert relay.problem(cluster) is None
