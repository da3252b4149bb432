"""What happened, as the API tells it: queries, and the lines of a terminal."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from rich.text import Text

from kgraph.cli.answers.ages import age
from kgraph.cli.answers.client import Client
from kgraph.cli.answers.queries import ITEM_FIELDS, Item, Named, Place, hinted
from kgraph.cli.answers.trees import label, title
from kgraph.cli.errors import Refused

_CHANGE = "at type by fields more"
_HISTORY = f"""
query History($cluster: String!, $namespace: String, $resourceType: String!, $name: String!) {{
  resource(cluster: $cluster, namespace: $namespace, resourceType: $resourceType, name: $name) {{
    {ITEM_FIELDS} createdAt firstSeen lastChanged changes {{ {_CHANGE} }}
  }}
}}"""
_DELETED = f"""
query Deleted($clusters: [String!], $namespaces: [String!], $kinds: [String!], $names: [String!]) {{
  deletedResources(filter: {{clusters: $clusters, namespaces: $namespaces, kinds: $kinds, names: $names}},
                   since: "{24 * 3650}h", first: 20) {{
    items {{ key kind group name namespace cluster uid goneAt changes {{ {_CHANGE} }} }}
  }}
}}"""
_RECENT = f"""
query Recent($around: ResourceRef!, $depth: Int!, $since: String!, $first: Int!) {{
  recentChanges(around: $around, depth: $depth, since: $since, first: $first) {{
    items {{ key kind name namespace distance change {{ {_CHANGE} }} }}
    truncated
  }}
}}"""
# A line names so many paths; `-o json` has all that are remembered.
PATHS_SHOWN = 4


class Change(msgspec.Struct, frozen=True):
    """`ResourceChange`."""

    at: str
    type: str
    by: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    more: int = 0


class Story(Named, frozen=True, rename="camel"):
    """A resource with its history: one that is there, or one that is gone."""

    created_at: str | None = None
    first_seen: str | None = None
    gone_at: str | None = None
    changes: tuple[Change, ...] = ()

    @property
    def item(self) -> Item:
        """The resource alone."""
        return Item(self.key, self.kind, self.name, self.group, self.namespace, self.cluster, self.missing)


class Recent(msgspec.Struct, frozen=True):
    """`RecentChange`."""

    key: str
    kind: str
    name: str
    change: Change
    namespace: str | None = None
    distance: int | None = None


def stories(client: Client, place: Place) -> list[dict[str, Any]]:
    """The resource as it is now, if it is there, and those of its name that are gone, the latest first.

    Refused where there is neither.
    """
    kinds = [place.resource_type]
    gone: list[dict[str, Any]] = client.ask(
        _DELETED,
        clusters=[place.cluster],
        namespaces=[place.namespace] if place.namespace else None,
        kinds=kinds,
        names=[place.name],
    )["deletedResources"]["items"]
    try:
        with hinted(client, place):
            there: list[dict[str, Any]] = [client.ask(_HISTORY, **place.variables)["resource"]]
    except Refused as error:
        if error.code != "NOT_FOUND" or not gone:
            raise
        there = []
    return [*there, *gone]


def recent(client: Client, place: Place, *, depth: int, since: str, first: int) -> dict[str, Any]:
    """The answer of `recentChanges` as it came."""
    with hinted(client, place):
        answer: dict[str, Any] = client.ask(_RECENT, around=place.variables, depth=depth, since=since, first=first)[
            "recentChanges"
        ]
    return answer


def story_lines(told: Iterable[Story], now: datetime) -> Text:
    """Each resource with its changes below it, the latest first."""
    lines: list[Text] = []
    for story in told:
        head = title(story.item)
        if story.gone_at:
            head.append(f"  gone {_ago(story.gone_at, now)}", style="bold red")
        lines.append(head)
        lines += [_change(change, now) for change in story.changes]
        if not story.changes:
            since = f", which the graph knows since {_ago(story.first_seen, now)}" if story.first_seen else ""
            lines.append(Text(f"  no change{since}", style="dim"))
    return Text("\n").join(lines)


def recent_lines(found: Sequence[Recent], beside: str | None, now: datetime) -> Text:
    """A line for what changed and one for how, the latest first."""
    lines = []
    for one in found:
        line = Text(f"{_ago(one.change.at, now):>8}  ", style="dim")
        line.append(label(Item(one.key, one.kind, one.name, namespace=one.namespace), beside))
        if one.distance:
            line.append(f"  {one.distance} away", style="dim")
        elif one.distance is None:
            line.append("  pointed here", style="dim")
        lines += [line, _change(one.change, None)]
    return Text("\n").join(lines)


_STYLES = {"CREATED": "green", "UPDATED": "yellow", "RECREATED": "magenta", "DELETED": "red"}


def _change(change: Change, now: datetime | None) -> Text:
    text = Text(f"{_ago(change.at, now):>8}  " if now else " " * 10, style="dim")
    text.append(change.type.lower(), style=_STYLES.get(change.type, ""))
    if change.by:
        text.append(f" by {', '.join(change.by)}")
    if change.fields:
        text.append(f"  {', '.join(change.fields[:PATHS_SHOWN])}", style="dim")
        if more := len(change.fields[PATHS_SHOWN:]) + change.more:
            text.append(f" and {more} more", style="dim")
    return text


def _ago(moment: str | None, now: datetime) -> str:
    return f"{age(moment, now)} ago" if moment else "?"
