"""A platform team's morning: every cluster, how it is, and what is not well in any of them."""

from textwrap import fill

from client import ask, connect

FLEET = """
query Fleet {
  clusters {
    id
    environment
    nodeCount
    status { ready message }
    rollup { health counts { healthy progressing degraded } }
  }
  resources(filter: {health: [DEGRADED, MISSING, UNKNOWN]}, first: 20) {
    totalCount
    nodes { cluster kind namespace name healthReason }
  }
}
"""

with connect() as http:
    fleet = ask(http, FLEET)

print(f"{'CLUSTER':<10}{'FOR':<9}{'NODES':>5}  {'HEALTH':<12}{'OK':>4}{'BUSY':>6}{'BAD':>5}")
for cluster in fleet["clusters"]:
    counts = cluster["rollup"]["counts"]
    print(
        f"{cluster['id']:<10}{cluster['environment'] or '':<9}{cluster['nodeCount']:>5}  "
        f"{cluster['rollup']['health']:<12}{counts['healthy']:>4}{counts['progressing']:>6}{counts['degraded']:>5}"
    )
    if not cluster["status"]["ready"]:
        print(f"  not in step: {cluster['status']['message']}")

ailing = fleet["resources"]
print(f"\nNot well, in all clusters: {ailing['totalCount']}")
for one in ailing["nodes"]:
    print(f"- {one['cluster']}: {one['kind']} {one['namespace'] or ''}/{one['name']}")
    print(fill(one["healthReason"] or "", 72, initial_indent="  ", subsequent_indent="  "))
