"""What a process does about the driver's reads changes their price, and nothing of what is read."""

import asyncio
from typing import Any

import pytest

from kgraph.graphdb.store import Store
from kgraph.graphdb.wire import Connection, read_at_once

RECORDS = 300
MANY = "UNWIND range(1, $records) AS i RETURN i, 'abc' AS text, [i, i] AS list"
# Around a chunk of Bolt's (64 KiB less one), and around what asyncio keeps of a connection (128 KiB) before it waits.
SIZES = (0, 1, 2, 65_534, 65_535, 65_536, 131_071, 131_073, 3_000_000)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process reads as those of the program do."""
    monkeypatch.setattr(Connection, "recv_into", Connection.recv_into)  # so that it is put back
    read_at_once()


@pytest.mark.usefixtures("quick")
async def test_an_answer_of_many_records_costs_no_timer_a_record(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """What has arrived is read without a clock, whichever way this Python has of keeping one."""
    assert len(await store.read_text(MANY, {"records": RECORDS})) == RECORDS  # its connection is there now
    loop: Any = asyncio.get_running_loop()
    timers = 0
    call_at = loop.call_at

    def counted(*arguments: Any, **options: Any) -> Any:
        nonlocal timers
        timers += 1
        return call_at(*arguments, **options)

    monkeypatch.setattr(loop, "call_at", counted)
    assert len(await store.read_text(MANY, {"records": RECORDS})) == RECORDS
    assert timers < RECORDS / 2


@pytest.mark.usefixtures("quick")
async def test_values_of_any_size_are_read_whole(store: Store) -> None:
    """Values around the edges of a chunk and of a buffer come as Neo4j has them, and so does what follows them."""
    answer = await store.read_text(
        "UNWIND $values AS value RETURN value", {"values": [each * "x" for size in SIZES for each in (size, 1)]}
    )
    assert [len(record["value"]) for record in answer] == [each for size in SIZES for each in (size, 1)]
    assert all(set(record["value"]) <= {"x"} for record in answer)
