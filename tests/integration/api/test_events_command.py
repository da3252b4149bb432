"""`kgraph events` as its users run it: a process of its own, on the API over the network."""

import asyncio
import fcntl
import os
import pty
import re
import signal
import struct
import sys
import termios
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kgraph.api.app import create_app
from kgraph.api.events.hub import Hub
from kgraph.api.settings import ApiSettings
from kgraph.cli.process.serving import listening, running
from kgraph.feed.bus import Bus
from kgraph.feed.event import Event, FieldChange, Severity
from kgraph.graphdb.store import Store
from kgraph.kube.sealing import Sealer
from tests.proxy import TcpProxy
from tests.published import validate
from tests.unit.feed.events import event
from tests.workers import until

pytestmark = pytest.mark.neo4j

ROOT = Path(__file__).parents[3]
CLUSTER = "prod"


class Command:
    """A running `kgraph events`: what it has written, and its end."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.out: list[str] = []
        self.err: list[str] = []
        assert process.stderr is not None
        self._reading = [asyncio.create_task(self._read(process.stderr, self.err))]
        if process.stdout is not None:
            self._reading.append(asyncio.create_task(self._read(process.stdout, self.out)))

    @staticmethod
    async def _read(stream: asyncio.StreamReader, into: list[str]) -> None:
        while line := await stream.readline():
            into.append(line.decode().rstrip("\n"))

    async def end(self, number: int = signal.SIGINT) -> int:
        """Its exit code after a signal, all that it wrote being read."""
        if self.process.returncode is None:
            self.process.send_signal(number)
        code = await asyncio.wait_for(self.process.wait(), 20)
        await asyncio.gather(*self._reading)
        return code


class Feed:
    """The API over a feed of this process, behind a proxy."""

    def __init__(self, bus: Bus, hub: Hub, proxy: TcpProxy) -> None:
        self.bus = bus
        self.hub = hub
        self.proxy = proxy

    @asynccontextmanager
    async def following(self, *words: str, stdout: int = asyncio.subprocess.PIPE) -> AsyncIterator[Command]:
        """The command, once it follows."""
        before = self.hub.subscriptions
        async with self.started(*words, stdout=stdout) as command:
            await holds(lambda: self.hub.subscriptions > before or command.process.returncode is not None)
            assert command.process.returncode is None, command.err
            yield command

    @asynccontextmanager
    async def started(self, *words: str, stdout: int = asyncio.subprocess.PIPE) -> AsyncIterator[Command]:
        """The command, ended with the block."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "kgraph.cli.main", "events", "--api", f"http://127.0.0.1:{self.proxy.port}"),
            *words,
            stdout=stdout,
            stderr=asyncio.subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, "TZ": "UTC", "TERM": "xterm-256color"},
            limit=2**20,
            # As a terminal starts it; a shell's background job is told to ignore Ctrl-C, and hands that on.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        command = Command(process)
        try:
            yield command
        finally:
            await command.end(signal.SIGKILL)


@pytest.fixture
async def feed(shop_store: Store) -> AsyncIterator[Feed]:
    """The API over the little shop, whose feed says what a test makes it say."""
    bus = Bus()
    hub = Hub(bus)
    async with served(shop_store, hub) as port, TcpProxy.to(port) as proxy:
        yield Feed(bus, hub, proxy)
        await proxy.cut()


@asynccontextmanager
async def served(store: Store, hub: Hub) -> AsyncIterator[int]:
    """The API over a graph and a feed, on the port that is given."""
    app = create_app(store, ApiSettings(), Sealer.of({}), hub=hub)
    with listening("127.0.0.1", 0) as listener:
        async with running(app, listener, 100_000):
            yield listener.getsockname()[1]


def changed(
    number: int, *, restarts: int = 0, labels: Mapping[str, str] = {}, severity: Severity = Severity.INFO, **given: Any
) -> Event:
    """An update of how often a Pod was restarted; each number is another change."""
    counts = (restarts or number, (restarts or number) - 1)
    name = given.setdefault("name", "web-1")
    metadata = {"name": name, "labels": labels}
    states = ({"kind": "Pod", "metadata": metadata, "status": {"restarts": each}} for each in counts)
    made = event(*states, cluster=CLUSTER, sequence=number, severity=severity, **given)
    new, old = (msgspec.Raw(str(each).encode()) for each in counts)
    return msgspec.structs.replace(made, diff={"status.restarts": FieldChange(old, new)})


async def holds(what: Callable[[], Any]) -> None:
    """Wait until something holds."""

    async def look() -> Any:
        return what()

    await until(look, "the command has written it")


def numbers(lines: list[str]) -> list[int]:
    """Which changes the lines of `-o json` tell of."""
    return [validate(line.encode())["metadata"]["sequence"] for line in lines]


async def test_an_event_is_a_line(feed: Feed) -> None:
    """Where the output is no terminal, each event is one line of cells under the columns' names, at once."""
    async with feed.following() as command:
        feed.bus.publish([changed(1), changed(2, severity=Severity.ERROR, name="web-2")])
        await holds(lambda: len(command.out) == 3)
        assert [line.split("\t") for line in command.out] == [
            ["TIME", "TYPE", "SEVERITY", "CLUSTER", "KIND", "NAMESPACE", "NAME", "CHANGES"],
            ["2026-11-25T10:00:00.000Z", "UPDATED", "info", "prod", "Pod", "shop", "web-1", "status.restarts 0 → 1"],
            ["2026-11-25T10:00:00.000Z", "UPDATED", "error", "prod", "Pod", "shop", "web-2", "status.restarts 1 → 2"],
        ]
        assert await command.end() == 130
        assert not any(command.err)


@pytest.mark.parametrize(
    ("words", "told", "last"),
    [
        (("pods",), [1, 2, 4], {}),
        (("po", "svc"), [1, 2, 3, 4], {}),
        (("pod/web-1",), [1, 4], {}),
        (("-n", "shop", "-n", "other"), [1, 2, 3, 4], {}),
        (("-n", "other"), [4], {"namespace": "other"}),
        (("--min-severity", "warning"), [2], {"severity": Severity.ERROR}),
        (("--field-selector", "status.restarts=2"), [2, 3], {"restarts": 2}),
        (("-l", "app=web"), [], {"labels": {"app": "web"}}),
        (("--cluster", CLUSTER), [1, 2, 3, 4], {}),
    ],
    ids=str,
)
async def test_words_narrow_what_is_told(
    feed: Feed, words: tuple[str, ...], told: list[int], last: Mapping[str, Any]
) -> None:
    """Kinds, one resource, namespaces, selectors and severity are the API's filter."""
    events = [
        changed(1),
        changed(2, severity=Severity.WARNING, name="web-2"),
        changed(3, kind="Service", name="web"),
        changed(4, namespace="other"),
        changed(9, **last),
    ]
    async with feed.following(*words, "-o", "json") as command:
        feed.bus.publish(events)
        await holds(lambda: command.out and numbers(command.out)[-1] == 9)
        assert numbers(command.out) == [*told, 9]


async def test_a_network_that_is_cut_costs_nothing(feed: Feed) -> None:
    """What happens while the network is cut is told after it is back, once and in order, and the user is told why."""
    async with feed.following("-o", "json", "pods") as command:
        feed.bus.publish([changed(1), changed(2)])
        await holds(lambda: len(command.out) == 2)
        await feed.proxy.cut()
        feed.bus.publish([changed(3), changed(4)])
        await holds(lambda: any("connecting again" in line for line in command.err))
        await feed.proxy.restore()
        await holds(lambda: len(command.out) >= 4)
        feed.bus.publish([changed(5)])
        await holds(lambda: len(command.out) >= 5)
        assert numbers(command.out) == [1, 2, 3, 4, 5]
        assert "Following again." in command.err


async def test_an_api_that_knows_nothing_of_what_was_read_says_so(feed: Feed, shop_store: Store) -> None:
    """Where another API takes over that has not read what came meanwhile, the user is told of it, and goes on."""
    async with feed.following("-o", "json") as command:
        feed.bus.publish([changed(1)])
        await holds(lambda: len(command.out) == 1)
        bus = Bus()
        hub = Hub(bus)
        async with served(shop_store, hub) as port:
            feed.proxy.target_port = port
            await feed.proxy.cut()
            await feed.proxy.restore()
            await holds(lambda: hub.subscriptions == 1 and "Following again, from now on." in command.err)
            assert any("events were lost" in line for line in command.err)
            bus.publish([changed(2)])
            await holds(lambda: len(command.out) == 2)
            await feed.proxy.cut()
    assert numbers(command.out) == [1, 2]


async def test_it_begins_with_what_is_there(feed: Feed) -> None:
    """With --initial-state the resource's state comes first, then what changes of it."""
    async with feed.following("deploy/web", "-n", "shop", "--initial-state", "-o", "wide") as command:
        await holds(lambda: len(command.out) == 2)
        cells = command.out[1].split("\t")
        assert cells[1:2] + cells[4:7] == ["INITIAL", "Deployment", "shop", "web"]
        feed.bus.publish([changed(1, kind="Deployment", group="apps", name="web")])
        await holds(lambda: len(command.out) == 3)
        assert command.out[2].split("\t")[1] == "UPDATED"


async def test_a_narrow_terminal_gets_whole_lines(feed: Feed) -> None:
    """In a terminal each event is one coloured line that fits, and Ctrl-C ends it without a word."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    os.set_blocking(leader, False)
    said = b""

    def is_said(count: int) -> bool:
        nonlocal said
        with suppress(BlockingIOError):
            said += os.read(leader, 65536)
        return said.count(b"\n") >= count

    try:
        async with feed.following(stdout=follower) as command:
            long = changed(
                1, name="a-name-that-is-longer-than-any-line-of-this-terminal-can-be", severity=Severity.ERROR
            )
            feed.bus.publish([long, changed(2)])
            await holds(lambda: is_said(2))
            assert await command.end() == 130
            assert not any(command.err)
    finally:
        os.close(follower)
        os.close(leader)
    assert b"\x1b[" in said
    first, second = re.sub(r"\x1b\[[0-9;]*m", "", said.decode()).split("\r\n")[:2]
    assert first.startswith("10:00:00  UPDATED  E  Pod shop/a-name-that")
    assert first.endswith("…")
    assert max(len(first), len(second)) <= 60
    assert second.strip() == "10:00:00  UPDATED  I  Pod shop/web-1 in prod  status.restar…"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("gizmos",), "gizmos"),
        (("--field-selector", "status.phase"), "compares no field"),
        (("--cluster", "nowhere"), "nowhere"),
    ],
    ids=["kind", "selector", "cluster"],
)
async def test_what_is_not_understood_is_said_at_once(feed: Feed, words: tuple[str, ...], said: str) -> None:
    """A question that can never be answered ends with the API's own words, not with another attempt."""
    async with feed.started(*words) as command:
        assert await asyncio.wait_for(command.process.wait(), 20) == 1
        await command.end()
        assert said in " ".join(command.err)
        assert "again" not in " ".join(command.err)


async def test_nobody_who_answers_is_said_at_once(feed: Feed) -> None:
    """Where there is no API from the start, nobody waits for one."""
    await feed.proxy.cut()
    async with feed.started() as command:
        assert await asyncio.wait_for(command.process.wait(), 20) == 1
        await command.end()
        assert f"no API answers at http://127.0.0.1:{feed.proxy.port}" in " ".join(command.err)
