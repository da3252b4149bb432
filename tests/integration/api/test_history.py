"""`changes`, `recentChanges` and `deletedResources` over a graph in which something has happened."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kgraph.api.errors import BadUserInput
from kgraph.api.history import since_when
from kgraph.graphdb.changes import Change
from tests.integration.api.conftest import Client

CONFIG = "prod/core/ConfigMap/shop/web"
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
HAPPENED = """
MATCH (c:ConfigMap {key: $config})
SET c.firstSeen = datetime('2026-05-01T09:00:00Z'), c.lastChanged = datetime('2026-05-01T11:30:00Z'),
  c.changes = $changes
MERGE (d:Deleted {key: 'prod/core/Pod/shop/web-0#u'})
SET d.of = 'prod/core/Pod/shop/web-0', d.cluster = 'prod', d.name = 'web-0', d.uid = 'u', d.labels = ['app=web'],
  d.goneAt = datetime('2026-05-01T11:45:00Z'), d.changes = $gone, d.manifest = '{"kind": "Pod"}', d.ends = [$config]
"""


@pytest.fixture(autouse=True, scope="module")
async def _happened(api: Client) -> None:
    changes = [
        Change("2026-05-01T11:30:00Z", "UPDATED", ("kubectl-edit",), ("data.x",), 2),
        Change("2026-05-01T09:00:00Z", "CREATED", ("helm",)),
    ]
    gone = [Change("2026-05-01T11:45:00Z", "DELETED")]
    parameters: dict[str, Any] = {
        "config": CONFIG,
        "changes": [change.written() for change in changes],
        "gone": [change.written() for change in gone],
    }
    await api.store.run_alone(HAPPENED, parameters, what="what happened")


async def test_a_resource_tells_its_history(api: Client) -> None:
    """Its changes come as they are stored, the latest first, with when it was first seen and last changed."""
    found = await api.ask(
        '{ resource(cluster: "prod", resourceType: "cm", name: "web") '
        "{ firstSeen lastChanged changes { at type by fields more } } }"
    )
    assert found["resource"] == {
        "firstSeen": "2026-05-01T09:00:00Z",
        "lastChanged": "2026-05-01T11:30:00Z",
        "changes": [
            {
                "at": "2026-05-01T11:30:00Z",
                "type": "UPDATED",
                "by": ["kubectl-edit"],
                "fields": ["data.x"],
                "more": 2,
            },
            {"at": "2026-05-01T09:00:00Z", "type": "CREATED", "by": ["helm"], "fields": [], "more": 0},
        ],
    }


async def test_histories_of_a_page_are_one_statement(api: Client) -> None:
    """However many resources show their changes, they are asked for once."""
    query = "{ resources { nodes { firstSeen lastChanged changes { at } } } }"
    await api.ask(query)  # a statement is planned once, which can take longer than the kinds are remembered
    await api.ask("{ resources(first: 1) { nodes { key } } }")
    before = api.store.statements_sent
    await api.ask(query)
    assert api.store.statements_sent - before == 2


async def test_recent_changes_are_the_latest_first_and_since_a_moment(api: Client) -> None:
    """Changes of the neighbourhood, a gone Pod's among them, come by time; earlier ones than `since` do not."""
    query = """query ($since: String!) { recentChanges(
        around: {cluster: "prod", resourceType: "deploy", name: "web", namespace: "shop"}, depth: 3, since: $since
    ) { items { kind name distance resource { key } change { type by } } truncated } }"""
    found = (await api.ask(query, since="2026-05-01T11:00:00Z"))["recentChanges"]
    mine = [
        item for item in found["items"] if item["name"] in ("web-0", "web") and item["kind"] in ("Pod", "ConfigMap")
    ]
    assert [(item["kind"], item["change"]["type"]) for item in mine] == [("Pod", "DELETED"), ("ConfigMap", "UPDATED")]
    assert (mine[0]["distance"], mine[0]["resource"]) == (None, None)
    assert mine[1]["resource"] == {"key": CONFIG}
    later = (await api.ask(query, since="2026-05-01T11:40:00Z"))["recentChanges"]["items"]
    assert [item["name"] for item in later if item["kind"] in ("Pod", "ConfigMap")] == ["web-0"]


async def test_deleted_resources_are_found_by_kind_and_name(api: Client) -> None:
    """They are told with their last object and labels, and only where the filter fits."""
    query = """query ($filter: DeletedFilter) { deletedResources(filter: $filter, since: "2026-01-01T00:00:00Z")
        { items { key name namespace uid goneAt labels manifest changes { type } } truncated } }"""
    found = await api.ask(query, filter={"kinds": ["po"], "namespaces": ["shop"], "names": ["web-0"]})
    assert found["deletedResources"] == {
        "items": [
            {
                "key": "prod/core/Pod/shop/web-0",
                "name": "web-0",
                "namespace": "shop",
                "uid": "u",
                "goneAt": "2026-05-01T11:45:00Z",
                "labels": {"app": "web"},
                "manifest": {"kind": "Pod"},
                "changes": [{"type": "DELETED"}],
            }
        ],
        "truncated": False,
    }
    assert (await api.ask(query, filter={"kinds": ["cm"]}))["deletedResources"]["items"] == []


async def test_a_moment_that_is_none_is_refused(api: Client) -> None:
    """The error says how to write it."""
    refused = await api.refused('{ deletedResources(since: "yesterday") { truncated } }')
    assert refused["code"] == "BAD_USER_INPUT"
    assert "write 30m" in refused["message"]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("30m", NOW - timedelta(minutes=30)),
        ("1h30m", NOW - timedelta(minutes=90)),
        ("2026-05-01T10:00:00Z", NOW - timedelta(hours=2)),
        ("2026-05-01T12:00:00+02:00", NOW - timedelta(hours=2)),
        ("2026-05-01", NOW - timedelta(hours=12)),
    ],
)
def test_a_moment_is_a_duration_or_a_time(text: str, moment: datetime) -> None:
    """Both are read as one moment in UTC."""
    assert since_when(text, NOW) == moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize("text", ["", "-5m", "5 minutes", "99999999999999h", "now"])
def test_what_is_neither_is_refused(text: str) -> None:
    """Nothing else is taken for a moment."""
    with pytest.raises(BadUserInput):
        since_when(text, NOW)
