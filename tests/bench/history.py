"""What it costs to remember what changed: in a first sync, and in the graph.

A first sync remembers of each resource when it was first seen and last changed, and whose its fields are; changes come
later, some hundred bytes each, and go where there are more than `history_changes`.
"""

from statistics import mean, median

import msgspec

from tests.bench.bench import Bench
from tests.bench.rows import Bar, Figure, figure
from tests.bench.sync import first_syncs, in_step
from tests.workers import until

OFF = "history_changes: 0\nhistory_retention: 0"
CHANGED = 200  # objects, once each
SIZE = """
MATCH (n:Resource) WHERE NOT n:Missing
UNWIND keys(n) AS name
WITH name, n[name] AS value
WITH name, CASE
  WHEN value IS :: LIST<ANY> THEN reduce(bytes = 0, one IN value | bytes + size(toString(one)))
  ELSE size(toString(value)) END AS bytes
RETURN sum(CASE WHEN name IN ["firstSeen", "lastChanged", "changes", "managers"] THEN bytes ELSE 0 END), sum(bytes)
"""
ENTRIES = "MATCH (n:ConfigMap) WHERE n.changes IS NOT NULL AND n.namespace STARTS WITH 'team-' RETURN n.changes[0]"


async def history(bench: Bench) -> list[Figure]:
    """A first sync with it and without, in turns; what it takes of the graph then; and the size of a change."""
    floors, ours = await first_syncs(bench, "First sync with history", {"settings": OFF}, {})
    ((remembered, whole),) = await bench.query(SIZE)
    assert isinstance(remembered, int)
    assert isinstance(whole, int)
    entries = await _entries(bench)
    resources, _ = await bench.size()
    size = f"{remembered / 1e6:.1f} of {whole / 1e6:.1f} MB of the properties of {resources:,} resources"
    return [
        figure(
            "first sync with change history",
            median(ours),
            "s",
            f"{resources:,} resources; medians of {bench.effort.repeats}; the floor is the same with `history_changes` "
            "and `history_retention` 0",
            floor=median(floors),
            bar=Bar("ratio", 1.2),
        ),
        figure(
            "change history's part of the graph",
            remembered / whole * 100,
            "%",
            f"{size} after a first sync: whose the fields are, when first seen, when last changed; each change of a "
            f"ConfigMap's value is another {mean(entries):.0f} bytes, twenty at most",
            bar=Bar("ours", 20),
        ),
    ]


async def _entries(bench: Bench) -> list[int]:
    """The sizes of what is remembered of a change, in bytes."""
    rows = await bench.query(
        "MATCH (n:ConfigMap) WHERE n.namespace STARTS WITH 'team-' AND n.name <> 'kube-root-ca.crt' "
        f"RETURN n.namespace, n.name ORDER BY n.key LIMIT {CHANGED}"
    )

    async def remembered() -> list[list[object]] | None:
        found = await bench.query(ENTRIES)
        return found if len(found) >= len(rows) else None

    async with bench.worker() as worker:
        await in_step(worker)
        for namespace, name in rows:
            await bench.connection.request(
                "PATCH",
                f"/api/v1/namespaces/{namespace}/configmaps/{name}",
                body=msgspec.json.encode({"data": {"changed": str(len(rows))}}),
                headers=[("Content-Type", "application/merge-patch+json")],
            )
        found = await until(remembered, "the changes are remembered")
    return [len(str(entry).encode()) for (entry,) in found]
