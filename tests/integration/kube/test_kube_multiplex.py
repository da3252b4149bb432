"""Many watches on one connection, on a real apiserver: shared, more than one holds, lost, slow, logged in."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import psutil
import pytest

from kgraph.kube.connection import Connection
from kgraph.kube.discovery import ApiResource, discover
from kgraph.kube.errors import KubeError, Unauthenticated, Unavailable
from kgraph.kube.multiplex import STREAMS_MOST
from kgraph.kube.settings import AuthMethod, ClusterSettings, TlsSettings
from kgraph.kube.watching import WatchEvent, watch
from kgraph.stack.kubernetes import ControlPlane
from tests.workers import until

pytestmark = pytest.mark.kubernetes

CONFIG_MAPS = ApiResource("", "v1", "ConfigMap", "configmaps")
APISERVER = "kube-apiserver"


def settings(plane: ControlPlane, **more: Any) -> ClusterSettings:
    """The cluster as the administrator sees it."""
    return ClusterSettings(**{"id": "c", "kubeconfig_path": str(plane.kubeconfig), "qps": 0, **more})


def connections(plane: ControlPlane) -> int:
    """How many connections this process has to the apiserver."""
    port = int(plane.server.rpartition(":")[2])
    return sum(bool(each.raddr) and each.raddr.port == port for each in psutil.Process().net_connections("tcp"))


class Watching:
    """A watch that runs: what it has delivered, and what it ended with."""

    def __init__(self) -> None:
        self.events: list[WatchEvent] = []
        self.error: KubeError | None = None
        self.is_open = False

    async def run(self, connection: Connection, resource: ApiResource, **options: Any) -> None:
        """Follow until it ends."""

        async def accepted() -> None:
            self.is_open = True

        try:
            async for some in watch(connection, resource, "0", accepted=accepted, **options):
                self.events += some
        except KubeError as error:
            self.error = error

    def named(self, name: str) -> bool:
        """Whether an object of that name was delivered."""
        return any(msgspec.json.decode(each.object)["metadata"].get("name") == name for each in self.events)


@asynccontextmanager
async def watching(
    connection: Connection, resources: list[ApiResource], **options: Any
) -> AsyncIterator[list[Watching]]:
    """Watches, all of them open."""
    found = [Watching() for _ in resources]
    tasks = [
        asyncio.create_task(each.run(connection, resource, **options))
        for each, resource in zip(found, resources, strict=True)
    ]

    async def all_open() -> bool:
        assert not any(each.error for each in found), [str(each.error) for each in found if each.error]
        return all(each.is_open for each in found)

    try:
        await until(all_open, "all watches are open")
        yield found
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def make(connection: Connection, namespace: str, name: str, **more: Any) -> None:
    """Make a ConfigMap."""
    body = msgspec.json.encode({"metadata": {"name": name}, **more})
    path = CONFIG_MAPS.path(namespace)
    await connection.request("POST", path, body=body, headers=[("Content-Type", "application/json")])


async def test_all_watches_of_a_cluster_share_a_connection(own_control_plane: ControlPlane, namespace: str) -> None:
    """Every kind is watched over one connection beside the one that asks, and changes are delivered."""
    before = connections(own_control_plane)
    async with Connection.open(settings(own_control_plane)) as connection:
        kinds = [each for each in (await discover(connection)).resources if each.watchable]
        async with watching(connection, kinds) as found:
            assert len(kinds) > 50
            assert connections(own_control_plane) - before == 2
            await make(connection, namespace, "seen")
            of_config_maps = found[kinds.index(next(each for each in kinds if each.plural == "configmaps"))]

            async def seen() -> bool:
                return of_config_maps.named("seen")

            await until(seen, "the change is delivered")


async def test_more_watches_than_a_connection_holds_take_another(
    own_control_plane: ControlPlane, namespace: str
) -> None:
    """Past a hundred a second connection is made, and what is closed makes room."""
    before = connections(own_control_plane)
    async with Connection.open(settings(own_control_plane)) as connection:
        some = [CONFIG_MAPS] * (STREAMS_MOST + 20)
        for _ in range(2):
            async with watching(connection, some, namespace=namespace) as found:
                assert len(found) == STREAMS_MOST + 20
                assert connections(own_control_plane) - before == 2
    assert connections(own_control_plane) == before


async def test_a_watch_that_nobody_reads_does_not_hold_up_the_others(
    own_control_plane: ControlPlane, namespace: str
) -> None:
    """What waits for a slow reader is bounded, and the connection goes on for the rest; then it comes in whole."""
    name = f"large-{secrets.token_hex(4)}"
    async with Connection.open(settings(own_control_plane)) as connection:
        slow = watch(connection, CONFIG_MAPS, "0", namespace=namespace)
        first = asyncio.create_task(anext(slow))
        async with watching(connection, [CONFIG_MAPS], namespace=namespace) as (other,):
            await make(connection, namespace, "first")
            await first
            for number in range(8):
                await make(connection, namespace, f"{name}-{number}", data={"text": "x" * 500_000})

            async def all_there() -> bool:
                return all(other.named(f"{name}-{number}") for number in range(8))

            await until(all_there, "the other watch has all that is large")
            names: set[str] = set()
            while len(names) < 8:
                for event in await anext(slow):
                    found = msgspec.json.decode(event.object)["metadata"].get("name", "")
                    names |= {found} if found.startswith(name) else set()
        await slow.aclose()


async def test_an_apiserver_that_goes_ends_all_watches_and_comes_back_for_new_ones(
    own_control_plane: ControlPlane, namespace: str
) -> None:
    """Every watch ends with an error that may pass, and the next one connects anew."""
    async with Connection.open(settings(own_control_plane)) as connection:
        async with watching(connection, [CONFIG_MAPS] * 5, namespace=namespace) as found:
            await own_control_plane.kill(APISERVER)

            async def all_ended() -> bool:
                return all(isinstance(each.error, Unavailable) for each in found)

            try:
                await until(all_ended, "all watches have ended")
                refused = Watching()
                await refused.run(connection, CONFIG_MAPS, namespace=namespace)
                assert "cannot connect" in str(refused.error)
            finally:
                await own_control_plane.start_again(APISERVER)
        async with watching(connection, [CONFIG_MAPS], namespace=namespace) as (again,):
            await make(connection, namespace, "again")

            async def seen() -> bool:
                return again.named("again")

            await until(seen, "the new watch delivers")


async def test_logins_hold_for_watches_that_share_a_connection(own_control_plane: ControlPlane, namespace: str) -> None:
    """A client certificate is shown in the handshake; a token that nobody knows is refused as it is elsewhere."""
    issued = await own_control_plane.client_certificate("alice", ("system:masters",))
    by_certificate = settings(
        own_control_plane,
        auth_method=AuthMethod.TOKEN,
        api_server_url=own_control_plane.server,
        tls_config=TlsSettings(
            ca_file=str(own_control_plane.ca_file), cert_file=str(issued.certificate), key_file=str(issued.key)
        ),
    )
    async with (
        Connection.open(by_certificate) as connection,
        watching(connection, [CONFIG_MAPS], namespace=namespace) as (allowed,),
    ):
        assert allowed.error is None
    wrong = settings(
        own_control_plane,
        auth_method=AuthMethod.TOKEN,
        api_server_url=own_control_plane.server,
        service_account_token="nobody",
        tls_config=TlsSettings(ca_file=str(own_control_plane.ca_file)),
    )
    async with Connection.open(wrong) as connection:
        refused = Watching()
        await refused.run(connection, CONFIG_MAPS, namespace=namespace)
        assert isinstance(refused.error, Unauthenticated)
        assert "nobody" not in str(refused.error)
