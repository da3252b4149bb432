"""A cost service's report: who pays what, how well it is used, and what could be requested instead."""

from client import ask, connect

REPORT = """
query Report {
  cost(groupBy: NAMESPACE) {
    currency
    monthly
    reason
    rows { part cluster name cpu memory monthly }
  }
  utilization(groupBy: NAMESPACE) {
    items { cluster name pods cpu { request ratio } memory { request ratio } }
  }
  rightsizing(first: 5) {
    items { resource { kind name } savedMonthly }
    unknown { cluster reason }
  }
}
"""
GIB = 2**30


def money(amount: float | None) -> str:
    """An amount; what has no price is not known."""
    return "?" if amount is None else f"{amount:,.2f}"


def share(ratio: float | None) -> str:
    """A share; without a sample it is not known."""
    return "?" if ratio is None else f"{ratio:.0%}"


with connect() as http:
    report = ask(http, REPORT)

cost = report["cost"]
print(f"{'':<12}{'':<14}{'CORES':>7}{'GIB':>8}{cost['currency'] or 'NO PRICE':>10} A MONTH")
for row in cost["rows"]:
    who = row["name"] or f"({row['cluster']})"
    print(f"{row['part']:<12}{who:<14}{row['cpu']:>7.2f}{row['memory'] / GIB:>8.1f}{money(row['monthly']):>10}")
print(f"{'TOTAL':<41}{money(cost['monthly']):>10}")
if cost["reason"]:
    print(f"Note: {cost['reason']}")

print(f"\n{'NAMESPACE':<16}{'PODS':>5}{'CORES':>8}{'USED':>6}{'GIB':>8}{'USED':>6}")
for one in report["utilization"]["items"]:
    cpu, memory = one["cpu"], one["memory"]
    print(
        f"{one['name']:<16}{one['pods']:>5}{cpu['request'] or 0:>8.2f}{share(cpu['ratio']):>6}"
        f"{(memory['request'] or 0) / GIB:>8.1f}{share(memory['ratio']):>6}"
    )

print("\nWhat could be requested instead:")
for item in report["rightsizing"]["items"]:
    print(f"- {item['resource']['kind']} {item['resource']['name']}: {money(item['savedMonthly'])} a month")
for one in report["rightsizing"]["unknown"]:
    print(f"- not known: {one['reason']}")
