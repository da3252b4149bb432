"""What a worker does when a part of its world fails: another worker, Neo4j, the apiserver, one kind, one resource."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from kgraph.graphdb.errors import Fenced, StatementRefused
from kgraph.graphdb.store import GraphSettings, Store
from kgraph.stack.ports import free_ports
from kgraph.sync.options import SyncOptions
from kgraph.sync.worker import ClusterWorker
from kgraph.sync.writer import Writer
from tests.integration.sync.live import Api, core, kind_errors, login, nodes, pod
from tests.integration.sync.meddling import Wire
from tests.servers import Cluster, Graph
from tests.workers import WorkerProcess, cluster_settings, graph_settings, in_step, running, until

SMALL = SyncOptions(watch_resources=("namespaces", "pods", "configmaps"))
ROLES = "/apis/rbac.authorization.k8s.io/v1/clusterroles"
BINDINGS = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"


def named(store: Store, cluster: str, name: str, *, there: bool = True) -> Any:
    """A condition: a ConfigMap is in the graph, or is not."""

    async def holds() -> bool:
        return (name in await nodes(store, cluster, "ConfigMap")) == there

    return holds


async def test_a_second_worker_takes_over_and_the_first_writes_nothing_more(
    store: Store, api: Api, control_plane: Cluster, namespace: str
) -> None:
    """Of two workers of one cluster the later one writes; the earlier ends with Fenced at its next change."""
    settings = cluster_settings(control_plane, "fenced")
    first = ClusterWorker(store, settings, SMALL)
    running_first = asyncio.create_task(first.run())
    await until(first.synced.wait, "the first is in step")
    async with running(store, settings, SMALL):
        assert first.pipeline is not None
        before = first.pipeline.transactions
        await api.make(core(namespace, "configmaps"), metadata={"name": "a"})
        with pytest.raises(Fenced):
            await asyncio.wait_for(running_first, 60)
        assert first.pipeline.transactions == before
        await until(named(store, "fenced", "a"), "the second has written it")
        await in_step(store, settings, SMALL)


async def test_a_paused_worker_that_wakes_up_writes_nothing(
    store: Store, api: Api, control_plane: Cluster, neo4j_server: Graph, namespace: str, tmp_path: Path
) -> None:
    """A worker that slept (SIGSTOP) while another took its cluster over finds itself fenced when it wakes."""
    settings = cluster_settings(control_plane, "paused")
    graph = graph_settings(neo4j_server)
    async with WorkerProcess.run(tmp_path, graph, settings) as sleeper:
        await sleeper.synced(store)
        sleeper.pause()
        await api.make(core(namespace, "configmaps"), metadata={"name": "while-asleep"})
        async with running(store, settings):
            await api.delete(core(namespace, "configmaps", "while-asleep"))
            await until(named(store, "paused", "while-asleep", there=False), "the second has removed it")
            sleeper.resume()

            async def is_fenced() -> int:
                return sleeper.said("another worker has taken it over")

            await until(is_fenced, "the sleeper finds itself fenced")
            await sleeper.kill()  # later it would ask whether the cluster is its own, which nobody has denied
            assert "while-asleep" not in await nodes(store, "paused", "ConfigMap")
            await in_step(store, settings)


async def test_a_write_behind_the_fence_leaves_no_trace(store: Store) -> None:
    """The transaction of a writer whose epoch is past writes neither nodes nor its cluster's own properties."""
    earlier = await Writer.claim(store, "epochs", {"name": "first"})
    await Writer.claim(store, "epochs", {"name": "second"})
    with pytest.raises(Fenced):
        await earlier.describe({"name": "first again"})
    found = await store.read_text("MATCH (c:Cluster {key: 'cluster:epochs'}) RETURN c.name AS name, c.epoch AS epoch")
    assert found == [{"name": "second", "epoch": 2}]


async def test_a_drained_worker_has_written_all_that_it_had_read(
    store: Store, control_plane: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that is told to stop writes what it has read before it ends, and leaves no task behind."""
    settings = cluster_settings(control_plane, "drained")
    before = asyncio.all_tasks()
    async with running(store, settings, SMALL) as worker:
        pipeline = worker.pipeline
        assert pipeline is not None
        write, begun = pipeline._write, asyncio.Event()
        (task,) = (each for each in asyncio.all_tasks() if each.get_name() == f"worker of {settings.id}")

        async def is_told_to_stop() -> int:
            return task.cancelling()

        async def slowly(batch: Any) -> None:
            begun.set()
            await until(is_told_to_stop, "the worker is told to stop")  # so long Neo4j takes
            await write(batch)

        monkeypatch.setattr(pipeline, "_write", slowly)
        pipeline.pending.checkpoint("drained/tests", {"cluster": "drained", "plural": "tests"})
        pipeline.changed()
        await begun.wait()
    found = await store.read_text("MATCH (k:SyncedKind {key: 'drained/tests'}) RETURN count(k) AS n")
    assert found == [{"n": 1}]
    assert asyncio.all_tasks() <= before


async def test_a_worker_waits_for_a_neo4j_that_is_not_there_yet(control_plane: Cluster) -> None:
    """A worker whose Neo4j is away when it claims its cluster waits for it, and ends at once when told to."""
    (port,) = free_ports(1)
    import neo4j

    driver = neo4j.AsyncGraphDatabase.driver(f"bolt://127.0.0.1:{port}", auth=("neo4j", "x"), connection_timeout=0.2)
    store = Store(driver, GraphSettings(uri=f"bolt://127.0.0.1:{port}"))
    worker = ClusterWorker(store, cluster_settings(control_plane, "waiting"), SMALL)
    task = asyncio.create_task(worker.run())
    done, _ = await asyncio.wait({task}, timeout=3)
    assert not done, task.exception()
    task.cancel()
    await asyncio.wait({task}, timeout=5)
    assert task.cancelled()
    await driver.close()


async def test_an_apiserver_that_is_down_at_the_start_is_waited_for(
    store: Store, control_plane: Cluster, namespace: str
) -> None:
    """The cluster's node says that its server does not answer; when it does, the worker comes in step by itself."""

    async def error() -> str:
        found = await store.read_text("MATCH (c:Cluster {key: 'cluster:late'}) RETURN c.error AS error")
        return str(found[0]["error"] or "") if found else ""

    async def no_error() -> bool:
        return not await error()

    wire = Wire.before(control_plane)
    (port,) = free_ports(1)
    settings = login(control_plane, "late", server=f"https://127.0.0.1:{port}")
    async with running(store, settings, SMALL, synced=False) as worker:
        await until(error, "the cluster's node says what is wrong")
        assert "cannot connect" in await error()
        async with wire as carried:
            server = await asyncio.start_server(carried._carry, "127.0.0.1", port)
            await until(worker.synced.wait, "the worker is in step")
            await until(no_error, "the error is gone")
            await in_step(store, settings, SMALL)
            server.close()


@pytest.fixture
async def reader(api: Api, control_plane: Cluster) -> AsyncIterator[str]:
    """A role of a user who may read a few kinds, Secrets not among them; the user's token."""
    await api.delete(f"{ROLES}/chaos-reader")
    await api.delete(f"{BINDINGS}/chaos-reader")
    rules = [{"apiGroups": [""], "resources": ["namespaces", "pods", "configmaps"], "verbs": ["list", "watch"]}]
    await api.make(ROLES, metadata={"name": "chaos-reader"}, rules=rules)
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "chaos-reader"}
    user = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "bob"}
    await api.make(BINDINGS, metadata={"name": "chaos-reader"}, roleRef=role, subjects=[user])
    yield control_plane.token_of("bob")
    await api.delete(f"{BINDINGS}/chaos-reader")
    await api.delete(f"{ROLES}/chaos-reader")


async def test_a_kind_that_may_not_be_listed_fails_alone_and_recovers(
    store: Store, api: Api, control_plane: Cluster, namespace: str, reader: str
) -> None:
    """Without the right to list Secrets all other kinds are synced; the kind's node says why, until it is allowed."""
    options = SyncOptions(watch_resources=("namespaces", "pods", "configmaps", "secrets"))
    settings = login(control_plane, "allowed", token=reader)
    await api.make(core(namespace, "secrets"), metadata={"name": "kept"}, stringData={"a": "b"})
    spec = pod("web")
    spec["spec"]["volumes"] = [{"name": "v", "secret": {"secretName": "kept"}}]
    await api.make(core(namespace, "pods"), **spec)

    async def secrets_fail() -> bool:
        return "secrets" in await kind_errors(store, "allowed")

    async def nothing_fails() -> bool:
        return not await kind_errors(store, "allowed")

    async with running(store, settings, options) as worker:
        await until(secrets_fail, "the kind's node says that it fails")
        errors = await kind_errors(store, "allowed")
        assert set(errors) == {"secrets"}
        assert "bob" in errors["secrets"]
        assert (await nodes(store, "allowed", "Secret"))["kept"] == ["Missing", "Resource"]
        assert "secrets" in worker.progress.failing
        rules = [{"apiGroups": [""], "resources": ["*"], "verbs": ["list", "watch"]}]
        await api.merge(f"{ROLES}/chaos-reader", rules=rules)
        await until(nothing_fails, "the kind no longer fails")
        assert (await nodes(store, "allowed", "Secret"))["kept"] == ["Resource", "Secret"]
        await in_step(store, settings, options)


async def test_a_kind_that_fails_at_a_restart_keeps_what_the_graph_has_of_it(
    store: Store, api: Api, control_plane: Cluster, namespace: str, reader: str
) -> None:
    """What can't be read now is not taken for gone: nodes and selector edges of the failing kind stay."""
    options = SyncOptions(watch_resources=("namespaces", "pods", "configmaps", "secrets"))
    await api.make(core(namespace, "secrets"), metadata={"name": "kept"}, stringData={"a": "b"})
    async with running(store, cluster_settings(control_plane, "again"), options):
        assert "kept" in await nodes(store, "again", "Secret")
    async with running(store, login(control_plane, "again", token=reader), options):
        assert set(await kind_errors(store, "again")) == {"secrets"}
        assert (await nodes(store, "again", "Secret"))["kept"] == ["Resource", "Secret"]


async def test_only_the_resource_that_neo4j_refuses_is_left_out(
    store: Store, api: Api, control_plane: Cluster, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One resource whose properties Neo4j can't store costs no other; it is named, and comes when it is mended."""
    settings = cluster_settings(control_plane, "poison")
    from kgraph.sync.extract import Extractor

    extract = Extractor.extract

    def poisoned(self: Extractor, *given: Any) -> Any:
        found: Any = extract(self, *given)
        if found.resource.key.endswith("/poison") and found.resource.properties["labels"] != ["cured=yes"]:
            found.resource.properties["nested"] = {"no": "property"}
        return found

    monkeypatch.setattr(Extractor, "extract", poisoned)
    for name in ("a", "poison", "z"):
        await api.make(core(namespace, "configmaps"), metadata={"name": name})
    key = f"poison/core/ConfigMap/{namespace}/poison"
    async with running(store, settings, SMALL) as worker:
        assert {"a", "z"} <= set(await nodes(store, "poison", "ConfigMap"))
        assert "poison" not in await nodes(store, "poison", "ConfigMap")
        assert set(worker.progress.left_out) == {key}
        assert "nested" in worker.progress.left_out[key] or "property" in worker.progress.left_out[key].lower()
        await api.merge(core(namespace, "configmaps", "poison"), metadata={"labels": {"cured": "yes"}})
        await until(named(store, "poison", "poison"), "the cured resource is in the graph")
        assert worker.progress.left_out == {}


async def test_an_object_that_cannot_be_read_is_left_out_alone(
    store: Store, api: Api, control_plane: Cluster, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An object at which the extraction breaks costs neither its kind nor its cluster, and is named."""
    settings = cluster_settings(control_plane, "breaks")
    from kgraph.sync.extract import Extractor

    extract = Extractor.extract

    def breaking(self: Extractor, obj: Any, *given: Any) -> Any:
        if obj["metadata"]["name"] == "breaks":
            raise RecursionError
        return extract(self, obj, *given)

    monkeypatch.setattr(Extractor, "extract", breaking)
    await api.make(core(namespace, "configmaps"), metadata={"name": "breaks"})
    async with running(store, settings, SMALL) as worker:
        await api.make(core(namespace, "configmaps"), metadata={"name": "fine"})
        await until(named(store, "breaks", "fine"), "the others go on")
        assert worker.progress.left_out == {f"breaks/core/ConfigMap/{namespace}/breaks": "RecursionError"}


async def test_a_transaction_too_large_for_neo4j_is_no_waiting_for_better_times(store: Store) -> None:
    """A transaction that needs more memory than one may have is refused, so that it is halved, not tried for ever."""

    async def too_large(transaction: Any) -> None:
        await transaction._transaction.run(
            "UNWIND range(1, 600) AS i CREATE (:TooLarge {text: $text + toString(i)})", {"text": "x" * 1_000_000}
        )

    with pytest.raises(StatementRefused, match="memory"):
        await store.write(too_large, what="writing too much")
