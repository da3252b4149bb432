"""How often a caller may ask: token buckets, their fairness and their memory."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgraph.api.callers.addresses import place
from kgraph.api.callers.caller import ANYONE, Caller, Impersonation
from kgraph.api.callers.rates import Buckets, Rates, RateSettings
from kgraph.api.errors import Busy


class Clock:
    """A clock that a test puts on."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


PAUSES = st.lists(st.floats(0, 3, allow_nan=False), max_size=200)


@given(PAUSES, st.floats(0.1, 50), st.integers(1, 20))
def test_nobody_gets_more_than_the_rate_and_the_burst(pauses: list[float], rate: float, burst: int) -> None:
    """However the requests come, those let in during any time are at most the burst and what the rate gives in it."""
    clock = Clock()
    buckets, times = Buckets(rate, burst, clock=clock), list[float]()
    for pause in pauses:
        clock.now += pause
        if buckets.take("a") == 0:
            times.append(clock.now)
    for first in range(len(times)):
        for last in range(first, len(times)):
            assert last - first + 1 <= burst + rate * (times[last] - times[first]) + 1e-6


@given(PAUSES, st.floats(0.1, 50), st.integers(1, 20))
def test_who_comes_when_they_are_told_is_let_in(pauses: list[float], rate: float, burst: int) -> None:
    """The wait that is told is enough, and asking in vain does not make it longer."""
    clock = Clock()
    buckets = Buckets(rate, burst, clock=clock)
    for pause in pauses:
        clock.now += pause
        wait = buckets.take("a")
        if wait:
            assert buckets.take("a") == pytest.approx(wait)
            clock.now += wait + 1e-9
            assert buckets.take("a") == 0


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.floats(0, 0.5)), max_size=300))
def test_callers_do_not_take_from_one_another(asked: list[tuple[str, float]]) -> None:
    """What a caller is let do is what they would be let do alone, whoever else asks, and however often."""
    clock = Clock()
    together = Buckets(5, 3, clock=clock)
    alone = {key: Buckets(5, 3, clock=clock) for key in "abcdefgh"}
    for key, pause in asked:
        clock.now += pause
        assert together.take(key) == alone[key].take(key)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1000), st.floats(0, 0.2)), max_size=400))
def test_what_is_kept_is_bounded(asked: list[tuple[int, float]]) -> None:
    """However many callers there are, no more than the limit are remembered."""
    clock = Clock()
    buckets = Buckets(1, 2, most=10, clock=clock)
    for key, pause in asked:
        clock.now += pause
        buckets.take(key)
        assert len(buckets) <= 10


def test_a_crowd_does_not_make_a_caller_be_forgotten() -> None:
    """Where there are more callers than are kept, the new ones share one bucket, and whoever is kept keeps theirs."""
    clock = Clock()
    buckets = Buckets(1, 2, most=3, clock=clock)
    for key in "abc":
        assert [buckets.take(key), buckets.take(key)] == [0, 0]
    assert [buckets.take(f"new {at}") > 0 for at in range(4)] == [False, False, True, True]
    assert buckets.take("a") > 0
    clock.now += 2
    assert buckets.take("new 9") == 0
    assert len(buckets) == 1


def known(user: str, **more: Any) -> Caller:
    """Somebody who is known."""
    return Caller(user, method="oidc", **more)


def test_who_impersonates_pays_for_it_themselves() -> None:
    """Being a thousand others gives nobody a thousand buckets."""
    rates = Rates(RateSettings(1, 2), clock=Clock())
    me = known("me")
    for user in ("a", "b"):
        rates.ask(known(user, impersonation=Impersonation(me, ())))
    with pytest.raises(Busy) as error:
        rates.ask(me)
    assert error.value.retry_after == pytest.approx(1)
    assert error.value.extensions == {"reason": "TooManyRequests"}
    rates.ask(known("a"))


def test_looking_at_an_address_takes_nothing() -> None:
    """An address is refused only for what it has tried, and only while it is."""
    clock = Clock()
    rates = Rates(RateSettings(1, 1), clock=clock)
    for _ in range(5):
        rates.look("192.0.2.1")
    rates.knock("192.0.2.1")
    with pytest.raises(Busy):
        rates.look("192.0.2.1")
    rates.look("192.0.2.2")
    clock.now += 1
    rates.look("192.0.2.1")


def test_without_authentication_or_limits_nobody_is_counted() -> None:
    """Where nobody says who they are there is one caller, who is not limited; and 0 is no limit."""
    rates, unlimited = Rates(RateSettings(1, 1, 1), clock=Clock()), Rates(RateSettings())
    for _ in range(5):
        rates.ask(ANYONE)
        rates.look_at_streams(ANYONE)
        unlimited.ask(known("me"))
        unlimited.knock("192.0.2.1")


def test_streams_are_counted_while_they_are_open() -> None:
    """A caller has so many streams and no more, each of them until it ends; another has their own."""
    rates = Rates(RateSettings(streams=2))
    me = known("me")
    with rates.stream(me):
        with rates.stream(me):
            with pytest.raises(Busy, match="2 streams open"):
                rates.look_at_streams(me)
            with pytest.raises(Busy), rates.stream(me):
                pass
            rates.look_at_streams(known("other"))
        rates.look_at_streams(me)


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("testclient", ""),
    ],
)
def test_what_counts_as_one_address(address: str, counted: str) -> None:
    """Nobody has more than one place by having many addresses of IPv6, or by writing one otherwise."""
    assert place(address) == counted
