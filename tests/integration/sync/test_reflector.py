"""A reflector and a sink that keeps what it is told, with the real apiserver behind a proxy that meddles."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web

from kgraph.kube import multiplex, watching
from kgraph.kube.connection import Connection
from kgraph.kube.discovery import ApiResource
from kgraph.kube.errors import KubeError, Unavailable
from kgraph.kube.listing import pages
from kgraph.kube.watching import WatchEvent, watch
from kgraph.sync import reflector as reflectors
from kgraph.sync.reflector import Reflector
from tests.integration.sync.live import Api, core, login
from tests.integration.sync.meddling import Forward, Meddler, Wire, is_watch, status
from tests.servers import Cluster
from tests.workers import until

CONFIG_MAPS = ApiResource("", "v1", "ConfigMap", "configmaps", "configmap", ("cm",), True, ("list", "watch"))


class Sink:
    """What a reflector tells, as a reader of the kind would understand it."""

    def __init__(self) -> None:
        self.there: dict[str, str] = {}  # namespace/name -> resourceVersion
        self.told: list[str] = []
        self.errors: list[KubeError] = []
        self._seen: set[str] | None = None

    def lists(self) -> int:
        """How many lists were whole."""
        return self.told.count("complete")

    async def begin(self, resource: ApiResource, *, anew: bool) -> None:
        """A list begins."""
        self.told.append("begin")
        self._seen = set()

    async def listed(self, resource: ApiResource, objects: Sequence[msgspec.Raw]) -> None:
        """Some of it."""
        for raw in objects:
            self._take(raw)

    async def complete(self, resource: ApiResource, resource_version: str) -> None:
        """It is whole."""
        self.told.append("complete")
        for key in self.there.keys() - (self._seen or set()):
            del self.there[key]
        self._seen = None

    async def changed(self, resource: ApiResource, events: Sequence[WatchEvent]) -> None:
        """What the watch says."""
        for event in events:
            if event.type == "DELETED":
                self.there.pop(self._take(event.object), None)
            elif event.type != "BOOKMARK":
                self._take(event.object)

    async def following(self, resource: ApiResource) -> None:
        """The watch is taken."""
        self.told.append("following")

    async def failed(self, resource: ApiResource, error: KubeError) -> None:
        """The kind fails."""
        self.told.append("failed")
        self.errors.append(error)

    def _take(self, raw: msgspec.Raw) -> str:
        metadata = msgspec.json.decode(raw)["metadata"]
        key = f"{metadata['namespace']}/{metadata['name']}"
        self.there[key] = metadata["resourceVersion"]
        if self._seen is not None:
            self._seen.add(key)
        return key


@asynccontextmanager
async def reflected(
    control_plane: Cluster, through: Meddler | Wire, *, resync_seconds: float = 0
) -> AsyncIterator[Sink]:
    """A reflector at work on the cluster's ConfigMaps, behind a proxy."""
    sink = Sink()
    settings = login(control_plane, "reflected", server=through.url, ca_file=through.ca_file)
    async with Connection.open(settings) as connection:
        reflector = Reflector(connection, CONFIG_MAPS, sink, lists=asyncio.Semaphore(4), resync_seconds=resync_seconds)
        task = asyncio.create_task(reflector.run())
        try:
            yield sink
        finally:
            task.cancel()
            await asyncio.wait({task})
    assert task.cancelled(), task.exception()


@pytest.fixture
async def meddler(control_plane: Cluster, tmp_path: Path) -> AsyncIterator[Meddler]:
    """A proxy that does nothing yet."""
    async with Meddler.before(control_plane, tmp_path) as before:
        yield before


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let retries come soon."""
    monkeypatch.setattr(reflectors, "RETRY_FIRST_SECONDS", 0.05)
    monkeypatch.setattr(reflectors, "RETRY_MOST_SECONDS", 0.5)


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every kind be larger than a page."""
    monkeypatch.setattr(reflectors, "pages", partial(pages, limit=1))


async def make(api: Api, namespace: str, *names: str) -> list[str]:
    """ConfigMaps, and how the sink calls them."""
    for name in names:
        await api.make(core(namespace, "configmaps"), metadata={"name": name})
    return [f"{namespace}/{name}" for name in names]


def is_list(asked: str) -> bool:
    """Whether a request was for a page."""
    return "limit=" in asked and "watch=" not in asked


def has(sink: Sink, *keys: str) -> Any:
    """A condition: the sink has been told of all of these."""

    async def holds() -> bool:
        return sink.there.keys() >= set(keys)

    return holds


def listed(sink: Sink, times: int = 1) -> Any:
    """A condition: so many lists were whole."""

    async def holds() -> bool:
        return sink.lists() >= times

    return holds


def follows(sink: Sink) -> Any:
    """A condition: the watch after the list was taken."""

    async def holds() -> bool:
        return "following" in sink.told

    return holds


def lacks(sink: Sink, key: str) -> Any:
    """A condition: the sink does not know of this."""

    async def holds() -> bool:
        return key not in sink.there

    return holds


async def test_a_small_kind_comes_as_one_page(
    control_plane: Cluster, meddler: Meddler, api: Api, namespace: str
) -> None:
    """What fits in a page is asked for once, without a WatchList, and a watch goes on from it."""
    (first,) = await make(api, namespace, "a")
    async with reflected(control_plane, meddler) as sink:
        await until(has(sink, first), "it is listed")
        (second,) = await make(api, namespace, "b")
        await until(has(sink, second), "the second is told of")
    assert [is_list(each) for each in meddler.asked] == [True, False]
    assert not any("sendInitialEvents" in each for each in meddler.asked)


@pytest.mark.usefixtures("large")
async def test_a_list_as_a_watch_goes_on_as_a_watch(
    control_plane: Cluster, meddler: Meddler, api: Api, namespace: str
) -> None:
    """Of a large kind, what is there, comes and goes arrives over one request, where the server has WatchList."""
    first, second = await make(api, namespace, "a", "b")
    async with reflected(control_plane, meddler) as sink:
        await until(has(sink, first, second), "both are listed")
        (third,) = await make(api, namespace, "c")
        await until(has(sink, third), "the third is told of")
        await api.delete(core(namespace, "configmaps", "a"))
        await until(lacks(sink, first), "the first is gone")
    page, watched = meddler.asked
    assert is_list(page)
    assert "sendInitialEvents=true" in watched


@pytest.mark.usefixtures("large")
async def test_without_watch_list_the_list_comes_in_pages(
    control_plane: Cluster, meddler: Meddler, api: Api, namespace: str
) -> None:
    """A server that refuses a WatchList is asked for pages, then for a watch, and never for a WatchList again."""
    keys = await make(api, namespace, "a", "b")

    async def refuse(request: web.Request, forward: Forward) -> web.StreamResponse | None:
        if "sendInitialEvents" in request.query:
            return status(422, "Invalid", "sendInitialEvents is forbidden for watch")
        return None

    meddler.rule = refuse
    async with reflected(control_plane, meddler, resync_seconds=0.5) as sink:
        await until(has(sink, *keys), "all are listed")
        (more,) = await make(api, namespace, "c")
        await until(has(sink, more), "the watch goes on from the list")
        await until(listed(sink, 2), "the resync lists again")
    assert sum("sendInitialEvents" in each for each in meddler.asked) == 1
    assert not sink.errors


async def test_a_continue_token_that_expires_starts_nothing_again(
    control_plane: Cluster, meddler: Meddler, api: Api, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list whose token expires on the way goes on with the token that the server then offers."""
    keys = await make(api, namespace, *(f"page-{number}" for number in range(5)))
    monkeypatch.setattr(reflectors, "pages", partial(pages, limit=2))
    expired: list[str] = []

    async def expire(request: web.Request, forward: Forward) -> web.StreamResponse | None:
        if "sendInitialEvents" in request.query:
            return status(422, "Invalid")
        token = request.query.get("continue", "")
        if token and not expired:
            expired.append(token)
            # To the server behind the proxy the old token is still as good.
            return status(410, "Expired", "the continue parameter is too old", **{"continue": f"newer.{token}"})
        if token.startswith("newer."):
            return await meddler.forward(request, query={"continue": expired[0]})
        return None

    meddler.rule = expire
    async with reflected(control_plane, meddler) as sink:
        await until(listed(sink), "the list is whole")
        assert sink.there.keys() >= set(keys)
        assert sink.told == ["begin", "begin", "complete", "following"][: len(sink.told)], "once for the WatchList"
        assert len(expired) == 1


async def test_a_list_that_expires_for_good_starts_again(
    control_plane: Cluster, meddler: Meddler, api: Api, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no other token is offered the list starts again from its beginning, and ends whole."""
    keys = await make(api, namespace, *(f"page-{number}" for number in range(5)))
    monkeypatch.setattr(reflectors, "pages", partial(pages, limit=2))
    refusals = 2

    async def expire(request: web.Request, forward: Forward) -> web.StreamResponse | None:
        nonlocal refusals
        if "sendInitialEvents" in request.query:
            return status(422, "Invalid")
        if "continue" in request.query and refusals:
            refusals -= 1
            return status(410, "Expired", "too old")
        return None

    meddler.rule = expire
    async with reflected(control_plane, meddler) as sink:
        await until(listed(sink), "the list is whole")
        assert sink.there.keys() >= set(keys)
        assert sink.told.count("begin") == 1 + 3, "once for the WatchList, and three times for the pages"


async def test_retry_after_is_kept_to(control_plane: Cluster, meddler: Meddler, api: Api, namespace: str) -> None:
    """A server that asks to be spared for a second is asked again after a second, not earlier, and loses nothing."""
    (key,) = await make(api, namespace, "a")
    asked_at: list[float] = []

    async def spare(request: web.Request, forward: Forward) -> web.StreamResponse | None:
        asked_at.append(time.monotonic())
        if len(asked_at) == 1:
            answer = status(429, "TooManyRequests", "please try again later")
            answer.headers["Retry-After"] = "1"
            return answer
        return None

    meddler.rule = spare
    async with reflected(control_plane, meddler) as sink:
        await until(has(sink, key), "it is listed")
    assert asked_at[1] - asked_at[0] >= 0.99


async def test_a_watch_too_old_is_followed_by_a_list_and_not_by_many(
    control_plane: Cluster, meddler: Meddler, api: Api, namespace: str
) -> None:
    """A 410 in the watch lists again; where each watch ends so, lists come ever more seldom, not in a circle."""
    (key,) = await make(api, namespace, "a")
    refusing = True

    async def expire(request: web.Request, forward: Forward) -> web.StreamResponse | None:
        if not is_watch(request) or not refusing:
            return None
        if "sendInitialEvents" in request.query:
            return status(422, "Invalid")
        event = {"type": "ERROR", "object": json.loads(status(410, "Expired", "too old resource version").text or "")}
        return web.Response(body=json.dumps(event).encode() + b"\n", content_type="application/json")

    meddler.rule = expire
    async with reflected(control_plane, meddler) as sink:
        began_at = time.monotonic()
        await until(listed(sink, 3), "it has listed three times")
        assert time.monotonic() - began_at > 0.05, "no pause between a 410 and the next list"
        refusing = False
        (more,) = await make(api, namespace, "b")
        await until(has(sink, key, more), "it follows again")
    assert not sink.errors, "a 410 is no failure of the kind"


async def test_watches_that_end_at_once_are_not_opened_in_a_circle(
    control_plane: Cluster, meddler: Meddler, api: Api, namespace: str
) -> None:
    """A server that takes a watch and ends it, again and again, is asked ever more seldom."""
    (key,) = await make(api, namespace, "a")
    ending = True

    async def end(request: web.Request, forward: Forward) -> web.StreamResponse | None:
        if is_watch(request) and ending and "sendInitialEvents" not in request.query:
            return web.Response(body=b"", content_type="application/json")
        if "sendInitialEvents" in request.query:
            return status(422, "Invalid")
        return None

    meddler.rule = end
    async with reflected(control_plane, meddler) as sink:
        await until(has(sink, key), "it is listed")
        began_at, before = time.monotonic(), meddler.watches_of("configmaps")

        async def asked_again() -> bool:
            return meddler.watches_of("configmaps") >= before + 4

        await until(asked_again, "four more watches are opened")
        assert time.monotonic() - began_at > 0.3
        ending = False
        (more,) = await make(api, namespace, "b")
        await until(has(sink, more), "it follows again")


@pytest.mark.usefixtures("large")
async def test_what_is_deleted_while_a_watch_list_comes_is_gone(control_plane: Cluster, meddler: Meddler) -> None:
    """A DELETED event before the bookmark that ends the list is a deletion, not one more object that is there."""

    async def list_with_deletion(request: web.Request, forward: Forward) -> web.StreamResponse | None:
        if "sendInitialEvents" not in request.query:
            return None

        def line(kind: str, name: str, version: str, **metadata: Any) -> bytes:
            metadata = {"name": name, "namespace": "n", "resourceVersion": version, **metadata}
            value = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": metadata}
            return json.dumps({"type": kind, "object": value}).encode() + b"\n"

        end = {"annotations": {"k8s.io/initial-events-end": "true"}}
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        await response.write(
            line("ADDED", "stays", "1") + line("ADDED", "goes", "2") + line("BOOKMARK", "", "2")
            + line("DELETED", "goes", "3") + line("BOOKMARK", "", "3", **end) + line("ADDED", "comes", "4")
        )  # fmt: skip
        await asyncio.Event().wait()
        return response

    meddler.rule = list_with_deletion
    async with reflected(control_plane, meddler) as sink:
        await until(has(sink, "n/comes"), "the list and what follows it is told")
        assert sink.there == {"n/stays": "1", "n/comes": "4"}


@pytest.mark.usefixtures("large")
async def test_a_watch_list_that_never_ends_is_given_up(
    control_plane: Cluster, meddler: Meddler, api: Api, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that takes a WatchList for a plain watch, and never says that the list is whole, is asked for pages."""
    monkeypatch.setattr(reflectors, "INITIAL_SILENCE_SECONDS", 0.5)
    (key,) = await make(api, namespace, "a")

    async def never_end(request: web.Request, forward: Forward) -> web.StreamResponse | None:
        if "sendInitialEvents" in request.query:
            return await meddler.forward(request, lambda chunk: None if b"initial-events-end" in chunk else chunk)
        return None

    meddler.rule = never_end
    async with reflected(control_plane, meddler) as sink:
        await until(listed(sink), "the list is whole")
        assert key in sink.there
        (more,) = await make(api, namespace, "b")
        await until(has(sink, more), "it follows")


async def test_a_half_open_connection_is_noticed(
    control_plane: Cluster, api: Api, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A watch whose connection is dead without a word is given up, by its silence or its ping's, and goes on."""
    (key,) = await make(api, namespace, "a")

    def bookmarked(self: Any, whole: bytes) -> list[WatchEvent]:
        # The real bookmarks come each minute; one that came is all that the reader has to believe.
        self.bookmarked = True
        return feed(self, whole)

    feed = watching._Lines.feed
    monkeypatch.setattr(watching._Lines, "feed", bookmarked)
    monkeypatch.setattr(reflectors, "watch", partial(watch, idle_timeout=2.0))
    # Together longer than an idle connection of HTTP/1.1 is kept, as they really are: that one is dead as well.
    monkeypatch.setattr(multiplex, "SILENCE_SECONDS", 12.0)
    monkeypatch.setattr(multiplex, "PING_SECONDS", 4.0)
    async with Wire.before(control_plane) as wire, reflected(control_plane, wire) as sink:
        await until(has(sink, key), "it is listed")
        wire.freeze()
        (more,) = await make(api, namespace, "b")
        await until(has(sink, more), "what happened meanwhile is told over another connection")
        assert any(isinstance(error, Unavailable) and "nothing came" in str(error) for error in sink.errors)


async def test_a_broken_watch_resumes_and_the_sink_hears_that_it_did(
    control_plane: Cluster, meddler: Meddler, api: Api, namespace: str
) -> None:
    """A watch that broke off goes on from its last event without a list, and the failure is said to be over."""
    (key,) = await make(api, namespace, "a")
    refusals = 0

    async def refuse(request: web.Request, forward: Forward) -> web.StreamResponse | None:
        nonlocal refusals
        if refusals == 0:
            return None
        refusals -= 1
        return status(503, "ServiceUnavailable")

    meddler.rule = refuse
    async with reflected(control_plane, meddler) as sink:
        await until(has(sink, key), "it is listed")
        await until(follows(sink), "the watch is taken")
        refusals = 3
        meddler.cut()
        (more,) = await make(api, namespace, "b")
        await until(has(sink, more), "it goes on")
    assert sink.told == ["begin", "complete", "following", *["failed"] * 4, "following"]
    assert all(isinstance(error, Unavailable) for error in sink.errors)
