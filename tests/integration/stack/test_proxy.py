"""The proxy that stands for the network: whole, cut, or held up."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from kgraph.stack.ports import LOOPBACK
from tests.proxy import TcpProxy
from tests.workers import until


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send back what comes, until the farewell."""
    try:
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


@pytest.fixture
async def proxy() -> AsyncIterator[TcpProxy]:
    """A proxy before a server which sends back what comes."""
    server = await asyncio.start_server(echo, LOOPBACK, 0)
    async with server, TcpProxy.to(server.sockets[0].getsockname()[1]) as made:
        yield made


async def said(stream: tuple[asyncio.StreamReader, asyncio.StreamWriter], words: bytes) -> bytes:
    """What the server sends back."""
    reader, writer = stream
    writer.write(words)
    return await asyncio.wait_for(reader.readexactly(len(words)), 5)


async def test_whole(proxy: TcpProxy) -> None:
    """All bytes pass, in order and in both directions, and a farewell is one at the other end too."""
    reader, writer = await asyncio.open_connection(LOOPBACK, proxy.port)
    sent = bytes(range(256)) * 40_000
    writer.write(sent)
    writer.write_eof()
    assert await asyncio.wait_for(reader.read(), 20) == sent
    writer.close()

    async def nobody_is_left() -> bool:
        return proxy.connections == 0

    await until(nobody_is_left, "the proxy has let go of the connection", 5)


async def test_cut_and_restored(proxy: TcpProxy) -> None:
    """A cut resets who is connected and refuses who comes; on the same port all is well when it is over."""
    reader, writer = stream = await asyncio.open_connection(LOOPBACK, proxy.port)
    assert await said(stream, b"before") == b"before"
    await proxy.cut()
    with pytest.raises(ConnectionResetError):
        await asyncio.wait_for(reader.read(), 5)
    writer.close()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(LOOPBACK, proxy.port)
    await proxy.restore()
    stream = await asyncio.open_connection(LOOPBACK, proxy.port)
    assert await said(stream, b"after") == b"after"
    stream[1].close()


async def test_held_and_restored(proxy: TcpProxy) -> None:
    """While it holds, connections are open and silent, new ones too; what was sent arrives when it is over."""
    old = await asyncio.open_connection(LOOPBACK, proxy.port)
    assert await said(old, b"before") == b"before"
    proxy.hold()
    new = await asyncio.open_connection(LOOPBACK, proxy.port)
    for reader, writer in (old, new):
        writer.write(b"held")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.2)
    await proxy.restore()
    for reader, writer in (old, new):
        assert await asyncio.wait_for(reader.readexactly(4), 5) == b"held"
        writer.close()


async def test_cut_while_held(proxy: TcpProxy) -> None:
    """Connections that are held are reset by a cut as all others are."""
    stream = await asyncio.open_connection(LOOPBACK, proxy.port)
    assert await said(stream, b"before") == b"before"
    proxy.hold()
    await proxy.cut()
    with pytest.raises(ConnectionResetError):
        await asyncio.wait_for(stream[0].read(), 5)
    stream[1].close()


async def test_nobody_listens() -> None:
    """Who dials a target that is not there is not left waiting."""
    async with TcpProxy.to(1) as proxy:
        reader, writer = await asyncio.open_connection(LOOPBACK, proxy.port)
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(reader.read(), 5)
        writer.close()


async def test_abandoned(proxy: TcpProxy) -> None:
    """Connections that are abandoned stay open and silent for good; new ones are as ever."""
    old = await asyncio.open_connection(LOOPBACK, proxy.port)
    assert await said(old, b"before") == b"before"
    proxy.abandon()
    new = await asyncio.open_connection(LOOPBACK, proxy.port)
    assert await said(new, b"new") == b"new"
    await proxy.restore()
    old[1].write(b"lost")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(old[0].read(1), 0.2)
    for _, writer in (old, new):
        writer.close()
