"""Batches that only say anew what is there: one statement, behind the same fence, with the same end."""

from typing import Any

import pytest

from kgraph.feed.bus import Bus
from kgraph.graphdb.catalogue import Catalogue
from kgraph.graphdb.errors import Fenced
from kgraph.graphdb.store import Store
from kgraph.sync import revisions
from kgraph.sync.batch import Batch
from kgraph.sync.extract import Extractor
from kgraph.sync.feed import Feed
from kgraph.sync.writer import Writer

pytestmark = pytest.mark.neo4j

WHAT_IS_THERE = """
MATCH (n:Resource) OPTIONAL MATCH (n)-[r]->(e)
WITH n, r, e ORDER BY n.key, type(r), e.key
WITH n, collect([type(r), properties(r), e.name]) AS edges ORDER BY n.key
RETURN n {.*, key: null, cluster: null, firstSeen: null, lastChanged: null, changes: size(n.changes)} AS node,
  COLLECT { UNWIND labels(n) AS label RETURN label ORDER BY label } AS labels, edges
"""


def pod(version: int, **labels: str) -> dict[str, Any]:
    """A Pod on a Node, in one of its versions."""
    metadata = {"name": "web", "namespace": "shop", "uid": "u1", "resourceVersion": str(version), "labels": labels}
    spec = {"nodeName": "n1", "containers": [{"name": "web", "image": "web:1"}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": {"phase": "Running"}}


def batch(cluster: str, version: int, *, fresh: bool = False, **labels: str) -> Batch:
    """A batch with that Pod, and how far Pods have come."""
    found = Extractor(cluster, Catalogue()).extract(pod(version, **labels), "", "v1", "Pod")
    made = Batch()
    made.put(found.resource, found.provenance, edges_changed=fresh, fresh=fresh)
    made.checkpoint(f"{cluster}/core/Pod", {"resourceVersion": str(version)})
    return made


async def written(store: Store, cluster: str) -> Writer:
    """A writer whose cluster has the Pod's first version in the graph."""
    writer = await Writer.claim(store, cluster, {})
    await writer.write(batch(cluster, 1, fresh=True))
    return writer


async def test_a_revision_takes_two_round_trips(store: Store) -> None:
    """What is there is read, and written anew with all that goes with it: two statements."""
    writer = await written(store, "prod")
    before = store.statements_sent
    await writer.write(batch("prod", 2, app="web"), {"resourceCount": 1})
    assert store.statements_sent - before == 2
    rows = await store.read_text(
        "MATCH (p:Pod), (k:SyncedKind), (c:Cluster) "
        "RETURN p.labels AS labels, k.resourceVersion AS version, c.resourceCount AS count"
    )
    assert rows == [{"labels": ["app=web"], "version": "2", "count": 1}]


async def test_what_tells_nothing_leaves_the_numbers_of_events_as_they_are(store: Store) -> None:
    """With a feed, a transaction without events does not keep the next revision from being one statement."""
    writer = await Writer.claim(store, "prod", {}, feed=Feed(bus=Bus()))
    await writer.write(batch("prod", 1, fresh=True))
    silent = Batch()
    silent.forget_kind("prod/core/Widget")
    await writer.write(silent)
    before = store.statements_sent
    await writer.write(batch("prod", 2, app="web"))
    assert store.statements_sent - before == 2


async def test_a_revision_does_what_a_transaction_does(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same changes, once as revisions and once as transactions, end in the same graph."""
    graphs = []
    for most in (revisions.MOST, -1):
        monkeypatch.setattr(revisions, "MOST", most)
        writer = await written(store, "prod")
        for version in (2, 3):
            await writer.write(batch("prod", version, app=f"v{version}"))
        graphs.append(await store.read_text(WHAT_IS_THERE))
        await store.run_alone("MATCH (n) DETACH DELETE n", what="emptying the graph")
    assert graphs[0] == graphs[1]
    assert [each["node"]["changes"] for each in graphs[0] if "Pod" in each["labels"]] == [2]


async def test_a_revision_of_a_cluster_that_was_taken_over_writes_nothing(store: Store) -> None:
    """Whoever has lost a cluster can write nothing of it, not even what the cluster's node says."""
    writer = await written(store, "prod")
    await Writer.claim(store, "prod", {})
    with pytest.raises(Fenced):
        await writer.write(batch("prod", 2, app="web"), {"resourceCount": 7})
    rows = await store.read_text(
        "MATCH (p:Pod), (k:SyncedKind), (c:Cluster) "
        "RETURN p.labels AS labels, k.resourceVersion AS version, c.resourceCount AS count"
    )
    assert rows == [{"labels": [], "version": "1", "count": None}]


async def test_another_incarnation_is_no_revision(store: Store) -> None:
    """An object of the same name with another uid is written by a transaction, which looks at who waits for it."""
    writer = await written(store, "prod")
    value = pod(5)
    value["metadata"]["uid"] = "u2"
    found = Extractor("prod", Catalogue()).extract(value, "", "v1", "Pod")
    made = Batch()
    made.put(found.resource, found.provenance, edges_changed=False, fresh=False)
    before = store.statements_sent
    await writer.write(made)
    assert store.statements_sent - before > 2
