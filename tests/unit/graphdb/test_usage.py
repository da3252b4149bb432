"""Histograms of usage: percentiles are exact to within a bucket, the old fades, and what is stored is read back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgraph.graphdb.histogram import CPU_CORES, GROWTH, HALF_LIFE_SECONDS, MEMORY_BYTES, Histogram, Scale
from kgraph.graphdb.usage import (
    MOST_CONTAINERS,
    PAUSE_SECONDS,
    Amounts,
    ContainerHistory,
    add_sample,
    decode_history,
    decode_last,
    encode_history,
    encode_last,
    total,
    usage_key,
    workload_of,
)

NOW = 1_800_000_000.0
cores = st.floats(0.001, 1000.0)
scales = pytest.mark.parametrize("scale", [CPU_CORES, MEMORY_BYTES], ids=["cpu", "memory"])


def counted(scale: Scale, amounts: list[float], at: float = NOW) -> Histogram:
    """A histogram of samples of one moment."""
    histogram = Histogram(scale)
    for amount in amounts:
        histogram.add(amount, at)
    return histogram


@given(st.lists(cores, min_size=1), st.floats(0.01, 1.0))
def test_percentile_is_exact_to_a_bucket(amounts: list[float], share: float) -> None:
    """A percentile is the sample of that rank, or up to GROWTH above it."""
    found = counted(CPU_CORES, amounts).percentile(share)
    exact = sorted(amounts)[max(0, -int(-share * len(amounts) * (1 - 1e-9) // 1) - 1)]
    assert found is not None
    assert exact * (1 - 1e-6) <= found <= exact * GROWTH * (1 + 1e-6)


@given(st.lists(cores, min_size=1), st.lists(st.floats(0.0, 1.0), min_size=2, max_size=2))
def test_percentiles_rise(amounts: list[float], shares: list[float]) -> None:
    """A larger share of the samples never stays below a smaller one's bound."""
    histogram = counted(CPU_CORES, amounts)
    low, high = (histogram.percentile(share) for share in sorted(shares))
    assert low is not None
    assert high is not None
    assert low <= high


@scales
def test_amounts_off_the_scale_are_counted(scale: Scale) -> None:
    """Nothing used at all is the first bucket's, and more than the scale has the last one's."""
    assert counted(scale, [0.0]).percentile(1.0) == scale.first
    assert counted(scale, [1e30]).percentile(1.0) == scale.upper(scale.last)


@given(st.lists(cores, min_size=1, max_size=20), st.integers(0, 1_000_000))
def test_stored_histogram_is_the_same(amounts: list[float], later: int) -> None:
    """Encoding and decoding changes no percentile, in the days after the last sample."""
    histogram = counted(CPU_CORES, amounts)
    encoded = histogram.encode(NOW + later)
    decoded = Histogram.decode(CPU_CORES, encoded, NOW + later)
    assert len(encoded) == 6 * len(histogram)
    for share in (0.5, 0.95, 1.0):
        assert decoded.percentile(share) == histogram.percentile(share)


def test_old_samples_fade() -> None:
    """A sample counts half after a half-life: a day of 4 cores does not outweigh the two days of 1 core since."""
    histogram = Histogram(CPU_CORES)
    for minute in range(3 * 1440):
        histogram.add(4.0 if minute < 1440 else 1.0, NOW + minute * 60)
    middle, most = histogram.percentile(0.5), histogram.percentile(1.0)
    assert middle == pytest.approx(1.0, rel=0.05)
    assert most == pytest.approx(4.0, rel=0.05)


def test_a_peak_is_forgotten_in_the_end() -> None:
    """A single peak is the maximum for days, and no longer after a month without another."""
    histogram = counted(CPU_CORES, [64.0])
    for hour in range(31 * 24):
        histogram.add(1.0, NOW + hour * 3600)
        if hour == 3 * 24:
            histogram.encode(NOW + hour * 3600)
            assert histogram.percentile(1.0) == pytest.approx(64.0, rel=0.05)
    histogram.encode(NOW + 31 * 86_400)
    assert histogram.percentile(1.0) == pytest.approx(1.0, rel=0.05)


def test_years_do_not_overflow() -> None:
    """A histogram that is added to for ten years still tells the last of them."""
    histogram = Histogram(CPU_CORES)
    for day in range(3650):
        histogram.add(1.0 + day / 3650, NOW + day * HALF_LIFE_SECONDS)
    assert histogram.percentile(1.0) == pytest.approx(2.0, rel=0.06)
    assert len(histogram.encode(NOW + 3650 * HALF_LIFE_SECONDS)) < 100


def test_a_peak_of_many_pods_is_kept() -> None:
    """The one sample of ten thousand Pods that was high is still the maximum after a week."""
    histogram = counted(CPU_CORES, [64.0])
    for hour in range(7 * 24):
        for _ in range(1000):
            histogram.add(1.0, NOW + hour * 3600)
        histogram.encode(NOW + hour * 3600)
    assert histogram.percentile(1.0) == pytest.approx(64.0, rel=0.05)


@pytest.mark.parametrize("years", [-10, 10], ids=["back", "ahead"])
def test_a_wrong_clock_breaks_nothing(years: int) -> None:
    """A histogram written by a clock that is years off can be added to, stored and read, and is right in the end."""
    wrong = NOW + years * 365 * 86_400
    histogram = Histogram.decode(CPU_CORES, counted(CPU_CORES, [64.0], wrong).encode(wrong), wrong)
    for hour in range(24):
        histogram.add(1.0, NOW + hour * 3600)
    later = NOW + 86_400
    stored = Histogram.decode(CPU_CORES, histogram.encode(later), later)
    for hour in range(30 * 24):
        stored.add(1.0, later + hour * 3600)
    stored.encode(later + 30 * 86_400)
    assert stored.percentile(1.0) == pytest.approx(1.0, rel=0.05)


def test_history_is_read_back() -> None:
    """What a workload's node keeps is read back container by container."""
    web = ContainerHistory(NOW)
    for at in range(100):
        web.add(Amounts(0.1, 2.0**28), NOW + at)
    found = decode_history(encode_history({"web": web, "idle": ContainerHistory(NOW)}, NOW + 100))
    assert set(found) == {"web", "idle"}
    assert (found["web"].since, found["web"].samples) == (NOW, 100)
    assert found["web"].memory.percentile(0.99) == pytest.approx(2.0**28, rel=0.05)
    assert found["idle"].cpu.percentile(0.5) is None


def test_steady_container_is_small() -> None:
    """Three days of minutes, a tenth up and down, take less than 200 bytes."""
    web = ContainerHistory(NOW)
    for at in range(3 * 1440):
        web.add(Amounts(0.1 + 0.01 * (at % 3 - 1), 2.0**28 * (1 + 0.01 * (at % 5))), NOW + 60 * at)
    assert len(encode_history({"web": web}, NOW + 3 * 86_400)) < 200


def test_a_container_begins_anew_after_a_pause() -> None:
    """What a container used before a long pause is forgotten; before a short one it counts."""
    containers: dict[str, ContainerHistory] = {}
    add_sample(containers, {"web": Amounts(8.0, 1.0)}, NOW)
    add_sample(containers, {"web": Amounts(1.0, 1.0)}, NOW + PAUSE_SECONDS)
    assert (containers["web"].since, containers["web"].samples) == (NOW, 2)
    later = NOW + 2 * PAUSE_SECONDS + 1
    add_sample(containers, {"web": Amounts(1.0, 1.0)}, later)
    assert (containers["web"].since, containers["web"].samples) == (later, 1)
    assert containers["web"].cpu.percentile(1.0) == pytest.approx(1.0, rel=0.05)


def test_containers_are_bounded() -> None:
    """A workload whose containers are called otherwise with every release keeps the last ones only."""
    containers: dict[str, ContainerHistory] = {}
    for release in range(3 * MOST_CONTAINERS):
        usage = {"web": Amounts(1.0, 1.0), f"job-{release}": Amounts(1.0, 1.0)}
        add_sample(containers, usage, NOW + release)
    assert len(containers) == MOST_CONTAINERS
    assert {"web", f"job-{3 * MOST_CONTAINERS - 1}"} < containers.keys()
    assert len(encode_history(containers, NOW)) < 100 * MOST_CONTAINERS


@pytest.mark.parametrize(
    ("controllers", "workload"),
    [
        (["prod/apps/ReplicaSet/shop/web-7f9", "prod/apps/Deployment/shop/web"], "prod/apps/Deployment/shop/web"),
        (["prod/batch/Job/shop/tidy-1", "prod/batch/CronJob/shop/tidy"], "prod/batch/CronJob/shop/tidy"),
        (["prod/apps/StatefulSet/shop/db", "prod/db.example.com/Database/shop/db"], "prod/apps/StatefulSet/shop/db"),
        (["prod/db.example.com/Database/shop/db"], "prod/db.example.com/Database/shop/db"),
        ([], "prod/core/Pod/shop/p"),
    ],
    ids=["a Deployment", "a CronJob", "an operator's StatefulSet", "an operator's Pod", "a Pod of its own"],
)
def test_a_pod_counts_for_what_has_its_template(controllers: list[str], workload: str) -> None:
    """Usage counts for the highest controller whose manifest has the requests; the Pod's own without one."""
    assert workload_of("prod/core/Pod/shop/p", controllers) == workload
    assert usage_key(workload) == f"usage:{workload}"


@pytest.mark.parametrize("broken", [b"", b"\xc1", b"nonsense"], ids=["empty", "no MessagePack", "text"])
def test_broken_history_is_an_error(broken: bytes) -> None:
    """A property that is none of ours is a ValueError, which the worker answers by beginning anew."""
    with pytest.raises(ValueError, match=r"\S"):
        decode_history(broken)


def test_last_sample_is_read_back() -> None:
    """The last sample is JSON that a person can read, and adds up."""
    text = encode_last({"web-1": {"web": Amounts(0.25, 100.0), "proxy": Amounts(0.5, 50.0)}})
    assert text == '{"web-1":{"web":[0.25,100.0],"proxy":[0.5,50.0]}}'
    assert total(decode_last(text)["web-1"]) == Amounts(0.75, 150.0)
