"""/health/ready tells the truth: of a graph that is behind, and only where no cluster is in step."""

from typing import Any

import neo4j
import pytest

from kgraph.api.http.health import ReadinessProbe
from kgraph.graphdb.store import Store
from kgraph.telemetry.meter import Meter

pytestmark = pytest.mark.neo4j

_CLUSTER = """
MERGE (c:Cluster {key: "cluster:" + $id})
SET c.id = $id, c.source = $source, c.syncedAt = datetime() - duration({hours: 2}), c.connected = $connected,
  c.connectedSince = datetime() - duration({minutes: 30}), c.lagSeconds = $lag, c.writtenAt = datetime()
MERGE (s:Shard {key: "shard:" + $id}) SET s.cluster = $id, s.worker = CASE WHEN $worker THEN "worker:1" END,
  s.leftAt = datetime.realtime() - duration({minutes: 20})
MERGE (w:SyncWorker {key: "worker:1"})
SET w.name = "one", w.until = datetime.realtime() + duration({hours: 1})
"""
_FRESH: dict[str, Any] = {"source": "live", "connected": True, "lag": 0.0, "worker": True}
LIMIT = 600.0


@pytest.mark.parametrize(
    ("clusters", "ready"),
    [
        ([], True),
        ([{}], True),
        ([{"connected": False}], False),
        ([{"worker": False}], False),
        ([{"lag": 700.0}], False),
        ([{"lag": 500.0}], True),
        ([{"connected": False}, {}], True),
        ([{"connected": False}, {"worker": False}], False),
        ([{"source": "snapshot", "worker": False}], True),
    ],
    ids=[
        "nothing yet", "in step", "its cluster is lost", "nobody syncs it", "it lags", "it lags a little",
        "one of two is lost", "both are", "a snapshot is as old as it is",
    ],
)  # fmt: skip
async def test_a_graph_behind_all_its_clusters_is_not_ready(
    store: Store, graph_driver: neo4j.AsyncDriver, clusters: list[dict[str, Any]], ready: bool
) -> None:
    """One cluster that is in step keeps the answers about it; where none is, all answers are old. 0 is however far."""
    for at, differs in enumerate(clusters):
        await graph_driver.execute_query(_CLUSTER, {**_FRESH, **differs, "id": f"c{at}"})
    found = await ReadinessProbe(store, LIMIT).ask()
    assert found.ready is ready, found.message
    assert (await ReadinessProbe(store).ask()).ready


async def test_how_far_the_graph_is_behind_is_a_metric(store: Store, graph_driver: neo4j.AsyncDriver) -> None:
    """What makes the API unready is seen before it does, by whoever scrapes any replica."""
    await graph_driver.execute_query(_CLUSTER, {**_FRESH, "connected": False, "id": "c0"})
    meter = Meter()
    await ReadinessProbe(store, LIMIT, meter).ask()
    value = meter.registry.get_sample_value("kgraph_graph_stale_seconds", {"cluster": "c0"})
    assert value is not None
    assert value >= 30 * 60
