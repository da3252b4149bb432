"""Handles are Neo4j's, which gives those of deleted nodes to new ones: none leads to what it was not shown for."""

import pytest

from kgraph.api.history import histories
from kgraph.api.nodes import Node, Wanted, with_facts
from kgraph.api.reading.reader import Reader
from kgraph.graphdb.store import Store

pytestmark = pytest.mark.neo4j

SHOWN = "prod/apps/Deployment/shop/web"


async def test_a_handle_that_is_another_nodes_by_now_leads_nowhere(shop_store: Store) -> None:
    """Who was shown a node that is deleted before its object is read is not given that of the handle's next."""
    (row,) = await shop_store.read_text("MATCH (n:Resource {kind: 'Secret'}) RETURN elementId(n) AS handle LIMIT 1")
    reader, stale = Reader(shop_store), Node(row["handle"], SHOWN)
    (facts,) = await with_facts(reader, [stale], Wanted(facts=True, manifests=True), timeout=30)
    assert facts.facts is None
    assert await histories(reader, [stale.place], timeout=30) == {}
    record = await reader.read_one("read/manifests", {"of": {"places": [stale.place]}}, timeout=30)
    assert record["manifests"] == []
