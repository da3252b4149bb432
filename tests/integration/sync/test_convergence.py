"""Any order, duplicate, relist and restart of one history ends in the graph that a fresh sync would give."""

import asyncio
import random
from collections.abc import Sequence
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kgraph.graphdb.catalogue import Catalogue
from kgraph.graphdb.store import Store
from kgraph.kube.discovery import ApiResource
from kgraph.kube.watching import WatchEvent
from kgraph.sync.check import compare, picture_of, picture_of_graph
from kgraph.sync.extract import Extractor
from kgraph.sync.feed import Feed
from kgraph.sync.intake import Intake
from kgraph.sync.pipeline import Pipeline
from kgraph.sync.served import discovered_kinds
from kgraph.sync.writer import Writer
from tests.integration.sync.histories import GRANT, KINDS, ROUTE, SERVICE, Step, histories

CATALOGUE = Catalogue(discovered_kinds(KINDS))
Objects = dict[tuple[str, str], dict[str, Any]]


class FakeCluster:
    """What an apiserver would answer: each kind's objects and its events so far, one kind in order."""

    def __init__(self) -> None:
        self.version = 0
        self.objects: dict[ApiResource, Objects] = {resource: {} for resource in KINDS}
        self.events: dict[ApiResource, list[WatchEvent]] = {resource: [] for resource in KINDS}

    def take(self, step: Step) -> None:
        """Let one object change, appear or go."""
        self.version += 1
        objects = self.objects[step.resource]
        key = step.namespace, step.name
        if step.state is None:
            if (gone := objects.pop(key, None)) is not None:
                self._tell(step.resource, "DELETED", gone)
            return
        metadata = {**step.state["metadata"], "resourceVersion": str(self.version)}
        type_ = "MODIFIED" if key in objects else "ADDED"
        objects[key] = {**step.state, "metadata": metadata}
        self._tell(step.resource, type_, objects[key])

    def _tell(self, resource: ApiResource, type_: Any, value: dict[str, Any]) -> None:
        metadata = {**value["metadata"], "resourceVersion": str(self.version)}
        self.events[resource].append(WatchEvent(type_, raw({**value, "metadata": metadata})))

    def listed(self, resource: ApiResource) -> list[msgspec.Raw]:
        """A list of the kind as it is now."""
        return [raw(value) for value in self.objects[resource].values()]


class Worker:
    """An intake with its writer, told by the test what reflectors would tell it."""

    def __init__(self, store: Store, cluster: str) -> None:
        self.store, self.cluster = store, cluster

    async def start(self, source: FakeCluster) -> None:
        """Claim the cluster and list every kind."""
        writer = await Writer.claim(self.store, self.cluster, {})
        self.pipeline = Pipeline(self.cluster, writer.write)
        self.writing = asyncio.create_task(self.pipeline.run())
        extractor = Extractor(self.cluster, CATALOGUE)
        self.intake = Intake(
            self.store,
            self.cluster,
            extractor,
            self.pipeline,
            extraction="test",
            feed=Feed(),
            on_kinds_changed=lambda: None,
        )
        self.intake.expect(KINDS)
        self.seen = dict.fromkeys(KINDS, 0)
        for resource in KINDS:
            await self.relist(source, resource)
        await self.intake.settled()

    async def relist(self, source: FakeCluster, resource: ApiResource) -> None:
        """What a reflector tells after a 410."""
        await self.intake.begin(resource)
        await self.intake.listed(resource, source.listed(resource))
        await self.intake.complete(resource, str(source.version))
        self.seen[resource] = len(source.events[resource])

    async def watch(self, source: FakeCluster, resource: ApiResource, again: int) -> None:
        """What a watch delivers, the last `again` events a second time."""
        events = source.events[resource][max(0, self.seen[resource] - again) :]
        # A watch that starts at an earlier resourceVersion delivers from there on in order; nothing older comes later.
        await self.intake.changed(resource, events)
        self.seen[resource] = len(source.events[resource])

    async def stop(self) -> None:
        """End without draining, as a killed process would."""
        self.writing.cancel()
        await asyncio.gather(self.writing, return_exceptions=True)


def raw(value: Any) -> msgspec.Raw:
    """A value as an apiserver sends it."""
    return msgspec.Raw(msgspec.json.encode(value))


async def differences(store: Store, cluster: str, source: FakeCluster) -> list[str]:
    """What the graph has otherwise than a fresh sync of the cluster would give."""
    extractor = Extractor(cluster, CATALOGUE)
    wanted = picture_of(
        extractor.extract(value, resource.group, resource.version, resource.kind)
        for resource, objects in source.objects.items()
        for value in objects.values()
    )
    return [str(each) for each in compare(wanted, await picture_of_graph(store, cluster), {})]


clusters = iter(range(10**9))


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories, seed=st.integers(0, 2**32))
async def test_any_order_duplicate_relist_and_restart_converge(
    store: Store, history: Sequence[Step], seed: int
) -> None:
    """However the kinds interleave, repeat, relist and restart, the graph is the cluster's in the end."""
    dice = random.Random(seed)
    cluster = f"c{next(clusters)}"
    source, worker = FakeCluster(), Worker(store, cluster)
    await worker.start(source)
    for step in history:
        source.take(step)
        chance = dice.random()
        resource = dice.choice(KINDS)
        if chance < 0.35:
            await worker.watch(source, resource, again=dice.randrange(3))
        elif chance < 0.45:
            await worker.relist(source, resource)
        elif chance < 0.5:
            await worker.stop()
            worker = Worker(store, cluster)
            await worker.start(source)
        elif chance < 0.6:
            await worker.pipeline.flush()
    for resource in dice.sample(KINDS, len(KINDS)):
        await worker.watch(source, resource, again=0)
    await worker.pipeline.flush()
    await worker.stop()
    assert await differences(store, cluster, source) == []


async def test_an_edge_taken_away_by_hand_comes_back_with_the_next_list(store: Store) -> None:
    """A graph that someone has changed is right again after the next relist."""
    source, worker = FakeCluster(), Worker(store, "by-hand")
    pod = {
        "metadata": {"name": "a", "namespace": "shop", "uid": "1"},
        "spec": {"containers": [{"name": "c", "image": "nginx", "envFrom": [{"configMapRef": {"name": "gone"}}]}]},
    }
    resource = next(each for each in KINDS if each.kind == "Pod")
    source.take(Step(resource, "shop", "a", pod))
    await worker.start(source)
    await worker.pipeline.flush()
    assert await differences(store, "by-hand", source) == []
    await store.run_alone(
        "MATCH (:Resource {key: $key})-[r:USES_CONFIGMAP]->() DELETE r",
        {"key": "by-hand/core/Pod/shop/a"},
        what="taking an edge away",
    )
    assert await differences(store, "by-hand", source) != []
    await worker.relist(source, resource)
    await worker.pipeline.flush()
    await worker.stop()
    assert await differences(store, "by-hand", source) == []


async def test_a_reference_that_may_be_granted_outlives_its_end(store: Store) -> None:
    """Whatever goes first, the backend, the grant or the route, the graph is what a fresh sync would give."""
    source, worker = FakeCluster(), Worker(store, "granted")
    backend = {"name": "a", "namespace": "data"}
    route = {"spec": {"rules": [{"backendRefs": [backend]}]}, "metadata": {"name": "r", "namespace": "shop"}}
    grant = {
        "spec": {
            "from": [{"group": ROUTE.group, "kind": ROUTE.kind, "namespace": "shop"}],
            "to": [{"group": "", "kind": "Service"}],
        },
        "metadata": {"name": "g", "namespace": "data"},
    }
    routed = Step(ROUTE, "shop", "r", route)
    served = Step(SERVICE, "data", "a", {"spec": {}, "metadata": backend})
    granted = Step(GRANT, "data", "g", grant)
    aimless = msgspec.structs.replace(routed, state={**route, "spec": {}})
    gone = [msgspec.structs.replace(step, state=None) for step in (served, granted, routed)]
    await worker.start(source)
    for step in (routed, served, granted, gone[0], aimless, routed, *gone[1:]):
        source.take(step)
        await worker.watch(source, step.resource, again=0)
        await worker.pipeline.flush()
        assert await differences(store, "granted", source) == []
    await worker.stop()
