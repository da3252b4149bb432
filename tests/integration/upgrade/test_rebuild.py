"""A rebuild: whatever somebody has done to the graph by hand, it is the cluster's again, and no reader notices."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from kgraph.graphdb import rebuilds, schema
from kgraph.graphdb.store import GraphSettings, Store
from kgraph.sync.check import check
from kgraph.sync.feed import Feed
from kgraph.sync.options import SyncOptions
from kgraph.sync.relay import Relay
from kgraph.sync.worker import ClusterWorker
from tests.client import asking
from tests.integration.upgrade.earlier import CLUSTER, WORLD
from tests.integration.upgrade.test_from_earlier import SETTINGS, Told
from tests.servers import Graph
from tests.workers import LEFT_OVER, graph_settings, until

pytestmark = [pytest.mark.neo4j, pytest.mark.asyncio(loop_scope="session")]

DAMAGE = {
    "a node is gone": "MATCH (n:Service {name: 'web'}) DETACH DELETE n",
    "a property is wrong": "MATCH (n:Deployment) SET n.replicas = 99, n.labels = ['app=other'], n.invented = true",
    "the manifest is rubbish": "MATCH (n:ConfigMap {name: 'settings'}) SET n.manifest = 'no JSON', n.health = 'X'",
    "a manifest is missing": "MATCH (n:ServiceAccount) REMOVE n.manifest",
    "a fingerprint is stale": "MATCH (n:ReplicaSet) SET n.fingerprint = 'other', n.edgesFingerprint = 7",
    "a label is wrong": "MATCH (n:Node) SET n:Pod:Invented",
    "an edge leads elsewhere": "MATCH (p:Pod)-[r:RUNS_ON]->() MATCH (s:Secret) WITH p, s, r LIMIT 1 DELETE r "
    "CREATE (p)-[:RUNS_ON {fields: ['spec.nodeName'], optional: false}]->(s)",
    "an edge says something else": "MATCH (:Pod)-[r:USES_SECRET]->() SET r.fields = ['invented'], r.optional = true",
    "an edge too many": "MATCH (a:Deployment), (b:Node) CREATE (a)-[:OWNED_BY {fields: [], optional: false}]->(b)",
    "a selector's edge is gone": "MATCH ()-[r:SELECTS]->() DELETE r",
    "a node too many": "CREATE (:Resource:Pod {key: 'old/core/Pod/shop/invented', cluster: 'old', group: '', "
    "kind: 'Pod', namespace: 'shop', name: 'invented'})",
    "a kind too many": "CREATE (:Resource:`Thing.example.org` {key: 'old/example.org/Thing/_/one', cluster: 'old', "
    "group: 'example.org', kind: 'Thing', name: 'one'})",
    "nobody's": "CREATE (:Image {key: 'image:nobody', reference: 'nobody'}) CREATE (m:Resource:Missing {key: "
    "'old/core/Secret/shop/nobody', cluster: 'old', group: '', kind: 'Secret', namespace: 'shop', name: 'nobody'})",
    "a resource is a placeholder": "MATCH (n:Role) SET n:Missing",
}


@pytest_asyncio.fixture(loop_scope="session")
async def synced(bare: Store) -> AsyncIterator[Store]:
    """A graph with the small cluster in it."""
    await schema.prepare(bare)
    await ClusterWorker(bare, SETTINGS, SyncOptions()).run()
    yield bare


async def _differences(store: Store) -> list[str]:
    report = await check(store, SETTINGS, SyncOptions(), deep=True)
    return [*map(str, report.differences), *(row["key"] for row in await store.read_text(LEFT_OVER))]


async def _rebuild(store: Store, feed: Feed | None = None) -> None:
    """What a worker does that finds that it was asked for."""
    stamp, asked = await rebuilds.ask(store, [CLUSTER])
    assert asked == (CLUSTER,)
    await ClusterWorker(store, SETTINGS, SyncOptions(), feed=feed).run()
    (found,) = await rebuilds.rebuilds(store, [CLUSTER])
    assert (found.done, found.unread) == (stamp, ())


async def test_what_was_damaged_by_hand_is_right_again(synced: Store) -> None:
    """Whatever is wrong with nodes, edges, labels or fingerprints, a rebuild makes it what the cluster is."""
    found: list[str] = []
    for what, statement in DAMAGE.items():
        await synced.run_alone(statement, what=what)
        before, found = found, await _differences(synced)
        assert found != before, f"nobody would notice that {what}"
    await _rebuild(synced)
    assert await _differences(synced) == []


async def test_what_is_right_stays_and_nobody_is_told(synced: Store) -> None:
    """A rebuild of a graph that is right changes no node, no edge and no history, and no event tells of one."""
    whole = (
        "MATCH (n:Resource) OPTIONAL MATCH (n)-[r]->(e) WITH n, r, e ORDER BY elementId(n), elementId(r) "
        "RETURN elementId(n) AS n, n.changes AS changes, toString(n.firstSeen) AS since, elementId(r) AS r, e.key AS e"
    )
    sink = Told()
    async with Relay.running(synced, sink, 2**26) as relay:
        feed = Feed(relay=relay)
        await ClusterWorker(synced, SETTINGS, SyncOptions(), feed=feed).run()

        async def sent() -> bool:
            return not await synced.read_text("MATCH (o:Outbox) RETURN o.seq AS seq LIMIT 1")

        await until(sent, "the cluster's account is told")
        before, told = await synced.read_text(whole), len(sink.messages)
        await _rebuild(synced, feed)
        await until(sent, "all is told")
        assert await synced.read_text(whole) == before
        assert [each.key for each in sink.messages[told:] if "/" in each.key] == []
        # And of what is not, only that.
        await synced.run_alone("MATCH (n:Service {name: 'web'}) DETACH DELETE n", what="damage")
        told = len(sink.messages)
        await _rebuild(synced, feed)
        await until(sent, "the difference is told")
        assert [each.key for each in sink.messages[told:] if "/" in each.key] == ["old/core/Service/shop/web"]


async def test_readers_see_every_resource_all_the_time(synced: Store) -> None:
    """Whoever reads during rebuilds finds every resource with its manifest, and every edge between two of them."""
    asked = (
        "MATCH (n:Resource) WHERE NOT n:Missing AND n.manifest IS NOT NULL "
        "RETURN count(n) AS nodes, sum(COUNT { (n)-->() }) AS edges"
    )
    (wanted,) = await synced.read_text(asked)
    seen: list[Any] = []
    over = asyncio.Event()

    async def read() -> None:
        while not over.is_set():
            seen.extend(await synced.read_text(asked))

    readers = [asyncio.create_task(read()) for _ in range(4)]
    for _ in range(3):
        await _rebuild(synced)
    over.set()
    await asyncio.gather(*readers)
    assert len(seen) > 10
    assert [each for each in seen if each != wanted] == []


# What people ask of the API: a list with relations, a walk, what breaks, a search.
ASKED = (
    "{ clusters { id namespaces { name pods { name phase } services { name pods { name } } } } }",
    """{ resourceGraph(cluster: "old", resourceType: "deployments.apps", namespace: "shop", name: "web", depth: 3) {
      nodes { key kind missing } edges { source type target } } }""",
    """{ impact(cluster: "old", resourceType: "configmaps", namespace: "shop", name: "settings") {
      affected { resource { key } effect } } }""",
    """{ search(text: "web") { resource { key health } } }""",
)


async def test_the_apis_callers_see_the_same_all_the_time(synced: Store) -> None:
    """Lists, relations, walks, impact and search answer during rebuilds what they answered before."""
    async with asking(synced, default_namespace="shop") as api:
        wanted = [await api.ask(query) for query in ASKED]
        assert all("shop/web" in json.dumps(each) or "web-1" in json.dumps(each) for each in wanted)
        seen = 0
        over = asyncio.Event()

        async def read(query: str, answer: Any) -> None:
            nonlocal seen
            while not over.is_set():
                assert await api.ask(query) == answer
                seen += 1

        readers = [asyncio.create_task(read(*each)) for each in zip(ASKED, wanted, strict=True)]
        for _ in range(2):
            await _rebuild(synced)
        over.set()
        await asyncio.gather(*readers)
        assert seen > len(ASKED)


class Command:
    """`kgraph rebuild` in a process of its own."""

    def __init__(self, folder: Path, graph: GraphSettings) -> None:
        config = folder / "config.yaml"
        cluster = {"id": CLUSTER, "auth_method": "snapshot", "snapshot_path": str(WORLD)}
        config.write_text(json.dumps({"clusters": [cluster]}))
        self._words = ("--config", str(config))
        self._environ = {
            **os.environ,
            "NEO4J_URI": graph.uri,
            "NEO4J_USER": graph.user,
            "NEO4J_PASSWORD": graph.password,
            "XDG_RUNTIME_DIR": str(folder),
        }

    @asynccontextmanager
    async def started(self, *words: str) -> AsyncIterator[asyncio.subprocess.Process]:
        """Run it with these words; what is left of it is killed."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "kgraph.cli.main", "rebuild", *words, *self._words),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=self._environ,
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()

    async def run(self, *words: str) -> tuple[int, str]:
        """Run it to its end: exit code and what it said."""
        async with self.started(*words) as process:
            said, _ = await process.communicate()
            assert process.returncode is not None
            return process.returncode, said.decode()


async def test_the_command_rebuilds_where_no_worker_does(synced: Store, neo4j_server: Graph, tmp_path: Path) -> None:
    """Killed at once or not, asked once or twice, `kgraph rebuild` leaves a graph that is the cluster's."""
    command = Command(tmp_path, graph_settings(neo4j_server))
    for each in DAMAGE.values():
        await synced.run_alone(each, what="damage")
    code, said = await command.run("--dry-run")
    assert (code, "node missing: old/core/Service/shop/web" in said) == (1, True), said
    async with command.started(CLUSTER) as process:

        async def was_asked() -> bool:
            (found,) = await rebuilds.rebuilds(synced, [CLUSTER])
            return found.asked is not None

        await until(was_asked, "the rebuild is asked for")
        process.send_signal(signal.SIGKILL)
    await ClusterWorker(synced, SETTINGS, SyncOptions()).run()
    assert await _differences(synced) == []
    await synced.run_alone(DAMAGE["a property is wrong"], what="damage")
    code, said = await command.run("--all")
    assert code == 0, said
    assert await _differences(synced) == []
    assert (await command.run("--dry-run", CLUSTER))[0] == 0
    code, said = await command.run("nowhere")
    assert (code, "there is no cluster nowhere" in said) == (2, True), said
