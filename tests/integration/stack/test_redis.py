"""Redis: forgets or keeps as it is told, is used by one process at a time, and comes from Debian without root."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as NotConnected

from kgraph.stack import redis_fetch
from kgraph.stack.errors import DataFolderInUse, ServerDied, StackError
from kgraph.stack.ports import LOOPBACK
from kgraph.stack.progress import silent
from kgraph.stack.redis import RedisOptions, RedisServer
from tests.proxy import TcpProxy
from tests.servers import Fast


@pytest.fixture(scope="module")
async def own_redis(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RedisServer]:
    """A Redis of this module's own, to be killed and restarted."""
    async with RedisServer.start(tmp_path_factory.mktemp("own-redis"), report=silent) as server:
        yield server


async def test_forgets_at_its_end(own_redis: RedisServer) -> None:
    """A restarted Redis is empty and at the same address."""
    url = own_redis.url
    for end in (own_redis.kill, own_redis.stop):
        async with Redis.from_url(url) as client:
            await client.set("kept", "no")
        await end()
        assert not own_redis.is_running
        async with Redis.from_url(url) as client:
            with pytest.raises(NotConnected):
                await client.ping()
        await own_redis.start_again()
        async with Redis.from_url(url) as client:
            assert await client.get("kept") is None
    assert own_redis.url == url


async def test_keeps_where_it_is_wished(tmp_path: Path) -> None:
    """With an append-only file, what was written is there in the next run on the folder."""
    options = RedisOptions(append_only=True)
    async with RedisServer.start(tmp_path, options, report=silent) as server, Redis.from_url(server.url) as client:
        await client.set("kept", "yes")
    async with RedisServer.start(tmp_path, options, report=silent) as server, Redis.from_url(server.url) as client:
        assert await client.get("kept") == b"yes"


async def test_session_server_answers(redis_server: Fast) -> None:
    """The session's Redis takes a restart, whoever runs it."""
    async with Redis.from_url(redis_server.url) as client:
        await client.set("a", "b")
        assert await client.get("a") == b"b"
    await redis_server.restart()
    async with Redis.from_url(redis_server.url) as client:
        assert await client.get("a") is None


async def test_pause_hangs_and_resume_ends_it(own_redis: RedisServer) -> None:
    """A paused server keeps its connections and answers nothing, until it is resumed."""
    async with Redis.from_url(own_redis.url) as client:
        await client.ping()
        own_redis.pause()
        try:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(client.ping(), 0.3)
        finally:
            own_redis.resume()
    async with Redis.from_url(own_redis.url) as client:
        assert await client.ping()


async def test_through_a_proxy(own_redis: RedisServer) -> None:
    """A client that comes through a proxy is cut off with it, and back when it is."""
    async with TcpProxy.to(own_redis.port) as proxy, Redis(host=LOOPBACK, port=proxy.port) as client:
        assert await client.ping()
        await proxy.cut()
        with pytest.raises(NotConnected):
            await client.ping()
        await proxy.restore()
        assert await client.ping()


async def test_listens_on_loopback_only(own_redis: RedisServer) -> None:
    """Nobody from another machine can reach it."""
    connections = psutil.Process(own_redis.pid).net_connections()
    assert {each.laddr.ip for each in connections if each.status == psutil.CONN_LISTEN} == {"127.0.0.1"}


async def test_second_opener_is_told_the_holder(own_redis: RedisServer) -> None:
    """Another start on the same data folder is refused with the process id of the one that has it."""
    with pytest.raises(DataFolderInUse, match=f"process {os.getpid()}"):
        async with RedisServer.start(own_redis.data_dir, report=silent):
            pass


async def test_bad_setting_is_shown(tmp_path: Path) -> None:
    """A Redis that refuses its configuration gives its own words and where the rest of them is."""
    with pytest.raises(ServerDied, match="perhaps") as caught:
        async with RedisServer.start(tmp_path, RedisOptions(settings={"appendonly": "perhaps"}), report=silent):
            pass
    assert str(tmp_path / "logs" / "process.log") in str(caught.value)


@pytest.mark.skipif(not shutil.which("apt-get"), reason="a machine without apt has no packages of Debian's")
async def test_debian_has_it() -> None:
    """Debian's package is unpacked whole: the program in the cache runs with the libraries beside it."""
    program = await redis_fetch.debian_program(silent)
    process = await asyncio.create_subprocess_exec(
        program.path, "--version", env={**os.environ, **program.env}, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    assert process.returncode == 0
    assert said.startswith(b"Redis server v=")


async def test_neither_redis_nor_apt(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine that has neither Redis nor apt is told what to install."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StackError, match="no apt to fetch redis-server by: install it"):
        await redis_fetch.redis_program(silent)
