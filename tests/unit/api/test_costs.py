"""Costs add up, whatever the Pods request and use, and each Pod pays for what it keeps others from."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgraph.api.prices import GIB, MONTH_HOURS, PriceRule, Prices
from kgraph.api.usage.costs import Clusters, Part, Row, costs, paid
from kgraph.api.usage.metering import ClaimUse, NodeUse, PodUse
from kgraph.api.usage.utilization import GroupBy
from kgraph.graphdb.usage import Amounts

INSTANCE = "node.kubernetes.io/instance-type"
PRICES = Prices(cpu_hour=0.03, memory_gib_hour=0.004, storage_gib_month=0.1)


def pod(
    name: str,
    node: str | None,
    request: tuple[float, float],
    usage: tuple[float, float] | None = None,
    namespace: str = "shop",
    **labels: str,
) -> PodUse:
    """A Pod of the cluster `prod`, memory in GiB."""
    key = f"prod/core/Pod/{namespace}/{name}"
    used = Amounts(usage[0], usage[1] * GIB) if usage else None
    wants = Amounts(request[0], request[1] * GIB)
    return PodUse(key, "prod", namespace, name, node, wants, None, None, labels, key, used)


def machine(name: str = "node-1", cpu: float = 4.0, memory: float = 16.0, instance: str = "small") -> NodeUse:
    """A Node that keeps a twentieth for the system."""
    whole = Amounts(cpu, memory * GIB)
    left = Amounts(whole.cpu * 0.95, whole.memory * 0.95)
    return NodeUse(f"prod/core/Node/_/{name}", "prod", name, {INSTANCE: instance}, whole, left, None)


def claim(name: str, size: float, namespace: str = "shop", workload: str = "") -> ClaimUse:
    """A claim, or without a namespace a volume, of so many GiB."""
    return ClaimUse(f"prod/core/PersistentVolumeClaim/{namespace}/{name}", "prod", namespace, size * GIB, {}, workload)


def clusters(pods: Sequence[PodUse], nodes: Sequence[NodeUse], *claims: ClaimUse) -> Clusters:
    """What is to be paid for."""
    return Clusters(
        pods, nodes, [each for each in claims if each.namespace], [each for each in claims if not each.namespace]
    )


def named(rows: Sequence[Row]) -> dict[tuple[Part, str | None], Row]:
    """The rows by part and name."""
    return {(row.part, row.group.name): row for row in rows}


amounts = st.tuples(st.floats(0.0, 20.0), st.floats(0.0, 60.0))
some_pods = st.lists(
    st.builds(
        pod,
        st.uuids().map(str),
        st.sampled_from(["node-1", "node-2", None]),
        amounts,
        st.none() | amounts,
        st.sampled_from(["shop", "bank"]),
    ),
    max_size=12,
)


@given(some_pods, st.sampled_from([GroupBy.NAMESPACE, GroupBy.OWNER, GroupBy.NODE, GroupBy.CLUSTER, GroupBy.LABEL]))
def test_rows_add_up_to_the_nodes(pods: list[PodUse], by: GroupBy) -> None:
    """Allocated, idle and reserved are together what Nodes and volumes cost, even where Pods use more than there is."""
    nodes = [machine("node-1"), machine("node-2", 8.0, 32.0, "large")]
    prices = Prices(
        cpu_hour=0.03,
        memory_gib_hour=0.004,
        storage_gib_month=0.1,
        rules=(PriceRule(node_label=f"{INSTANCE}=large", node_hour=0.5),),
    )
    rows = costs(clusters(pods, nodes, claim("data", 73.0), claim("left", 73.0, "")), prices, by, "team")
    whole = 4 * 0.03 + 16 * 0.004 + 0.5 + 2 * 73.0 * 0.1 / MONTH_HOURS
    assert sum(row.bill.total for row in rows) == pytest.approx(whole)
    assert sum(row.bill.cpu for row in rows) == pytest.approx(12.0)
    assert all(row.bill.total >= 0 for row in rows)


@given(some_pods)
def test_a_namespace_pays_the_same_alone(pods: list[PodUse]) -> None:
    """Asked for alone, a namespace costs what it costs among the others, and nothing idle is shown."""
    of = clusters(pods, [machine("node-1"), machine("node-2")])
    among = named(costs(of, PRICES, GroupBy.NAMESPACE))
    alone = named(costs(of, PRICES, GroupBy.NAMESPACE, namespaces=frozenset({"shop"})))
    assert set(alone) <= {(Part.ALLOCATED, "shop")}
    assert alone.get((Part.ALLOCATED, "shop")) == among.get((Part.ALLOCATED, "shop"))


def test_a_pod_pays_for_the_larger() -> None:
    """Of each resource a Pod pays the larger of request and usage; the request where there is no sample."""
    assert paid(pod("a", "node-1", (1.0, 4.0), (2.0, 1.0))) == Amounts(2.0, 4.0 * GIB)
    assert paid(pod("b", "node-1", (1.0, 4.0))) == Amounts(1.0, 4.0 * GIB)


def test_what_nobody_has_is_idle() -> None:
    """What is allocatable and not taken has its own row, and what is kept for the system another."""
    rows = named(costs(clusters([pod("web", "node-1", (1.0, 2.0))], [machine()]), PRICES, GroupBy.NAMESPACE))
    assert rows[Part.ALLOCATED, "shop"].bill.total == pytest.approx(0.03 + 2 * 0.004)
    assert rows[Part.IDLE, None].bill.cpu == pytest.approx(2.8)
    assert rows[Part.RESERVED, None].bill.memory == pytest.approx(0.05 * 16 * GIB)


def test_waiting_pods_pay_nothing() -> None:
    """A Pod that no Node has yet costs nothing."""
    rows = named(costs(clusters([pod("web", None, (1.0, 1.0))], [machine()]), PRICES, GroupBy.NAMESPACE))
    assert set(rows) == {(Part.IDLE, None), (Part.RESERVED, None)}


def test_pods_of_an_unknown_node_pay_general_prices() -> None:
    """Where Nodes are not in the graph their Pods pay all the same, and nothing is idle."""
    rows = named(costs(clusters([pod("web", "hidden", (2.0, 0.0))], []), PRICES, GroupBy.NAMESPACE))
    assert rows[Part.ALLOCATED, "shop"].bill.total == pytest.approx(0.06)
    assert rows[Part.IDLE, None].bill.total == 0


def test_labels_and_owners_have_their_rows() -> None:
    """Costs go to a label's value, to a workload, and claims to the workload that mounts them."""
    pods = [pod("a", "node-1", (1.0, 0.0), team="red"), pod("b", "node-1", (2.0, 0.0))]
    by_label = named(costs(clusters(pods, [machine()]), PRICES, GroupBy.LABEL, "team"))
    assert by_label[Part.ALLOCATED, "red"].bill.cpu == 1.0
    assert by_label[Part.ALLOCATED, None].bill.cpu == 2.0
    mounted = claim("data", 730.0, workload=pods[0].key)
    by_owner = named(costs(clusters(pods, [machine()], mounted), PRICES, GroupBy.OWNER))
    assert by_owner[Part.ALLOCATED, pods[0].key].bill.storage_cost == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("rule", "cpu", "memory_gib"),
    [
        (PriceRule(node_label=f"{INSTANCE}=small", cpu_hour=1.0), 1.0, 0.004),
        (PriceRule(node_label=f"{INSTANCE}=other", cpu_hour=1.0), 0.03, 0.004),
        (PriceRule(cluster="prod", memory_gib_hour=2.0), 0.03, 2.0),
        (PriceRule(cluster="lab", memory_gib_hour=2.0), 0.03, 0.004),
        (PriceRule(node_hour=2 * (4 * 0.03 + 16 * 0.004)), 0.06, 0.008),
    ],
    ids=["label", "another label", "cluster", "another cluster", "a whole Node"],
)
def test_rules_price_what_they_are_for(rule: PriceRule, cpu: float, memory_gib: float) -> None:
    """A rule holds for the Nodes of its cluster and label, and leaves open what it does not say."""
    prices = Prices(cpu_hour=0.03, memory_gib_hour=0.004, rules=(rule,))
    rates = prices.rates("prod", machine().labels, machine().capacity)
    assert [rates.cpu, rates.memory * GIB] == pytest.approx([cpu, memory_gib])


def test_a_node_hour_alone_is_halved() -> None:
    """Without general prices half of a Node's price is its cores', half its memory's."""
    rates = Prices(rules=(PriceRule(node_hour=1.0),)).rates("prod", {}, Amounts(4.0, 16 * GIB))
    assert [rates.cpu * 4, rates.memory * 16 * GIB] == pytest.approx([0.5, 0.5])


def test_a_clusters_rates_are_the_mean_of_its_nodes() -> None:
    """What is saved in a cluster is worth what its Nodes cost by capacity, though only whole Nodes have prices."""
    rules = (PriceRule(node_label=f"{INSTANCE}=small", node_hour=0.2), PriceRule(cluster="prod", node_hour=0.8))
    prices = Prices(rules=rules)
    nodes = [machine("a"), machine("b", 8.0, 32.0, "large")]
    rates = prices.usual("prod", [(node.labels, node.capacity) for node in nodes])
    assert rates.of(Amounts(12.0, 48.0 * GIB)) == pytest.approx(1.0)
    assert Prices(cpu_hour=0.03).usual("prod", []).cpu == 0.03


def test_where_something_is_hidden_nothing_is_idle() -> None:
    """Who does not see all Pods is not told that what the others have is idle."""
    of = Clusters([pod("web", "node-1", (1.0, 2.0))], [machine()], [], [], frozenset({"prod"}))
    assert set(named(costs(of, PRICES, GroupBy.NAMESPACE))) == {(Part.ALLOCATED, "shop")}
