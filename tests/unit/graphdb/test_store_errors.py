"""What the driver and its event loop say of a lost connection is one error of ours."""

import asyncio

import pytest
import uvloop

from kgraph.graphdb.driver_errors import mapped
from kgraph.graphdb.errors import GraphUnavailable


async def write_to_what_is_gone() -> None:
    """Write to a connection that is closed already."""

    class Closed(asyncio.Protocol):
        def __init__(self) -> None:
            self.lost = asyncio.Event()

        def connection_lost(self, exc: Exception | None) -> None:
            self.lost.set()

    loop = asyncio.get_running_loop()
    async with await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0) as server:
        transport, protocol = await loop.create_connection(Closed, *server.sockets[0].getsockname())
        transport.abort()
        await protocol.lost.wait()
        with mapped("writing"):
            transport.write(b"x")


def test_a_connection_that_uvloop_has_closed_is_a_graph_that_does_not_answer() -> None:
    """The loop says RuntimeError where the driver waits for OSError: the caller tries again all the same."""
    with (
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        pytest.raises(GraphUnavailable, match="writing: the connection to Neo4j was lost"),
    ):
        runner.run(write_to_what_is_gone())


def test_another_runtime_error_is_not_taken_for_one() -> None:
    """A mistake of the program's own is not tried again for ever."""
    with pytest.raises(RuntimeError, match="a mistake"), mapped("writing"):
        raise RuntimeError("a mistake")
