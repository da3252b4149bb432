"""Sending changes over a network that loses answers: what is sent again, and what is then known.

The servers here are the network, not a Kubernetes: what an apiserver answers is tested against a real one.
"""

from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from kgraph.kube import changing
from kgraph.kube.access import Access
from kgraph.kube.changing import PatchType, Unclear, Write, send
from kgraph.kube.connection import Connection
from kgraph.kube.credentials import Stored
from kgraph.kube.discovery import ApiResource
from kgraph.kube.errors import Conflict, Forbidden, NotFound, Unavailable
from kgraph.kube.reviews import Subject
from tests.unit.kube.test_kube_connection import connected

DEPLOYMENTS = ApiResource("apps", "v1", "Deployment", "deployments")
CONFIGMAPS = ApiResource("", "v1", "ConfigMap", "configmaps")
NOT_FOUND = {"kind": "Status", "code": 404, "reason": "NotFound", "message": "not found"}
CREATE = changing.creation(CONFIGMAPS, "shop", {"metadata": {"name": "a"}}, manager="m")
APPLY = changing.application(CONFIGMAPS, "shop", "a", {}, manager="m", force=False)
DELETE = changing.deletion(CONFIGMAPS, "shop", "a")
JSON_PATCH = changing.patching(CONFIGMAPS, "shop", "a", [], PatchType.JSON, manager="m")
MERGE_PATCH = changing.patching(CONFIGMAPS, "shop", "a", {}, PatchType.MERGE, manager="m")


class Network:
    """Loses the answers of the first requests, and remembers all of them."""

    def __init__(self, lost: int, then: int = 200, body: Any = None) -> None:
        self.requests: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        self._lost = lost
        self._then = then
        self._body = body or {}

    async def handle(self, request: web.Request) -> web.Response:
        """Read a request, and answer it or cut the connection."""
        self.requests.append((request.method, dict(request.query), await request.json()))
        if len(self.requests) <= self._lost:
            assert request.transport is not None
            request.transport.close()
        return web.json_response(self._body, status=self._then)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changing, "PAUSES_SECONDS", (0.0, 0.0))


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(APPLY, id="apply"),
        pytest.param(MERGE_PATCH, id="merge"),
        pytest.param(changing.scaling(DEPLOYMENTS, "shop", "web", 3, manager="m"), id="scale"),
        pytest.param(changing.restarting(DEPLOYMENTS, "shop", "web", datetime.now(UTC), manager="m"), id="restart"),
        pytest.param(changing.of_incarnation(DELETE, "u-1"), id="delete-of-an-incarnation"),
    ],
)
async def test_what_is_the_same_twice_is_sent_again(write: Write) -> None:
    """A request whose answer is lost is repeated, word for word, where that does no harm."""
    network = Network(lost=2)
    async with connected(network.handle) as conn:
        assert await send(conn, write, None) == b"{}"
    assert len(network.requests) == 3
    assert network.requests[0] == network.requests[1] == network.requests[2]


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(CREATE, id="create"),
        pytest.param(JSON_PATCH, id="json-patch"),
        pytest.param(DELETE, id="delete-of-whatever-has-the-name"),
        pytest.param(
            changing.patching(CONFIGMAPS, "shop", "a", {}, PatchType.MERGE, manager="m", version="7"), id="version"
        ),
    ],
)
async def test_what_may_do_harm_twice_is_sent_once(write: Write) -> None:
    """Nobody below repeats it either (aiohttp would, a DELETE), and nobody claims to know whether it happened."""
    network = Network(lost=9)
    async with connected(network.handle) as conn:
        with pytest.raises(Unclear):
            await send(conn, write, None)
    assert len(network.requests) == 1


async def test_a_dry_run_is_sent_again_and_never_in_doubt() -> None:
    """It changes nothing: its failure is a failure."""
    network = Network(lost=9)
    async with connected(network.handle) as conn:
        with pytest.raises(Unavailable):
            await send(conn, CREATE, None, dry_run=True)
    assert [query["dryRun"] for _, query, _ in network.requests] == ["All"] * 3


async def test_a_dry_run_of_a_deletion_is_said_in_its_body() -> None:
    """The apiserver passes over the address's options where there is a body of them."""
    network = Network(lost=0)
    async with connected(network.handle) as conn:
        await send(conn, DELETE, None, dry_run=True)
    ((_, query, body),) = network.requests
    assert (query, body["dryRun"]) == ({}, ["All"])


@pytest.mark.parametrize(("status", "reason"), [(404, "NotFound"), (409, "Conflict")])
async def test_a_deletion_that_was_done_before_is_done(status: int, reason: str) -> None:
    """Where the answer to a deletion was lost, its repetition finds nothing: it has happened."""
    network = Network(lost=1, then=status, body={"kind": "Status", "code": status, "reason": reason})
    async with connected(network.handle) as conn:
        assert await send(conn, changing.of_incarnation(DELETE, "u-1"), None) == b""
        with pytest.raises((NotFound, Conflict)):
            await send(conn, changing.of_incarnation(DELETE, "u-1"), None)


async def test_what_cannot_have_arrived_is_no_doubt() -> None:
    """Where nobody listens nothing can have happened, and the error is not Unclear."""
    async with connected(Network(lost=0).handle) as conn:
        server = conn.server
    closed = Connection("prod", Access(server=server, credentials=Stored(token="t")))
    try:
        with pytest.raises(Unavailable) as error:
            await send(closed, CREATE, None)
    finally:
        await closed.close()
    assert not error.value.sent


async def test_a_server_that_has_just_come_back_is_asked_again() -> None:
    """After a lost answer a refusal may be of a server that knows no roles yet; one that stays is no answer either."""
    refused = {"kind": "Status", "code": 403, "reason": "Forbidden", "message": "no"}
    network = Network(lost=1, then=403, body=refused)
    async with connected(network.handle) as conn:
        with pytest.raises(Unclear) as error:
            await send(conn, APPLY, None)
        assert (len(network.requests), isinstance(error.value.error, Unavailable)) == (3, True)
        with pytest.raises(Forbidden):
            await send(conn, APPLY, None)
    assert len(network.requests) == 4


async def test_a_webhook_that_fails_is_a_refusal() -> None:
    """What admission did not let through was not stored: it is neither repeated nor in doubt."""
    body = {"kind": "Status", "code": 500, "reason": "InternalError", "message": 'failed calling webhook "x": refused'}
    network = Network(lost=0, then=500, body=body)
    async with connected(network.handle) as conn:
        with pytest.raises(Unavailable, match="failed calling webhook"):
            await send(conn, APPLY, None)
    assert len(network.requests) == 1


async def test_a_request_acts_as_its_caller() -> None:
    """User, uid, every group and every extra value go as Impersonate headers; without a caller there are none."""
    seen: list[list[tuple[str, str]]] = []

    async def handle(request: web.Request) -> web.Response:
        seen.append([(name, value) for name, value in request.headers.items() if name.startswith("Impersonate")])
        return web.json_response({})

    caller = Subject("jane", "7", ("devs", "ops"), (("example.com/team", ("a", "b")),))
    async with connected(handle) as conn:
        await send(conn, APPLY, caller)
        await send(conn, APPLY, None)
    assert seen == [
        [
            ("Impersonate-User", "jane"), ("Impersonate-Uid", "7"),
            ("Impersonate-Group", "devs"), ("Impersonate-Group", "ops"),
            ("Impersonate-Extra-example.com%2Fteam", "a"), ("Impersonate-Extra-example.com%2Fteam", "b"),
        ],
        [],
    ]  # fmt: skip


def test_a_write_does_not_show_its_body() -> None:
    """It may be a Secret's."""
    write = changing.creation(CONFIGMAPS, "shop", {"data": {"password": "hunter2"}}, manager="m")
    assert "hunter2" not in repr(write)
