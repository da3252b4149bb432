"""Waiting times after failures."""

from kgraph.backoff import Backoff


def test_waiting_times_double_up_to_a_limit_and_begin_anew() -> None:
    """Failures in a row are tried ever more seldom, never all at once, and success makes the next failure the first."""
    backoff = Backoff(0.5, 30)
    rounds = [backoff.seconds() for _ in range(12)]
    due = [min(0.5 * 2**at, 30) for at in range(12)]
    assert all(0.5 * one <= seconds <= 1.5 * one for seconds, one in zip(rounds, due, strict=True))
    assert len(set(rounds[-5:])) > 1
    backoff.reset()
    assert backoff.seconds() <= 0.75


def test_a_server_that_asks_for_time_has_it() -> None:
    """A server that says how long it wants to be spared is not asked earlier."""
    backoff = Backoff(0.5, 30)
    assert backoff.seconds(least=77) == 77
    assert backoff.seconds() <= 1.5, "the server's wish counts once"
