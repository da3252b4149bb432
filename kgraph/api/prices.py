"""What an hour of a core and of a gibibyte costs, by Node and by cluster: the configuration's `prices`.

A rule for some Nodes gives unit prices, or the price of a whole Node, which is then divided between its cores and its
memory in the proportion of the general prices. The first rule that fits counts.
"""

from collections.abc import Iterable, Mapping

import msgspec

from kgraph.graphdb.usage import Amounts

GIB = 2.0**30
# A twelfth of a year, as cloud providers count months.
MONTH_HOURS = 730.0


class PriceRule(msgspec.Struct, frozen=True, kw_only=True):
    """The prices of some Nodes: of one cluster or all, with a label (`key=value`) or any; None leaves a price open."""

    cluster: str = ""
    node_label: str = ""
    node_hour: float | None = None
    cpu_hour: float | None = None
    memory_gib_hour: float | None = None
    storage_gib_month: float | None = None

    def fits(self, cluster: str, labels: Mapping[str, str]) -> bool:
        """Whether it is for a Node of this cluster with these labels."""
        name, _, value = self.node_label.partition("=")
        return self.cluster in ("", cluster) and (not name or labels.get(name) == value)


class Rates(msgspec.Struct, frozen=True):
    """What a core, a byte of memory cost an hour."""

    cpu: float
    memory: float

    def of(self, amounts: Amounts) -> float:
        """The cost of an hour of both."""
        return self.cpu * amounts.cpu + self.memory * amounts.memory


class Prices(msgspec.Struct, frozen=True, kw_only=True):
    """The price table, in one currency."""

    currency: str = "USD"
    cpu_hour: float = 0.0
    memory_gib_hour: float = 0.0
    storage_gib_month: float = 0.0
    rules: tuple[PriceRule, ...] = ()

    def rates(self, cluster: str, labels: Mapping[str, str] = {}, capacity: Amounts | None = None) -> Rates:
        """The rates of a Node with these labels and this capacity; without labels those of its cluster as such."""
        rule = next((each for each in self.rules if each.fits(cluster, labels) and _prices_nodes(each)), PriceRule())
        cpu = self.cpu_hour if rule.cpu_hour is None else rule.cpu_hour
        memory = self.memory_gib_hour if rule.memory_gib_hour is None else rule.memory_gib_hour
        rates = Rates(cpu, memory / GIB)
        if rule.node_hour is None or capacity is None:
            return rates
        usual = rates.of(capacity)
        if usual > 0:
            return Rates(rates.cpu * rule.node_hour / usual, rates.memory * rule.node_hour / usual)
        # No general prices to divide it by: half for the cores, half for the memory.
        return Rates(
            rule.node_hour / 2 / capacity.cpu if capacity.cpu else 0.0,
            rule.node_hour / 2 / capacity.memory if capacity.memory else 0.0,
        )

    def usual(self, cluster: str, nodes: Iterable[tuple[Mapping[str, str], Amounts]]) -> Rates:
        """What a core and a byte cost in a cluster with Nodes of these labels and capacities, on the average."""
        cpu, memory, cpu_cost, memory_cost = 0.0, 0.0, 0.0, 0.0
        for labels, capacity in nodes:
            rates = self.rates(cluster, labels, capacity)
            cpu, cpu_cost = cpu + capacity.cpu, cpu_cost + capacity.cpu * rates.cpu
            memory, memory_cost = memory + capacity.memory, memory_cost + capacity.memory * rates.memory
        general = self.rates(cluster)
        return Rates(cpu_cost / cpu if cpu else general.cpu, memory_cost / memory if memory else general.memory)

    def storage(self, cluster: str) -> float:
        """What a byte of storage costs an hour."""
        for rule in self.rules:
            if rule.storage_gib_month is not None and rule.fits(cluster, {}):
                return rule.storage_gib_month / GIB / MONTH_HOURS
        return self.storage_gib_month / GIB / MONTH_HOURS


def _prices_nodes(rule: PriceRule) -> bool:
    return (rule.node_hour, rule.cpu_hour, rule.memory_gib_hour) != (None, None, None)
