"""The hub: one reading of the feed for all, each distinct filter once an event, and nobody waits for anybody."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from kgraph.api.errors import BadUserInput, Busy, Dropped, Gone
from kgraph.api.events import hub as hub_module
from kgraph.api.events.audience import takes
from kgraph.api.events.hub import Hub
from kgraph.api.events.positions import Position
from kgraph.api.events.ring import Ring
from kgraph.api.events.subscription import WAITING_MOST, Subscription
from kgraph.api.events.told import Item, Mark, MarkKind, Told
from kgraph.feed.bus import Bus
from kgraph.feed.event import Event, Severity
from kgraph.feed.filters import EventFilter
from tests.unit.feed.events import event
from tests.workers import until

ALL = EventFilter()


def numbered(*numbers: int, **more: Any) -> list[Event]:
    """Events of as many resources."""
    return [event({"metadata": {}}, name=f"web-{number}", sequence=number, **more) for number in numbers]


def names(items: Iterable[Item]) -> list[str]:
    """What some items tell of."""
    return [item.event.resource.name for item in items if isinstance(item, Told) and item.event.resource]


@asynccontextmanager
async def hubbed(**options: Any) -> AsyncIterator[tuple[Hub, Bus]]:
    """A hub that reads a bus."""
    bus = Bus()
    hub = Hub(bus, **options)
    hub.start()

    async def heard() -> bool:
        return bus.is_heard

    await until(heard, "the hub reads", 5)
    try:
        yield hub, bus
    finally:
        await hub.close()


@asynccontextmanager
async def following(hub: Hub, wanted: EventFilter) -> AsyncIterator[tuple[Subscription, Position]]:
    """A subscription that sees everything, and where it begins."""
    with hub.joined(wanted, None) as (subscription, _, now):
        yield subscription, now


async def told(hub: Hub, bus: Bus, events: Sequence[Event]) -> None:
    """Publish, and wait until the hub has it."""
    before = hub.counts.events + hub.counts.repeated
    bus.publish(events)

    async def has_it() -> bool:
        return hub.counts.events + hub.counts.repeated == before + len(events)

    await until(has_it, "the hub has them", 5)


async def test_everybody_gets_what_they_want_in_order() -> None:
    """Two who want all and one who wants the bad ones get theirs, each in the order of the feed."""
    worse = EventFilter(minimum_severity=Severity.WARNING)
    async with hubbed() as (hub, bus), AsyncExitStack() as stack:
        first, second, third = (stack.enter_context(hub.joined(wanted, None))[0] for wanted in (ALL, ALL, worse))
        await told(hub, bus, [*numbered(1, 2), *numbered(3, severity=Severity.ERROR)])
        assert names(await first.take()) == names(await second.take()) == ["web-1", "web-2", "web-3"]
        assert names(await third.take()) == ["web-3"]


async def test_a_filter_is_looked_at_once_however_many_share_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand subscribers of two filters: an event is held against two filters, and is one object for all."""
    asked: list[EventFilter] = []

    def counted(wanted: EventFilter, one: Told) -> bool:
        asked.append(wanted)
        return takes(wanted, one)

    monkeypatch.setattr(hub_module, "takes", counted)
    async with hubbed() as (hub, bus), AsyncExitStack() as stack:
        wishes = [ALL, EventFilter(clusters=("prod",))]
        joined = [stack.enter_context(hub.joined(wishes[at % 2], None))[0] for at in range(1000)]
        await told(hub, bus, numbered(1))
        assert len(asked) == hub.audiences == 2
        got = [item for subscription in joined for item in await subscription.take()]
        assert len(got) == 1000
        assert len(set(map(id, got))) == 1


async def test_who_is_slow_is_dropped_and_the_others_go_on() -> None:
    """A subscriber who takes nothing ends with `Dropped` and is counted; who takes gets everything."""
    async with hubbed() as (hub, bus), following(hub, ALL) as (slow, _), following(hub, ALL) as (quick, _):
        got: list[str] = []
        for start in range(0, WAITING_MOST + 100, 100):
            await told(hub, bus, numbered(*range(start, start + 100)))
            got += names(await quick.take())
        assert len(got) == WAITING_MOST + 100
        with pytest.raises(Dropped):
            await slow.take()
        assert hub.counts.dropped == 1


async def test_a_gap_of_the_source_ends_all() -> None:
    """Where the source has lost events, everybody is told to begin anew, and no earlier position is good any more."""
    async with hubbed(reaches_back=600.0) as (hub, bus):
        with hub.joined(ALL, None) as (one, _, now):
            bus.publish(numbered(*range(20_001)))
            with pytest.raises(Gone):
                await one.take()
        with pytest.raises(Gone):
            await hub.since(now)
        assert hub.counts.gaps == 1
        with hub.joined(ALL, None) as (again, _, _):
            await told(hub, bus, numbered(1))
            assert names(await again.take()) == ["web-1"]


async def test_a_change_that_is_sent_again_is_told_once() -> None:
    """The source may send a change twice; while the ring has it, it is told once."""
    async with hubbed() as (hub, bus), following(hub, ALL) as (one, _):
        await told(hub, bus, [*numbered(1, 2), *numbered(1, 2, 3)])
        assert names(await one.take()) == ["web-1", "web-2", "web-3"]
        assert hub.counts.repeated == 2


async def test_who_comes_back_gets_exactly_what_came_since() -> None:
    """On the same hub, after each of its positions: all that came later, and nothing else."""
    async with hubbed() as (hub, bus), following(hub, ALL) as (one, opened):
        await told(hub, bus, numbered(1, 2, 3))
        got = await one.take()
        assert names(await hub.since(opened)) == ["web-1", "web-2", "web-3"]
        for at, item in enumerate(got):
            assert item.position is not None
            assert names(await hub.since(Position.parse(str(item.position)))) == names(got[at + 1 :])


async def test_who_comes_to_another_replica_misses_nothing() -> None:
    """Another hub, which got the events in another order, tells what came after an event there, and shortly before."""
    async with hubbed() as (here, here_bus), hubbed() as (there, there_bus), following(here, ALL) as (one, _):
        await told(here, here_bus, numbered(1, 2, 3, 4))
        await told(there, there_bus, numbered(1, 3, 2, 4))
        second = (await one.take())[1]
        assert second.position is not None
        assert {"web-3", "web-4"} <= set(names(await there.since(second.position)))


async def test_a_hub_that_has_just_begun_waits_for_what_is_asked_for() -> None:
    """A replica that reads its first events is given a moment before it says that an event is not there."""
    async with hubbed() as (here, here_bus), following(here, ALL) as (one, _):
        await told(here, here_bus, numbered(1))
        (first,) = await one.take()
        assert first.position is not None
        async with hubbed() as (there, there_bus):
            asking = asyncio.create_task(there.since(first.position))
            await asyncio.sleep(0)
            await told(there, there_bus, numbered(1, 2))
            assert names(await asking) == ["web-1", "web-2"]


@pytest.mark.parametrize("bytes_most", [10**9, 5_000])
async def test_what_the_ring_has_no_more_is_gone(bytes_most: int) -> None:
    """Positions before what the ring holds are refused, be it full by number or by bytes; later ones are good."""
    async with hubbed(ring=Ring(3, bytes_most)) as (hub, bus), following(hub, ALL) as (one, opened):
        await told(hub, bus, numbered(*range(10)))
        got = await one.take()
        with pytest.raises(Gone, match="begin anew"):
            await hub.since(opened)
        assert got[-2].position is not None
        assert names(await hub.since(got[-2].position)) == ["web-9"]


async def test_moments_of_another_replica_are_good_as_far_as_the_source_reaches_back() -> None:
    """Who has seen nothing yet moves to a replica whose source began earlier, and to no other."""
    async with hubbed() as (here, _), following(here, ALL) as (_, opened):
        async with hubbed(reaches_back=60.0) as (there, bus):
            await told(there, bus, numbered(1))
            assert names(await there.since(opened)) == ["web-1"]
        async with hubbed() as (late, _):
            with pytest.raises(Gone):
                await late.since(opened)


async def test_positions_say_nothing_of_what_is_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """Signs of life move a quiet stream on, and neither they nor the opening name or count events."""
    monkeypatch.setattr(hub_module, "ALIVE_SECONDS", 0.01)
    other = EventFilter(clusters=("dev",))
    async with hubbed() as (hub, bus), following(hub, other) as (quiet, opened):
        await told(hub, bus, numbered(1, 2, 3))
        mark = (await quiet.take())[-1]
        assert isinstance(mark, Mark)
        assert mark.position is not None
        assert mark.position.event_id == opened.event_id == ""
        assert mark.position.stamp > opened.stamp


async def test_a_malformed_object_stops_nobody() -> None:
    """An object that no selector can look at is taken by none, and the next event comes."""
    labelled = EventFilter(label_selector=EventFilter().label_selector.parse("app=web"))
    async with hubbed() as (hub, bus), following(hub, labelled) as (one, _):
        wild = [event({"metadata": []}, name="wild", sequence=1), event({"metadata": {"labels": 7}}, sequence=2)]
        await told(hub, bus, [*wild, event({"metadata": {"labels": {"app": "web"}}}, name="good", sequence=3)])
        assert names(await one.take()) == ["good"]


async def test_a_source_that_fails_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a source raises, those who follow are told that there is a gap, and the reading goes on."""
    monkeypatch.setattr(hub_module, "AGAIN_SECONDS", 0.0)

    class Failing(Bus):
        """A bus whose first reading breaks off."""

        readings = 0

        async def events(self) -> AsyncGenerator[Sequence[Event], None]:
            self.readings += 1
            if self.readings == 1:
                await asyncio.sleep(0)
                raise OSError("the wire is cut")
            async for some in super().events():
                yield some

    bus = Failing()
    hub = Hub(bus)
    with hub.joined(ALL, None) as (one, _, _), pytest.raises(Gone):
        await one.take()

    async def heard() -> bool:
        return bus.is_heard

    await until(heard, "it reads again", 5)
    await hub.close()


async def test_a_hub_that_ends_sends_its_subscribers_elsewhere() -> None:
    """Who follows when the server ends is told to come again, and holds nothing up."""
    async with hubbed() as (hub, _):
        with hub.joined(ALL, None) as (one, _, _):
            await hub.close()
            with pytest.raises(Busy):
                await one.take()
        with pytest.raises(Busy), hub.joined(ALL, None):
            pass
        assert hub.subscriptions == hub.audiences == 0


async def test_marks_never_drop_anybody() -> None:
    """A sign of life that finds a full queue is left out: it is the next one's turn."""
    subscription = Subscription(0, most=1)
    async with hubbed() as (hub, _), following(hub, ALL) as (_, now):
        mark = Mark(MarkKind.ALIVE, now)
        assert subscription.put(mark)
        assert subscription.put(mark)
        assert await subscription.take() == (mark,)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "1.2",
        "x.r.e",
        "-1.r.",
        "1..e",
        "\u0661.r.e",
        "1.r." + "e" * 200,
        "1" * 999,
        "1.r.e\nid: 2.r.e",
        "1.r\r.e",
        "1.r. e",
    ],
)
def test_what_is_no_position_is_refused(text: str) -> None:
    """Whatever is sent as Last-Event-ID: a position, or words that say that it is none."""
    with pytest.raises(BadUserInput, match="no id of an event"):
        Position.parse(text)
