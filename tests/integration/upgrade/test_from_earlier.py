"""Today's program on graphs that earlier ones wrote: they become what a fresh sync gives, and lose nothing."""

from typing import Any

import pytest

from kgraph.feed.message import Message
from kgraph.graphdb import schema
from kgraph.graphdb.store import Store
from kgraph.graphdb.usage import decode_history
from kgraph.graphdb.versions import VERSIONS
from kgraph.kube.settings import AuthMethod, ClusterSettings
from kgraph.sync.check import check
from kgraph.sync.feed import Feed
from kgraph.sync.relay import Relay
from kgraph.sync.worker import ClusterWorker
from tests.integration.upgrade.earlier import CLUSTER, EARLIER, REMEMBERING, WORLD, load
from tests.integration.upgrade.schemas import forget, names
from tests.workers import LEFT_OVER, until

pytestmark = [pytest.mark.neo4j, pytest.mark.asyncio(loop_scope="session")]

SETTINGS = ClusterSettings(id=CLUSTER, auth_method=AuthMethod.SNAPSHOT, snapshot_path=str(WORLD))
LAST = VERSIONS[-1].number
# What only one version has had, and what today's program has no eyes for.
OUT_OF_DATE = """
MATCH (n) WHERE (n:SyncWorker AND n.until IS NULL) OR (n:ClusterRegistration AND n.owner IS NOT NULL)
RETURN n.key AS key
"""


class Told:
    """A sink that keeps what it is given."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def send(self, messages: Any) -> Any:
        """Take them."""
        self.messages.extend(messages)

        async def delivered() -> None:
            return None

        return delivered()

    async def close(self) -> None:
        """Nothing is open."""


async def _histories(store: Store) -> dict[str, tuple[Any, ...]]:
    found = await store.read_text(
        "MATCH (n) WHERE (n:Resource AND n.changes IS NOT NULL) OR n:Deleted OR n:AuditEntry "
        "RETURN n.key AS key, n.changes AS changes, toString(n.firstSeen) AS since, n.user AS user"
    )
    return {row["key"]: (row["changes"], row["since"], row["user"]) for row in found}


async def test_each_version_makes_what_its_graph_lacks(bare: Store) -> None:
    """A graph that is brought on from the first version has the constraints and indexes of one that is made today."""
    await forget(bare)
    await schema.prepare(bare)
    wanted = await names(bare)
    await forget(bare)
    await bare.run_alone("MATCH (n) DETACH DELETE n", what="an empty graph")
    await load(bare, 1)
    assert await names(bare) < wanted
    await schema.prepare(bare)
    assert await names(bare) == wanted


@pytest.mark.parametrize("version", EARLIER)
async def test_a_graph_of_an_earlier_version_becomes_todays(bare: Store, version: int) -> None:
    """Whichever version wrote it, the graph is in the end what a fresh sync gives, with all that no sync can give."""
    await load(bare, version)
    before = await _histories(bare)

    assert await schema.prepare(bare) == LAST
    assert await bare.read_text(OUT_OF_DATE) == []
    sink = Told()
    async with Relay.running(bare, sink, 2**26) as relay:
        await ClusterWorker(bare, SETTINGS, REMEMBERING, feed=Feed(relay=relay)).run()

        async def sent() -> bool:
            return not await bare.read_text("MATCH (o:Outbox) RETURN o.seq AS seq LIMIT 1")

        await until(sent, "what waited in the outbox is sent")

    report = await check(bare, SETTINGS, REMEMBERING, deep=True)
    assert [str(each) for each in report.differences] == []
    assert await bare.read_text(LEFT_OVER) == []
    after = await _histories(bare)
    assert {key: after.get(key) for key in before} == before
    if version >= 5:
        assert before
    for row in await bare.read_text("MATCH (u:Usage) RETURN u.history AS history"):
        assert decode_history(row["history"])["web"].samples == 1
    registered = await bare.read_text("MATCH (r:ClusterRegistration) RETURN r.id AS id, r.sealed AS sealed")
    assert bool(registered) == (version >= 6)
    assert all(row["sealed"] for row in registered)
    if version >= 10:
        assert {each.key for each in sink.messages} >= {f"{CLUSTER}/core/ConfigMap/shop/old"}
