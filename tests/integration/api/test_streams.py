"""The change feed over HTTP and WebSocket, as users reach it: over a real graph, from the bus."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import msgspec
import pytest

from kgraph.api.events import hub as hub_module
from kgraph.api.events.hub import Hub
from kgraph.api.settings import IssuerSettings
from kgraph.feed.bus import Bus
from kgraph.feed.event import Event, EventType, FieldChange, Severity
from kgraph.graphdb.store import Store
from tests.issuer import CLIENT, Issuer
from tests.streams import HEAR_SECONDS, Socket, Stream, served
from tests.unit.feed.events import event
from tests.workers import until

pytestmark = pytest.mark.neo4j

PODS = """subscription($ns: String, $initial: Boolean! = false) {
  podEvents(cluster: "prod", namespace: $ns, initialState: $initial) {
    type initial id timestamp severity reason message key cluster
    object { name phase nodeName labels health __typename } } }"""


def pod(name: str, version: int = 1, phase: str = "Running", **more: Any) -> Event:
    """An event of a Pod of the shop."""
    metadata = {"name": name, "namespace": "shop", "resourceVersion": str(version), "labels": {"app": "web"}}
    new = {"metadata": metadata, "spec": {"nodeName": "node-1"}, "status": {"phase": phase}}
    return event(new, name=name, sequence=version, **more)


class Served:
    """The API with a bus behind it."""

    def __init__(self, address: str, hub: Hub, bus: Bus) -> None:
        self.address = address
        self.hub = hub
        self.bus = bus

    async def followed(self, many: int = 1) -> None:
        """Wait until so many follow."""

        async def enough() -> bool:
            return self.hub.subscriptions == many

        await until(enough, f"{many} follow", HEAR_SECONDS)


@pytest.fixture
async def api(shop_store: Store) -> AsyncIterator[Served]:
    """The API over the little shop, without authentication."""
    bus = Bus()
    async with served(shop_store, bus, default_namespace="shop") as (address, hub):
        assert hub is not None
        yield Served(address, hub, bus)


async def test_events_come_as_kafka_has_them(api: Served) -> None:
    """`data` is the event's JSON, `event` its type, `id` where to go on from."""
    async with Stream.open(api.address, cluster="prod", namespace="shop", resource_type="pods") as stream:
        one = pod("web-1")
        api.bus.publish([one, pod("other", namespace="elsewhere"), event({}, kind="ConfigMap", name="settings")])
        api.bus.publish([pod("web-2", severity=Severity.ERROR)])
        first, second = await stream.next(), await stream.next()
    assert (first.name, first.data["event_id"], first.data["resource"]["name"]) == ("CREATED", one.event_id, "web-1")
    assert first.data["new_object"] == json.loads(bytes(one.new_object))
    assert first.id is not None
    assert first.id.endswith(one.event_id)
    assert second.key == "shop/web-2"


async def test_who_is_cut_off_while_the_state_is_told_begins_anew(api: Served) -> None:
    """Until the state is whole nothing has an id, so that no client goes on from the middle of it."""
    async with httpx.AsyncClient(base_url=api.address) as client:
        wanted = {"cluster": "prod", "namespace": "shop", "initialState": "true"}
        async with client.stream("GET", "/api/v1/events/stream", params=wanted) as response:
            lines: list[str] = []
            async for line in response.aiter_lines():
                lines.append(line)
                if line == "event: SYNCED":
                    break
    assert "event: INITIAL" in lines
    assert [line for line in lines if line.startswith("id:")] == lines[-2:-1]


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({}, ["web-1", "web-2", "api-1", "settings"]),
        ({"resource_type": "configmaps"}, ["settings"]),
        ({"resource_type": "kubernetes.pod"}, ["web-1", "web-2", "api-1"]),
        ({"labelSelector": "app=web"}, ["web-1", "web-2"]),
        ({"fieldSelector": "status.phase=Failed"}, ["web-2"]),
        ({"minSeverity": "warning"}, ["api-1"]),
        ({"cluster": "prod", "namespace": "empty"}, []),
    ],
)
async def test_filters_are_kubectls(api: Served, asked: dict[str, str], names: list[str]) -> None:
    """Each parameter narrows; what is not wanted never comes."""
    async with Stream.open(api.address, **asked) as everything, Stream.open(api.address, resource_type="nodes") as end:
        labelled = event({"metadata": {"labels": {"app": "api"}}}, name="api-1", severity=Severity.WARNING)
        api.bus.publish(
            [pod("web-1"), pod("web-2", phase="Failed"), labelled, event({}, kind="ConfigMap", name="settings")]
        )
        api.bus.publish([event({}, kind="Node", namespace="", name="node-1")])
        assert (await end.next()).data["resource"]["name"] == "node-1"
        assert [(await everything.next()).data["resource"]["name"] for _ in names] == names


@pytest.mark.parametrize(
    ("asked", "status", "says"),
    [
        ({"cluster": "nowhere"}, 404, "clusters: prod"),
        ({"resource_type": "podz"}, 400, "did you mean pods"),
        ({"labelSelector": "a=("}, 400, "label selector"),
        ({"fieldSelector": "phase"}, 400, "compares no field"),
        ({"minSeverity": "terrible"}, 400, "info, warning, error"),
        ({"initialState": "perhaps"}, 400, "Expected `bool`"),
    ],
)
async def test_what_is_not_understood_is_a_problem(api: Served, asked: dict[str, str], status: int, says: str) -> None:
    """Before the stream begins, with the words of all of REST."""
    async with Stream.open(api.address, **asked) as stream:
        problem = await stream.answer.json(content_type="application/problem+json")
    assert (stream.answer.status, says in problem["detail"]) == (status, True), problem


async def test_no_feed_is_said(shop_store: Store) -> None:
    """A server without a feed says so, to REST and to GraphQL, and what to do about it."""
    async with served(shop_store, None) as (address, _):
        async with Stream.open(address) as stream:
            assert stream.answer.status == 404
            assert "KAFKA_BOOTSTRAP_SERVERS" in (await stream.answer.json(content_type=None))["detail"]
        async with Socket.open(address) as socket:
            await socket.subscribe(PODS)
            message = await socket.hear()
            (error,) = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
            assert error["extensions"]["code"] == "NOT_FOUND"
            assert "KAFKA_BOOTSTRAP_SERVERS" in error["message"]


async def test_who_comes_back_goes_on(api: Served) -> None:
    """After any event, and after the opening alone, what came meanwhile is told, once and in order."""
    async with Stream.open(api.address) as stream:
        opened = stream.last
        api.bus.publish([pod("web-1"), pod("web-2")])
        await stream.next()
        last = stream.last
    api.bus.publish([pod("web-3")])
    async with Stream.open(api.address, last=last) as again, Stream.open(api.address, last=opened) as anew:
        assert [(await again.next()).key for _ in range(2)] == ["shop/web-2", "shop/web-3"]
        assert [(await anew.next()).key for _ in range(3)] == ["shop/web-1", "shop/web-2", "shop/web-3"]


async def test_what_is_gone_is_said_and_the_id_taken_away(api: Served) -> None:
    """An id that nothing is known of gives `gone`, which empties a browser's id: it begins anew by itself."""
    async with Stream.open(
        api.address,
        last="17.feedbeef.0b1d6b3e-2f57-8c0a-9a55-51b4f3f4c1d2",
    ) as stream:
        said = await stream.next()
        assert (said.name, said.id, said.data["code"], said.data["reason"]) == ("gone", "", "CONFLICT", "Gone")
        assert "begin anew" in said.data["detail"]
        with pytest.raises(EOFError):
            await stream.next()


async def test_a_quiet_stream_lives(shop_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signs of life come without an event, with an id to go on from that names none."""
    monkeypatch.setattr(hub_module, "ALIVE_SECONDS", 0.05)
    bus = Bus()
    async with served(shop_store, bus) as (address, _):
        async with Stream.open(address, resource_type="nodes") as stream:
            bus.publish([pod("web-1")])
            alive = await asyncio.wait_for(stream.block(), HEAR_SECONDS)
            assert (alive.name, alive.data) == ("", None)
            assert alive.id is not None
            assert alive.id.endswith(".")
            assert stream.last is not None
            assert int(alive.id.split(".")[0]) > int(stream.last.split(".")[0])
        bus.publish([event({}, kind="Node", namespace="", name="node-1", sequence=7)])
        async with Stream.open(address, resource_type="nodes", last=alive.id) as again:
            assert (await again.next()).data["resource"]["name"] == "node-1"


async def test_a_server_that_ends_sends_its_clients_elsewhere(api: Served) -> None:
    """A stream is ended with words, at once, and its id is left: another server may know it."""
    async with Stream.open(api.address) as stream:
        opened = stream.last
        await api.hub.close()
        last = await stream.next()
        assert (last.name, "go on from the last event" in last.data["detail"]) == ("error", True)
        assert stream.last == opened
        with pytest.raises(EOFError):
            await stream.next()


async def test_subscriptions_tell_of_typed_objects(api: Served) -> None:
    """A Pod's fields are the event's own, its health among them; nothing is read from the graph for them."""
    async with Socket.open(api.address) as socket:
        await socket.subscribe(PODS, ns="shop")
        await api.followed()
        sent = api.hub.counts.events
        api.bus.publish(
            [pod("new-1", phase="Failed", severity=Severity.ERROR), event({}, kind="Deployment", group="apps")]
        )
        told = (await socket.next())["podEvents"]
        assert api.hub.counts.events >= sent + 1
    assert told["object"] == {
        "name": "new-1", "phase": "FAILED", "nodeName": "node-1", "labels": {"app": "web"}, "health": "DEGRADED",
        "__typename": "Pod",
    }  # fmt: skip
    assert (told["type"], told["initial"], told["severity"]) == ("CREATED", False, "ERROR")
    assert told["key"] == "prod/core/Pod/shop/new-1"


async def test_relations_of_an_events_object_are_the_graphs(api: Served) -> None:
    """What the object does not say, its owner and its Services, is looked up when it is asked for."""
    query = """subscription { resourceEvents(cluster: "prod", resourceType: "po") {
      type diff { path old new } oldObject object { key ... on Pod { services { name } node { name } } } } }"""
    async with Socket.open(api.address) as socket:
        await socket.subscribe(query)
        await api.followed()
        one = pod("web-1-1")
        changed = msgspec.structs.replace(
            one, old_object=msgspec.Raw(b'{"a":1}'), diff={"status.phase": FieldChange(new=msgspec.Raw(b'"Running"'))}
        )
        api.bus.publish([changed])
        told = (await socket.next())["resourceEvents"]
    assert told["object"] == {
        "key": "prod/core/Pod/shop/web-1-1", "services": [{"name": "web"}], "node": {"name": "node-1"},
    }  # fmt: skip
    assert told["diff"] == [{"path": "status.phase", "old": None, "new": "Running"}]
    assert told["oldObject"] == {"a": 1}


async def test_subscribers_who_ask_the_same_are_answered_once(api: Served) -> None:
    """Two hundred sockets with one question: each event is answered once, and everybody gets the answer."""
    async with asyncio.TaskGroup() as tasks, aiohttp.ClientSession():
        ready = asyncio.Semaphore(0)

        async def follow() -> list[str]:
            async with Socket.open(api.address) as socket:
                await socket.subscribe(PODS, ns="shop")
                ready.release()
                return [(await socket.next())["podEvents"]["object"]["name"] for _ in range(10)]

        followers = [tasks.create_task(follow()) for _ in range(200)]
        await api.followed(200)
        for at in range(10):
            api.bus.publish([pod(f"many-{at}", at + 1)])
    assert api.hub.audiences <= 1
    assert all(one.result() == [f"many-{at}" for at in range(10)] for one in followers)


async def test_cluster_events_are_their_own(api: Served) -> None:
    """What happens to a cluster itself comes to `clusterEvents` and to who wants all, and to nobody else."""
    query = 'subscription { clusterEvents(cluster: "prod") { type message clusterId cluster { id version } } }'
    async with (
        Socket.open(api.address) as socket,
        Stream.open(api.address) as everything,
        Stream.open(api.address, resource_type="cluster") as own,
    ):
        await socket.subscribe(query)
        await api.followed(3)
        api.bus.publish([pod("web-1"), cluster_event()])
        told = (await socket.next())["clusterEvents"]
        assert told == {
            "type": "CLUSTER_LOST", "message": "no answer", "clusterId": "prod",
            "cluster": {"id": "prod", "version": "v1.34.0"},
        }  # fmt: skip
        assert [(await everything.next()).name for _ in range(2)] == ["CREATED", "CLUSTER_LOST"]
        assert (await own.next()).name == "CLUSTER_LOST"


def cluster_event() -> Event:
    """That a cluster does not answer."""
    one = event({}, name="", sequence=99)
    metadata = msgspec.structs.replace(one.metadata, message="no answer")
    return msgspec.structs.replace(one, event_type=EventType.CLUSTER_LOST, resource=None, metadata=metadata)


async def test_a_slow_reader_is_dropped_while_others_go_on(api: Served) -> None:
    """Who stops reading is dropped once its queue is full, and counted; who reads gets everything."""
    big = "x" * 20_000
    async with Stream.open(api.address) as slow, Stream.open(api.address) as quick:
        many, got = 0, 0

        async def dropped() -> bool:
            nonlocal many, got
            api.bus.publish([pod(f"web-{many + at}", many + at + 1, phase=big) for at in range(200)])
            many += 200
            for _ in range(200):
                await quick.next()
                got += 1
            return api.hub.counts.dropped > 0

        await until(dropped, "the slow one is dropped", 60)
        assert got == many
        api.bus.publish([pod("last")])
        assert (await quick.next()).key == "shop/last"
        names: list[str] = []
        while not names or names[-1] not in ("dropped", "gone"):
            names.append((await slow.next()).name)
        assert names[-1] == "dropped"
        assert len(names) < many
        assert slow.last is not None
    async with Stream.open(api.address, last=slow.last) as again:
        assert (await again.next()).name in ("CREATED", "gone")


async def test_a_socket_whose_events_are_lost_is_closed(api: Served) -> None:
    """A gap of the source ends a subscription with its error, and the socket with 4410: clients come again."""
    async with Socket.open(api.address) as socket:
        await socket.subscribe(PODS)
        await api.followed()
        api.bus.publish([pod("web", at) for at in range(20_001)])
        message = await socket.hear()
        assert message["payload"]["errors"][0]["extensions"] == {"code": "CONFLICT", "reason": "Gone"}
        assert (await socket.hear())["type"] == "complete"
        code, reason = await socket.hear()
        assert (code, "begin anew" in reason) == (4410, True)


async def test_graphql_comes_as_server_sent_events_too(api: Served) -> None:
    """The same subscription by POST: each answer is a `next`."""
    headers = {"Accept": "text/event-stream"}
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{api.address}/graphql", json={"query": PODS}, headers=headers) as answer,
    ):
        await api.followed()
        api.bus.publish([pod("sent-1")])
        lines: list[str] = []
        while not lines or not lines[-1].startswith("data:"):
            lines.append((await asyncio.wait_for(answer.content.readline(), HEAR_SECONDS)).decode())
    told = json.loads(lines[-1].removeprefix("data:"))["data"]["podEvents"]
    assert told["object"]["name"] == "sent-1"


async def test_a_stream_ends_with_its_token(shop_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream needs a token, and says when it has ended; nothing comes after it."""
    async with Issuer.start(tmp_path) as issuer:
        trusted = IssuerSettings(issuer_url=issuer.url, audiences=(CLIENT,), ca_file=str(issuer.ca_file), clock_skew=0)
        bus = Bus()
        async with served(shop_store, bus, issuers=(trusted,), rbac=False) as (address, hub):
            async with Stream.open(address) as stream:
                assert stream.answer.status == 401
            monkeypatch.setattr(issuer, "lifetime_seconds", 3)
            async with Stream.open(address, token=await issuer.token()) as stream:
                bus.publish([pod("seen")])
                assert (await stream.next()).key == "shop/seen"
                last = await stream.next()
                assert (last.name, last.data["code"]) == ("unauthenticated", "UNAUTHENTICATED")
                with pytest.raises(EOFError):
                    await stream.next()
            assert hub is not None
            assert hub.subscriptions == 0


async def test_who_asks_the_same_is_told_the_same(api: Served) -> None:
    """Two who ask the same get one answer, and who asks something else gets what they ask."""
    other = 'subscription { podEvents(cluster: "prod") { key } }'
    async with Socket.open(api.address) as first, Socket.open(api.address) as second, Socket.open(api.address) as third:
        for socket, query in ((first, PODS), (second, PODS), (third, other)):
            await socket.subscribe(query)
        await api.followed(3)
        api.bus.publish([pod("same-1"), pod("same-2")])
        for _ in range(2):
            assert await first.next() == await second.next()
            assert list((await third.next())["podEvents"]) == ["key"]
