"""A server is started on free ports, asked until it is ready, and its failure says where to look."""

import asyncio
import socket
import sys
from pathlib import Path

import pytest

from kgraph.stack.errors import PortTaken, ServerDied, ServerNotReady
from kgraph.stack.ports import free_ports
from kgraph.stack.process import Command
from kgraph.stack.server import NotYet, Plan, Ports, Server

# Listens on the port of its argument, and says so as real servers do when the port is taken.
LISTENER = """
import socket, sys, time
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", int(sys.argv[1])))
listener.listen()
while True: listener.accept()[0].close()
"""


async def answers(ports: Ports) -> None:
    """A probe: something accepts connections."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", ports["main"])
    except OSError as error:
        raise NotYet(str(error)) from error
    writer.close()
    await writer.wait_closed()


def plan(folder: Path, program: str, *, port: int = 0, deadline_seconds: float = 30.0) -> Plan:
    """The plan of a small server in Python."""

    def command(ports: Ports) -> Command:
        return Command("small", (sys.executable, "-c", program, str(ports["main"])), folder / "log", grace_seconds=1)

    return Plan("small server", {"main": port}, command, answers, deadline_seconds)


async def test_restart_keeps_port(tmp_path: Path) -> None:
    """A server is found at the same port after a restart, and after kill -9."""
    async with Server.run(plan(tmp_path, LISTENER)) as server:
        ports, pid = server.ports, server.pid
        await server.restart()
        assert server.ports == ports
        assert server.pid != pid
        await server.kill()
        assert not server.is_running
        await server.start_again()
        assert server.ports == ports


async def test_port_taken_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that somebody takes between our look and the server's bind costs another try, not the start."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        stolen, free = taken.getsockname()[1], free_ports(1)[0]
        offers = iter([(stolen,), (free,)])
        monkeypatch.setattr("kgraph.stack.server.free_ports", lambda _count: next(offers))
        async with Server.run(plan(tmp_path, LISTENER)) as server:
            assert server.ports == {"main": free}


async def test_wanted_port_taken(tmp_path: Path) -> None:
    """A port that was asked for by number is not replaced by another."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken, match=f"cannot listen on port {port}"):
            await Server.start(plan(tmp_path, LISTENER, port=port))


async def test_death_at_start_shows_log(tmp_path: Path) -> None:
    """A server that dies at its start gives its exit code, its last words and its log's path."""
    (tmp_path / "log").write_text("from an earlier run\n")
    with pytest.raises(ServerDied) as caught:
        await Server.start(plan(tmp_path, "import sys; print('out of luck'); sys.exit(3)"))
    message = str(caught.value)
    assert message.startswith("small (process ")
    assert "code 3" in message
    assert "out of luck" in message
    assert str(tmp_path / "log") in message
    assert "earlier run" not in message


async def test_silence_until_deadline(tmp_path: Path) -> None:
    """A server that lives and never answers is ended, and the error says what was asked of it last."""
    with pytest.raises(ServerNotReady, match=r"not ready in 0\.5 s: .*[Cc]onnect"):
        await Server.start(plan(tmp_path, "import signal; signal.pause()", deadline_seconds=0.5))


def test_free_ports_are_apart_from_outgoing_ones() -> None:
    """Ports for servers are different ones, and below those that the system gives to outgoing connections."""
    found = free_ports(20)
    floor = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert len(set(found)) == 20
    assert max(found) < max(floor, 21_000)
