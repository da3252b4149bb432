"""Logs over REST, of containers whose kubelet is KWOK: who may read one, how fast it is read, and when that ends."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from kgraph.api.app import create_app
from kgraph.api.callers import sessions
from kgraph.api.settings import ApiSettings, TokenReviewSettings
from kgraph.cli.process.serving import address_of, listening, running
from kgraph.graphdb.store import Store
from kgraph.kube.sealing import Sealer
from kgraph.stack.kubernetes import ControlPlane
from kgraph.stack.kubernetes_setting import ControlPlaneOptions, previous_of
from kgraph.stack.progress import silent
from tests.integration.api.changing import CLUSTER, RBAC
from tests.integration.sync.live import Api, core, pod
from tests.servers import TEST_USERS
from tests.workers import cluster_settings, until

pytestmark = [pytest.mark.neo4j, pytest.mark.kubernetes]

LAST_WORDS = "panic: no database"
LINES = ("GET / 200", "GET /favicon.ico 404", "POST /orders 201")
# Far more than the sockets between here and KWOK hold.
MANY, LINE_BYTES = 600_000, 100  # the sockets on the way may hold some 30 MB of them
PATH = f"/api/v1/clusters/{CLUSTER}/namespaces/default/pods/web/logs"


class Logged:
    """A cluster with one Pod, and what that has written."""

    def __init__(self, plane: ControlPlane, file: Path) -> None:
        self.plane = plane
        self._file = file

    def wrote(self, *lines: str, times: int = 1) -> None:
        """Have the container have written these lines, and nothing else."""
        self._file.write_text("")
        self.writes(*lines, times=times)

    def writes(self, *lines: str, times: int = 1) -> None:
        """Have it write more."""
        text = "".join(f"2026-11-02T08:00:0{number}.000000000Z stdout F {line}\n" for number, line in enumerate(lines))
        with self._file.open("a") as file:
            file.write(text * times)

    @property
    def positions(self) -> list[int]:
        """How far KWOK has read the file, for each time that it has it open."""
        folder = Path(f"/proc/{self.plane.pid_of('kwok')}")
        found = []
        for link in (folder / "fd").iterdir():
            try:
                if os.readlink(link) == str(self._file):  # noqa: PTH115 - what is not a path is a link here, too
                    info = (folder / "fdinfo" / link.name).read_text()
                    found.append(int(info.split()[1]))
            except FileNotFoundError:
                continue
        return found


@pytest.fixture(scope="module")
async def logged(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Logged]:
    """A Pod `web` that runs; alice may read its log, bob may read Pods and no logs."""
    file = tmp_path_factory.mktemp("logs") / "container.log"
    file.touch()
    previous_of(file).write_text(f"2026-11-02T07:59:59.000000000Z stderr F {LAST_WORDS}\n")
    options = ControlPlaneOptions(logs=file, users=TEST_USERS)
    async with (
        ControlPlane.start(tmp_path_factory.mktemp("logged"), options, report=silent) as plane,
        Api(plane) as api,
    ):
        await plane.add_nodes(1)
        await api.make(core("default", "pods"), **pod("web"))
        for user, resource in (("alice", "pods/log"), ("bob", "pods")):
            await may(api, user, resource, {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user})

        async def runs() -> bool:
            found = await api.get(core("default", "pods", "web"))
            return found is not None and found["status"]["phase"] == "Running"

        await until(runs, "the Pod runs")
        yield Logged(plane, file)


async def may(api: Api, name: str, resource: str, subject: dict[str, str]) -> None:
    """Let somebody get a resource."""
    rule = {"apiGroups": [""], "resources": [resource], "verbs": ["get"]}
    await api.make(f"{RBAC}/namespaces/default/roles", metadata={"name": name}, rules=[rule])
    await api.make(
        f"{RBAC}/namespaces/default/rolebindings",
        metadata={"name": name},
        roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
        subjects=[subject],
    )


def asked_by(store: Store, logged: Logged, user: str) -> AbstractAsyncContextManager[aiohttp.ClientSession]:
    """The API as a user asks it."""
    return asked_with(store, logged, logged.plane.token_of(user))


@asynccontextmanager
async def asked_with(store: Store, logged: Logged, token: str) -> AsyncIterator[aiohttp.ClientSession]:
    """The API on a port of its own, as the bearer of a token asks it."""
    in_the_graph = "MERGE (c:Cluster {key: 'cluster:' + $id}) SET c.id = $id"
    await store.run_alone(in_the_graph, {"id": CLUSTER}, what="the cluster is in the graph")
    settings = ApiSettings(token_reviews=(TokenReviewSettings(CLUSTER),))
    clusters = [cluster_settings(logged.plane, CLUSTER)]
    listener = listening("127.0.0.1", 0)
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        running(create_app(store, settings, Sealer.of({}), clusters), listener, 1_000_000),
        # So little is read ahead that a reader who stops is one.
        aiohttp.ClientSession(address_of(listener), headers=headers, read_bufsize=4096) as client,
    ):
        yield client


async def holds(wanted: Callable[[], bool], what: str) -> None:
    """Wait until something is so."""

    async def so() -> bool:
        return wanted()

    await until(so, what)


@pytest.mark.parametrize(
    ("params", "wanted"),
    [
        ({}, LINES),
        ({"container": "c"}, LINES),
        ({"tailLines": "1"}, LINES[2:]),
        ({"tailLines": "0"}, ()),
        ({"timestamps": "true", "tailLines": "1"}, (f"2026-11-02T08:00:02.000000000Z {LINES[2]}",)),
        ({"sinceSeconds": "1"}, ()),
        ({"previous": "true"}, (LAST_WORDS,)),
    ],
    ids=str,
)
async def test_logs_are_as_kubectl_shows_them(
    store: Store, logged: Logged, params: dict[str, str], wanted: tuple[str, ...]
) -> None:
    """The lines are the container's, as many and as new as was asked for, as plain text that nothing compresses."""
    logged.wrote(*LINES)
    async with asked_by(store, logged, "alice") as alice, alice.get(PATH, params=params) as answer:
        assert answer.status == 200, await answer.text()
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert "content-encoding" not in answer.headers
        assert (await answer.text()).splitlines() == list(wanted)


@pytest.mark.parametrize(
    ("user", "path", "status", "code", "words"),
    [
        ("bob", PATH, 403, "FORBIDDEN", "you may not get pods/log 'web' in namespace default"),
        ("alice", PATH.replace("default", "kube-system"), 403, "FORBIDDEN", "you may not get pods/log"),
        ("alice", PATH.replace("web", "nobody"), 404, "NOT_FOUND", "nobody"),
        ("alice", f"{PATH}?container=none", 400, "BAD_USER_INPUT", "container none is not valid for pod web"),
        ("alice", f"{PATH}?tailLines=-1", 400, "BAD_USER_INPUT", "tailLines is -1"),
        ("alice", f"{PATH}?sinceSeconds=0", 400, "BAD_USER_INPUT", "sinceSeconds is 0"),
        ("alice", f"{PATH}?follow=perhaps", 400, "BAD_USER_INPUT", "follow"),
        ("alice", PATH.replace(CLUSTER, "nowhere"), 404, "NOT_FOUND", "nowhere"),
    ],
)
async def test_what_is_refused_is_a_problem(
    store: Store, logged: Logged, user: str, path: str, status: int, code: str, words: str
) -> None:
    """Who may not, and what is not there or makes no sense, has a status and a problem document before any line."""
    async with asked_by(store, logged, user) as client, client.get(path) as answer:
        found = await answer.json(content_type="application/problem+json")
        assert (answer.status, found["code"], words in found["detail"]) == (status, code, True), found


async def test_a_followed_log_ends_when_its_reader_does(store: Store, logged: Logged) -> None:
    """Lines come as they are written; once the reader hangs up, the cluster's stream is closed at its other end."""
    logged.wrote(LINES[0])
    async with asked_by(store, logged, "alice") as alice:
        async with alice.get(PATH, params={"follow": "true"}) as answer:
            assert await answer.content.readline() == f"{LINES[0]}\n".encode()
            logged.writes(LINES[1])
            assert await answer.content.readline() == f"{LINES[1]}\n".encode()
            assert logged.positions
            answer.close()
        await holds(lambda: not logged.positions, "nobody reads the log any more")


async def test_a_log_is_read_no_faster_than_it_is_taken(store: Store, logged: Logged) -> None:
    """While its reader does nothing, a large log is not read on; later it is there as a whole, to its last line."""
    line = "x" * (LINE_BYTES - 1)
    logged.wrote(line, times=MANY)
    async with asked_by(store, logged, "alice") as alice, alice.get(PATH, params={"follow": "true"}) as answer:
        assert await answer.content.readexactly(LINE_BYTES) == f"{line}\n".encode()
        seen: list[int] = []

        async def stands_still() -> bool:
            (position,) = logged.positions
            seen.append(position)
            return len(seen) > 10 and len(set(seen[-10:])) == 1

        await until(stands_still, "KWOK reads no further")
        assert seen[-1] < MANY * LINE_BYTES * 0.8
        rest = (MANY - 1) * LINE_BYTES
        while rest:
            rest -= len(await answer.content.readexactly(min(rest, LINE_BYTES * 1000)))
        logged.writes("the end")
        assert await answer.content.readline() == b"the end\n"


async def test_a_log_does_not_outlive_its_session(
    store: Store, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When its token is not good any more, a followed log is broken off, not ended, and so is the cluster's stream."""
    logged.wrote(LINES[0])
    monkeypatch.setattr(sessions, "RECHECK_SECONDS", 0.2)
    async with Api(logged.plane) as api:
        account = core("default", "serviceaccounts", "reader")
        await api.make(core("default", "serviceaccounts"), metadata={"name": "reader"})
        await may(api, "reader", "pods/log", {"kind": "ServiceAccount", "name": "reader", "namespace": "default"})
        token = (await api.make(f"{account}/token", spec={"expirationSeconds": 3600}))["status"]["token"]
        async with asked_with(store, logged, token) as reader, reader.get(PATH, params={"follow": "true"}) as answer:
            assert await answer.content.readline() == f"{LINES[0]}\n".encode(), answer.status
            await api.delete(account)
            with pytest.raises(aiohttp.ClientPayloadError):
                await answer.content.readline()
            await holds(lambda: not logged.positions, "nobody reads the log any more")
