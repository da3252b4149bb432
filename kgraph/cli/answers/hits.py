"""Hits of a search as rows, with the columns that kubectl has."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from kgraph.cli.answers.ages import age
from kgraph.cli.answers.client import Client

_SEARCH = """
query Search($text: String!, $clusters: [String!], $first: Int!) {
  search(text: $text, clusters: $clusters, first: $first) {
    matchedOn
    resource { key kind group namespace name cluster createdAt health properties }
  }
}"""


def ask_search(client: Client, text: str, *, clusters: Sequence[str], most: int) -> list[dict[str, Any]]:
    """The answer of `search` as it came."""
    found: list[dict[str, Any]] = client.ask(_SEARCH, text=text, clusters=list(clusters) or None, first=most)["search"]
    return found


def row(hit: Mapping[str, Any]) -> list[str]:
    """One hit's columns."""
    resource = hit["resource"]
    properties = resource["properties"] or {}
    return [
        resource["namespace"] or "",
        resource["kind"],
        resource["name"],
        resource["cluster"] or "",
        (resource["health"] or "").capitalize(),
        _status(properties),
        age(resource["createdAt"], datetime.now(UTC)) if resource["createdAt"] else "",
        str(hit["matchedOn"]).lower(),
    ]


def _status(properties: Mapping[str, Any]) -> str:
    """What kubectl leads with: a Pod's phase or why it is not well, how many replicas are ready, a Node's readiness."""
    if reason := properties.get("reason"):
        return str(reason)
    if phase := properties.get("phase"):
        return str(phase)
    if (replicas := properties.get("replicas")) is not None:
        return f"{properties.get('readyReplicas') or 0}/{replicas}"
    ready = properties.get("ready")
    return "" if ready is None else "Ready" if ready else "NotReady"
