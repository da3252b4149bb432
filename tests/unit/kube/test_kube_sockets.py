"""Sockets for connections to apiservers."""

import asyncio
import os
import socket

import uvloop

from kgraph.kube.sockets import watched_socket

ADDRESS = (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", 0))


async def sockets_beside_a_dead_transport() -> tuple[int, int, bytes]:
    """The number of a transport whose socket was closed under it, the next socket's number, and what that one read."""

    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    async with server:
        loop, address = asyncio.get_running_loop(), server.sockets[0].getsockname()
        taken = socket.create_connection(address)
        transport, _ = await loop.create_connection(asyncio.Protocol, sock=taken)
        number = taken.fileno()
        os.close(number)
        made = watched_socket(ADDRESS)
        made.setblocking(False)
        with made:
            await loop.sock_connect(made, address)
            read = await loop.sock_recv(made, 5)
            next_number = made.fileno()
        transport.abort()
        return number, next_number, read


def test_a_number_that_uvloop_believes_to_be_taken_is_passed_over() -> None:
    """A connection that broke off may leave uvloop with a number that it lets nobody use; another one is used then."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        number, next_number, read = runner.run(sockets_beside_a_dead_transport())
    assert next_number != number
    assert read == b"hello"
