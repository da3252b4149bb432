"""The embedded Neo4j: private, patient with kill -9, and used by one process at a time."""

import asyncio
import os
import re
import stat
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import neo4j
import psutil
import pytest
from neo4j.exceptions import AuthError

from kgraph.stack.errors import DataFolderInUse, ServerDied, StackError
from kgraph.stack.neo4j import DATABASE, Neo4jServer, default_data_dir
from kgraph.stack.neo4j_config import Neo4jOptions
from kgraph.stack.progress import silent
from tests.integration.stack.test_process import ended, until

pytestmark = pytest.mark.neo4j

SMALL = Neo4jOptions(heap_mib=512, page_cache_mib=64)

# Starts Neo4j on a folder, says its process id, and waits to be killed, or for our own end.
HOLDER = """
import asyncio, sys
from pathlib import Path
import structlog
from kgraph.stack.neo4j import Neo4jServer
from kgraph.stack.neo4j_config import Neo4jOptions
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
async def main():
    async with Neo4jServer.start(Path(sys.argv[1]), Neo4jOptions(heap_mib=512, page_cache_mib=64)) as server:
        print(server.pid, flush=True)
        await asyncio.to_thread(sys.stdin.read)
asyncio.run(main())
"""


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Neo4jServer]:
    """A Neo4j of this module's own, to be killed and restarted."""
    async with Neo4jServer.start(tmp_path_factory.mktemp("own-neo4j"), SMALL, report=silent) as started:
        yield started


def driver_of(server: Neo4jServer) -> neo4j.AsyncDriver:
    """A driver on a server, as its user."""
    return neo4j.AsyncGraphDatabase.driver(server.bolt_uri, auth=(server.user, server.password))


async def count_of(driver: neo4j.AsyncDriver) -> int:
    """How many nodes of these tests there are."""
    found = await driver.execute_query("MATCH (n:Kept) RETURN count(n) AS found", database_=DATABASE)
    return int(found.records[0]["found"])


async def test_restart_keeps_data_and_ports(server: Neo4jServer) -> None:
    """What was committed is there after a restart and after kill -9, for a driver that was open all the time."""
    bolt_uri = server.bolt_uri
    async with driver_of(server) as driver:
        await driver.execute_query("CREATE (:Kept)", database_=DATABASE)
        before = await count_of(driver)
        await server.restart()
        assert await count_of(driver) == before
        await driver.execute_query("CREATE (:Kept)", database_=DATABASE)
        await server.kill()
        assert not server.is_running
        await server.start_again()
        assert await count_of(driver) == before + 1
    assert server.bolt_uri == bolt_uri


async def test_password_is_private(server: Neo4jServer) -> None:
    """The password is random, in a file that we alone may read, and on no command line."""
    assert stat.S_IMODE(server.password_file.stat().st_mode) == 0o600
    assert server.password_file.read_text() == server.password
    assert len(server.password) >= 32
    assert int(server.password, 16), "no letter of it means anything to a command line"
    assert server.password not in " ".join(psutil.Process(server.pid).cmdline())
    assert server.password not in server.log.read_text()
    for guess in ("neo4j", "password"):
        with pytest.raises(AuthError):
            async with neo4j.AsyncGraphDatabase.driver(server.bolt_uri, auth=("neo4j", guess)) as driver:
                await driver.verify_connectivity()


async def test_browser_dials_this_server(server: Neo4jServer) -> None:
    """Neo4j Browser is served, and is told the Bolt address of this server rather than port 7687."""
    async with httpx.AsyncClient(trust_env=False) as client:
        page = await client.get(server.browser_uri)
        assert page.status_code == 200
        assert "<title>Neo4j Browser</title>" in page.text
        script = re.search(r'src="([^"]+\.js)"', page.text)
        assert script is not None
        assert (await client.get(f"{server.browser_uri}{script[1]}")).status_code == 200
        discovery = (await client.get(server.http_uri, headers={"accept": "application/json"})).json()
    assert discovery["bolt_direct"] == server.bolt_uri


async def test_listens_on_loopback_only(server: Neo4jServer) -> None:
    """Nobody from another machine can reach it."""
    listening = [c.laddr.ip for c in psutil.Process(server.pid).net_connections() if c.status == psutil.CONN_LISTEN]
    assert len(listening) == 2
    assert {ip.removeprefix("::ffff:") for ip in listening} == {"127.0.0.1"}


async def test_pause_hangs_and_resume_ends_it(server: Neo4jServer) -> None:
    """A paused server keeps its connections and answers nothing, until it is resumed."""
    async with driver_of(server) as driver:
        await count_of(driver)
        server.pause()
        try:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(count_of(driver), 0.5)
        finally:
            server.resume()
        assert await count_of(driver) >= 0


async def test_second_opener_is_told_the_holder(server: Neo4jServer) -> None:
    """Another start on the same data folder is refused with the process id of the one that has it."""
    with pytest.raises(DataFolderInUse, match=f"process {os.getpid()}"):
        async with Neo4jServer.start(server.data_dir, SMALL, report=silent):
            pass


async def test_killed_parent_takes_neo4j_along(tmp_path: Path) -> None:
    """Kill -9 of the parent ends Neo4j in good order; until it has, the folder is not given to the next one."""
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", HOLDER, str(tmp_path / "data")),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert parent.stdout is not None
    pid = int(await parent.stdout.readline())
    with pytest.raises(DataFolderInUse, match=f"process {parent.pid}"):
        async with Neo4jServer.start(tmp_path / "data", SMALL, report=silent):
            pass
    parent.kill()
    await parent.wait()
    async with Neo4jServer.start(tmp_path / "data", SMALL, report=silent) as successor:
        assert ended(pid)
        async with driver_of(successor) as driver:
            assert await count_of(driver) == 0
    await until(lambda: ended(pid))
    assert "Stopped." in (tmp_path / "data" / "logs" / "neo4j.log").read_text()


async def test_bad_setting_is_shown(tmp_path: Path) -> None:
    """A Neo4j that refuses its configuration gives its own words and where the rest of them is."""
    options = Neo4jOptions(heap_mib=512, settings={"server.bolt.enabled": "perhaps"})
    with pytest.raises(ServerDied) as caught:
        async with Neo4jServer.start(tmp_path, options, report=silent):
            pass
    assert "perhaps" in str(caught.value)
    assert str(tmp_path / "logs" / "process.log") in str(caught.value)


async def test_lost_password_is_not_replaced(tmp_path: Path) -> None:
    """Data whose password file is gone is left alone, and the error says what to do."""
    (tmp_path / "data" / "databases" / "system").mkdir(parents=True)
    with pytest.raises(StackError, match="`password` is gone: put it back"):
        async with Neo4jServer.start(tmp_path, SMALL, report=silent):
            pass


async def test_unknown_version_is_refused(tmp_path: Path) -> None:
    """A version whose jars are not pinned is not fetched."""
    with pytest.raises(StackError, match=r"Neo4j 4\.4\.0 is not known here"):
        async with Neo4jServer.start(tmp_path, Neo4jOptions(version="4.4.0"), report=silent):
            pass


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"KGRAPH_DATA": "/a", "XDG_DATA_HOME": "/b"}, "/a"),
        ({"XDG_DATA_HOME": "/b"}, "/b/dictamesh/neo4j"),
        ({"HOME": "/home/c"}, "/home/c/.local/share/dictamesh/neo4j"),
    ],
    ids=["named", "xdg", "home"],
)
def test_default_data_dir(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], expected: str) -> None:
    """The graph is kept where it was asked for, else with the user's data."""
    for name in ("KGRAPH_DATA", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert str(default_data_dir()) == expected


async def test_graph_driver_starts_empty(graph_driver: neo4j.AsyncDriver) -> None:
    """A test that takes the driver finds no node of another one."""
    await graph_driver.execute_query("UNWIND range(1, 3) AS i CREATE (:Left)-[:BEHIND]->(:Left)", database_=DATABASE)


async def test_graph_driver_starts_empty_again(graph_driver: neo4j.AsyncDriver) -> None:
    """Nor does the next one, whatever the test before left."""
    found = await graph_driver.execute_query("MATCH (n) RETURN count(n) AS found", database_=DATABASE)
    assert found.records[0]["found"] == 0
