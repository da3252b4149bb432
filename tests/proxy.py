"""A TCP proxy between a client and a server of the tests: the network between them, to be cut and held up."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

from kgraph.stack.ports import LOOPBACK, free_ports

CHUNK_BYTES = 64 * 1024
# With no time to linger, the kernel ends a connection by a reset instead of a farewell.
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class TcpProxy:
    """Forwards each connection to its port on to the target's, both on the loopback.

    It begins whole. `cut` and `hold` last until `restore`, and either may follow the other. `delay_seconds` is how long
    whatever comes is kept, and `target_port` where a new connection goes: both may be changed at any time.
    """

    def __init__(self, port: int, target_port: int) -> None:
        self.port = port
        self.target_port = target_port
        self.delay_seconds = 0.0
        self._listening: asyncio.Server | None = None
        self._flows = asyncio.Event()
        self._streams: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @classmethod
    @asynccontextmanager
    async def to(cls, target_port: int) -> AsyncIterator[Self]:
        """A proxy on a free port, until the end of the block."""
        proxy = cls(free_ports(1)[0], target_port)
        await proxy.restore()
        try:
            yield proxy
        finally:
            await proxy.cut()

    @property
    def connections(self) -> int:
        """How many clients are connected now."""
        return len(self._tasks)

    async def cut(self) -> None:
        """Reset all connections, and refuse new ones."""
        if self._listening is not None:
            self._listening.close()
            self._listening = None
        await self.reset()

    async def reset(self) -> None:
        """Reset all connections, and let new ones through."""
        for stream in self._streams:
            _reset(stream)
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        self._streams.clear()

    def hold(self) -> None:
        """Keep all connections and accept new ones, and let nothing through in either direction."""
        self._flows.clear()

    def abandon(self) -> None:
        """Forget all connections without a word to their ends, and let new ones through.

        So does a middleman that has lost its table: they stay open, take what is sent, and never give an answer.
        """
        self._flows.clear()
        self._flows = asyncio.Event()
        self._flows.set()

    async def restore(self) -> None:
        """Be whole again; connections which were held go on where they were, as after lost packets."""
        self._flows.set()
        if self._listening is None:
            self._listening = await asyncio.start_server(self._accept, LOOPBACK, self.port)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._streams.add(writer)  # at once: a task that is cancelled before it begins closes nothing
        task = asyncio.create_task(self._serve(reader, writer), name=f"proxy to {self.target_port}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # One end is gone, or nobody listens there: the other end is told by a reset.
        with contextlib.suppress(OSError, ExceptionGroup):
            await self._serve_both(reader, writer)

    async def _serve_both(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        flows = self._flows
        async with self._held(writer):
            await flows.wait()
            far_reader, far_writer = await asyncio.open_connection(LOOPBACK, self.target_port)
            async with self._held(far_writer), asyncio.TaskGroup() as both_ways:
                both_ways.create_task(self._forward(reader, far_writer, flows))
                both_ways.create_task(self._forward(far_reader, writer, flows))

    @asynccontextmanager
    async def _held(self, stream: asyncio.StreamWriter) -> AsyncIterator[None]:
        """Have an end of a connection: closed in good order, or reset where anything went wrong."""
        self._streams.add(stream)
        try:
            yield
            stream.close()
            await stream.wait_closed()
        except BaseException:
            _reset(stream)
            raise
        finally:
            self._streams.discard(stream)

    async def _forward(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, flows: asyncio.Event) -> None:
        while chunk := await source.read(CHUNK_BYTES):
            await flows.wait()
            if self.delay_seconds:
                await asyncio.sleep(self.delay_seconds)
            sink.write(chunk)
            await sink.drain()
        await flows.wait()
        sink.write_eof()


def _reset(stream: asyncio.StreamWriter) -> None:
    connection: socket.socket = stream.get_extra_info("socket")
    with contextlib.suppress(OSError):  # it is closed already
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    stream.transport.abort()
