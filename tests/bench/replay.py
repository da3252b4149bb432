"""An apiserver before the real one that says the same, but for some watches: there it tells changes as fast as they go.

A real apiserver needs eight milliseconds of the processor for a write, so that on two cores it is the limit itself.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Self

import msgspec
from aiohttp import ClientConnectionResetError, ClientSession, ClientTimeout, TCPConnector, web

from kgraph.kube.connection import Connection
from tests.bench.bench import Bench

PODS = "/api/v1/pods"
REPLICA_SETS = "/apis/apps/v1/replicasets"
_KINDS = {PODS: {"apiVersion": "v1", "kind": "Pod"}, REPLICA_SETS: {"apiVersion": "apps/v1", "kind": "ReplicaSet"}}
# What a watch delivers in one go; a real one's frames are no larger.
CHUNK_BYTES = 64 * 1024
_PASSED_ON = ("content-type",)


class ReplayedCluster:
    """Serves the bench's cluster, and the changes of some of its kinds once it is told to `go`."""

    def __init__(self, bench: Bench) -> None:
        self.go = asyncio.Event()
        self.lines: dict[str, Sequence[bytes]] = {}
        self._over = asyncio.Event()
        self._watched = asyncio.Condition()
        self._watches: dict[str, web.Request] = {}  # by the path the last, which is told what there is to tell
        self._bench = bench
        self._server = bench.plane.server

    @classmethod
    @asynccontextmanager
    async def running(cls, bench: Bench, changes: Mapping[str, int]) -> AsyncIterator[tuple[Self, Path]]:
        """One with so many changes recorded, by the paths of their kinds, and the kubeconfig that leads to it."""
        cluster = cls(bench)
        for path, count in changes.items():
            cluster.lines[path] = [line async for line in _recorded(bench.connection, path, count)]
        app = web.Application()
        app.router.add_get("/{path:.*}", cluster._answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]  # aiohttp gives it in no other way
        kubeconfig = bench.folder / "replayed.kubeconfig"
        kubeconfig.write_text(json.dumps(_kubeconfig(port)), "utf-8")
        try:
            yield cluster, kubeconfig
        finally:
            cluster._over.set()
            await runner.cleanup()

    async def watched(self) -> None:
        """Wait until all of these kinds are watched."""
        async with self._watched:
            await self._watched.wait_for(lambda: self._watches.keys() == self.lines.keys())

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        if request.path in self.lines and query.get("watch"):
            if query.get("sendInitialEvents"):
                status = {"kind": "Status", "code": 422, "reason": "Invalid", "message": "no WatchList here"}
                return web.json_response(status, status=422)
            return await self._replay(request)
        return await self._pass_on(request)

    async def _replay(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "application/json"})
        await response.prepare(request)
        async with self._watched:
            self._watches[request.path] = request
            self._watched.notify_all()
        await self.go.wait()
        if self._watches[request.path] is request:
            for chunk in _chunks(self.lines[request.path]):
                await response.write(chunk)
        await self._over.wait()  # a watch that is silent
        return response

    async def _pass_on(self, request: web.Request) -> web.StreamResponse:
        headers = {"authorization": f"Bearer {self._bench.plane.admin_token}"}
        if "accept" in request.headers:
            headers["accept"] = request.headers["accept"]
        context = self._bench.connection_context()
        async with (
            ClientSession(connector=TCPConnector(ssl=context), timeout=ClientTimeout(total=None)) as session,
            session.get(f"{self._server}{request.rel_url}", headers=headers) as real,
        ):
            passed = {name: value for name, value in real.headers.items() if name.lower() in _PASSED_ON}
            response = web.StreamResponse(status=real.status, headers=passed)
            with suppress(ClientConnectionResetError):  # who asked has gone
                await response.prepare(request)
                async for chunk in real.content.iter_any():
                    await response.write(chunk)
            return response


async def _recorded(connection: Connection, path: str, count: int) -> AsyncIterator[bytes]:
    """So many changes of a kind as lines of a watch: each object in its turn gets another label."""
    listed = await connection.get_json(path, dict[str, Any], {"limit": "10000"})
    version, objects = int(listed["metadata"]["resourceVersion"]), listed["items"]
    for number in range(count):
        changed = {**_KINDS[path], **objects[number % len(objects)]}
        metadata = changed["metadata"]
        metadata["labels"] = {**metadata.get("labels", {}), "changed": str(number)}
        metadata["resourceVersion"] = str(version + number + 1)
        yield msgspec.json.encode({"type": "MODIFIED", "object": changed}) + b"\n"


def _chunks(lines: Sequence[bytes]) -> Iterator[bytes]:
    some: list[bytes] = []
    size = 0
    for line in lines:
        some.append(line)
        size += len(line)
        if size >= CHUNK_BYTES:
            yield b"".join(some)
            some, size = [], 0
    yield b"".join(some)


def _kubeconfig(port: int) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "replayed", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
        "users": [{"name": "nobody", "user": {}}],
        "contexts": [{"name": "replayed", "context": {"cluster": "replayed", "user": "nobody"}}],
        "current-context": "replayed",
    }
