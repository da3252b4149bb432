"""The bus within a process."""

import asyncio

import pytest

from kgraph.feed.bus import Bus, Lagged
from tests.unit.feed.events import event


async def test_every_listener_hears_everything_in_order() -> None:
    """Two listeners at different paces hear the same events in the same order."""
    bus = Bus()
    events = [event({"n": n}, sequence=n) for n in range(5)]
    first, second = bus.events(), bus.events()
    steps = [asyncio.ensure_future(anext(each)) for each in (first, second)]
    await asyncio.sleep(0)
    bus.publish(events[:2])
    heard = list(await steps[0])
    bus.publish(events[2:])
    assert [*heard, *(await anext(first))] == events
    both = list(await steps[1])
    if len(both) < len(events):
        both += await anext(second)
    assert both == events
    await first.aclose()
    await second.aclose()
    assert not bus.is_heard


async def test_a_slow_listener_is_told_what_it_lost() -> None:
    """A listener that falls behind is told so, and nobody waits for it."""
    bus = Bus(most=3)
    listener = bus.events()
    step = asyncio.ensure_future(anext(listener))
    await asyncio.sleep(0)
    bus.publish([event({"n": 1})] * 4)
    with pytest.raises(Lagged, match="4 events"):
        await step
