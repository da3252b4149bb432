"""Recommendations: never below what was needed, with their reasons, and modest where there is little to go by."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgraph.api.usage.rightsizing import (
    CPU,
    MARGIN,
    MEMORY,
    Confidence,
    Terms,
    WorkloadAdvice,
    advice,
    confidence,
    recommend,
    wasteful,
)
from kgraph.graphdb.histogram import CPU_CORES, GROWTH, Histogram
from kgraph.graphdb.usage import Amounts, ContainerHistory
from kgraph.kube.resources import Asked

NOW = datetime(2027, 3, 1, tzinfo=UTC)
MIB = 2.0**20
DAY = 86_400.0


def history(samples: list[tuple[float, float]], days: float = 8.0) -> ContainerHistory:
    """Samples of cores and MiB, spread over the last so many days."""
    began = NOW.timestamp() - days * DAY
    found = ContainerHistory(began)
    for at, (cpu, memory) in enumerate(samples):
        found.add(Amounts(cpu, memory * MIB), began + at * days * DAY / len(samples))
    return found


def of_cpu(amounts: list[float]) -> Histogram:
    """A histogram of cores, all of one moment."""
    found = Histogram(CPU_CORES)
    for amount in amounts:
        found.add(amount, NOW.timestamp())
    return found


@given(st.lists(st.floats(0.001, 100.0), min_size=1), st.none() | st.floats(0.001, 100.0))
def test_recommendation_fits_what_was_needed(amounts: list[float], request: float | None) -> None:
    """The recommendation is the 95th percentile and its margin, to a bucket and a step, or the minimum."""
    found = recommend(CPU, of_cpu(amounts), Terms(request), "samples")
    exact = sorted(amounts)[max(0, -int(-0.95 * len(amounts) * (1 - 1e-9) // 1) - 1)]
    assert found.recommended is not None
    assert found.recommended >= exact * MARGIN * (1 - 1e-6)
    assert found.recommended <= max(exact * MARGIN * GROWTH * (1 + 1e-5) + CPU.step, CPU.least)


@given(st.floats(0.0, 0.001), st.floats(0.003, 5.0))
def test_minimum_raises_no_request(amount: float, request: float) -> None:
    """A container that uses next to nothing keeps its request where that is below the minimum."""
    found = recommend(CPU, of_cpu([amount]), Terms(request), "samples")
    assert found.recommended is not None
    assert found.recommended <= request


def test_memory_follows_the_peak() -> None:
    """One peak in a hundred samples decides the request of memory and not that of CPU."""
    (container,) = advice({"web": history([(0.1, 100.0)] * 99 + [(2.0, 900.0)], days=0.5)}, None, NOW)
    assert container.cpu.recommended == pytest.approx(0.1 * MARGIN, rel=0.06)
    assert container.memory.recommended == pytest.approx(900 * MIB * MARGIN, rel=0.06)


def test_memory_that_was_too_little_is_raised() -> None:
    """A container that was killed for want of memory is advised more than it had, whatever the samples saw."""
    asked, used = {"web": Asked(1.0, 256 * MIB, None, 512 * MIB)}, {"web": history([(0.2, 100.0)] * 5000)}
    (calm,), (killed,) = advice(used, asked, NOW), advice(used, asked, NOW, frozenset({"web"}))
    assert calm.memory.recommended is not None
    assert calm.memory.recommended < 256 * MIB
    assert killed.memory.recommended == pytest.approx(512 * 1.2 * MIB, abs=MIB)
    assert "it was killed for want of memory: at least 20% more than it had, 615Mi" in killed.memory.reason
    assert killed.cpu == calm.cpu


def test_the_reason_shows_the_reckoning() -> None:
    """The words say what was used, how many samples that rests on since when, the margin, and what is requested now."""
    asked = {"web": Asked(1.0, 512 * MIB, None, 600 * MIB)}
    (container,) = advice({"web": history([(0.2, 580.0)] * 5000)}, asked, NOW)
    assert container.cpu.reason == (
        "the 95th percentile that it used is 204m, of 5000 samples since 2027-02-21 00:00 UTC; with a margin of 15% "
        "that is 235m; it requests 1000m now"
    )
    assert container.memory.reason.endswith("it requests 512Mi now; its limit of 600Mi has to be raised too")


def test_nothing_known_recommends_nothing() -> None:
    """Without a sample there is no number, but a reason."""
    (container,) = advice({"web": ContainerHistory(NOW.timestamp())}, {"web": Asked(1.0)}, NOW)
    assert container.cpu.recommended is None
    assert container.cpu.used is None
    assert container.cpu.reason == "there is no sample yet"


def test_containers_that_are_gone_are_left_out() -> None:
    """A container of an earlier template gets no advice; where no Pod runs, all that ran do."""
    kept = {"web": history([(0.1, 1.0)]), "old": history([(0.1, 1.0)])}
    assert [each.name for each in advice(kept, {"web": Asked(1.0)}, NOW)] == ["web"]
    without = advice(kept, None, NOW)
    assert [each.name for each in without] == ["old", "web"]
    assert without[0].cpu.reason.endswith("what it requests is not known: no Pod of it is there")


@pytest.mark.parametrize(
    ("days", "samples", "expected"),
    [
        (0.5, 5000, Confidence.LOW),
        (8.0, 50, Confidence.LOW),
        (2.0, 5000, Confidence.MEDIUM),
        (8.0, 1000, Confidence.MEDIUM),
        (8.0, 5000, Confidence.HIGH),
    ],
    ids=["half a day", "few samples", "two days", "a week of few", "a week"],
)
def test_confidence_takes_time_and_samples(days: float, samples: int, expected: Confidence) -> None:
    """A short history, or a thin one, is little to go by."""
    assert confidence(history([(0.1, 1.0)] * samples, days), NOW) is expected


def workload(cpu: float, memory: float, asked: Asked, pods: int = 3) -> WorkloadAdvice:
    """A workload of one container that used this all the time, memory in MiB."""
    return WorkloadAdvice("h", "k", pods, advice({"web": history([(cpu, memory)] * 200)}, {"web": asked}, NOW))


def test_waste_is_found_by_its_share() -> None:
    """Half of either request is enough to be found, a request that fits is not, nor one that is not there."""
    idle = workload(0.1, 900.0, Asked(1.0, 1024 * MIB))
    fits = workload(0.8, 900.0, Asked(1.0, 1024 * MIB))
    none = workload(0.1, 10.0, Asked())
    assert wasteful([idle, fits, none], 0.5) == [idle]


def test_savings_are_those_of_all_pods() -> None:
    """What would be saved is the difference of the requests, times the Pods; below zero where more is needed."""
    assert workload(0.1, 900.0, Asked(1.0, 2048 * MIB)).saved.cpu == pytest.approx(3 * (1.0 - 0.1 * MARGIN), rel=0.02)
    assert workload(2.0, 900.0, Asked(1.0, 2048 * MIB)).saved.cpu < 0
    assert MEMORY.least == 32 * MIB
