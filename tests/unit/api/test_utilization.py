"""Utilization: what is not known is null with a reason, and what is known is not diluted by it."""

import pytest

from kgraph.api.usage.metering import Metering, NodeUse, PodUse
from kgraph.api.usage.utilization import GroupBy, utilization
from kgraph.graphdb.usage import Amounts

KNOWN = {"prod": Metering("prod", interval_seconds=30.0)}


def pod(name: str, request: float, used: float | None, cpu_limit: float | None = None, node: str = "n") -> PodUse:
    """A Pod of the namespace `shop`, the same number of bytes as of cores."""
    usage = None if used is None else Amounts(used, used)
    key = f"prod/core/Pod/shop/{name}"
    return PodUse(key, "prod", "shop", name, node, Amounts(request, request), cpu_limit, None, {}, key, usage)


def test_ratio_is_of_the_sampled() -> None:
    """A Pod without a sample counts in the request and not in the ratio; how many have none is said."""
    pods = [pod("a", 1.0, 0.5, 2.0), pod("b", 1.0, None, 2.0)]
    (row,) = utilization(pods, [], KNOWN, GroupBy.NAMESPACE)
    assert (row.pods, row.sampled, row.cpu.request, row.cpu.usage, row.cpu.ratio) == (2, 1, 2.0, 0.5, 0.5)
    assert row.reason == f"1 of 2 Pods have no sample: {KNOWN['prod'].reason}"
    assert (row.cpu.limit, row.memory.limit) == (4.0, None)


@pytest.mark.parametrize(
    ("metering", "reason"),
    [
        (Metering("prod", interval_seconds=30.0, problem="no metrics here"), "no metrics here"),
        (Metering("prod", source="snapshot", interval_seconds=30.0), "cluster prod is a snapshot: nothing runs in it"),
        (Metering("prod", interval_seconds=0.0), "usage of cluster prod is not asked for: usage_interval is 0"),
        (
            Metering("prod", interval_seconds=60.0),
            "no sample in the last 240 s: what has just begun has none yet, what has ended none any more",
        ),
    ],
    ids=["a problem", "a snapshot", "off", "too early"],
)
def test_unknown_usage_is_null_with_a_reason(metering: Metering, reason: str) -> None:
    """Without any sample usage and ratio are null, never zero, and the cluster's reason is given."""
    (row,) = utilization([pod("a", 1.0, None)], [], {"prod": metering}, GroupBy.CLUSTER)
    assert (row.cpu.usage, row.cpu.ratio, row.reason) == (None, None, reason)


def test_nothing_requested_has_no_ratio() -> None:
    """Of Pods that request nothing usage is known and no share of it."""
    (row,) = utilization([pod("a", 0.0, 0.5)], [], KNOWN, GroupBy.OWNER)
    assert (row.cpu.usage, row.cpu.ratio, row.reason) == (0.5, None, None)


def test_nodes_show_what_there_is() -> None:
    """Grouped by Node or cluster, what Pods could have is beside what they request, of an idle Node too."""
    nodes = [NodeUse(f"k{at}", "prod", name, {}, Amounts(8, 8), Amounts(7, 7), None) for at, name in enumerate("nm")]
    by_node = utilization([pod("a", 1.0, 0.5), pod("b", 1.0, 0.5, node="m")], nodes, KNOWN, GroupBy.NODE)
    assert [(row.group.name, row.cpu.allocatable) for row in by_node] == [("m", 7), ("n", 7)]
    idle = utilization([pod("a", 1.0, 0.5)], nodes, KNOWN, GroupBy.NODE)[0]
    assert (idle.group.name, idle.pods, idle.cpu.request, idle.cpu.usage, idle.reason) == ("m", 0, 0.0, None, None)
    (whole,) = utilization([pod("a", 1.0, 0.5)], nodes, KNOWN, GroupBy.CLUSTER)
    assert whole.cpu.allocatable == 14
