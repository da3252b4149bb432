"""Lists of resources: which ones a filter means, page by page, in the order of their keys.

A key begins with cluster, group, kind and namespace, so that most filters are ranges of the one index over keys, and
a page is found from where the last one ended, whatever came or went between. Placeholders are not listed.
"""

import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from kgraph.api.errors import BadUserInput
from kgraph.api.kinds import ClusterKinds, KindReader, resolve
from kgraph.api.nodes import Node, Wanted, node_with_facts
from kgraph.api.reading.reader import Reader
from kgraph.graphdb.health import Health
from kgraph.graphdb.kinds import Kind
from kgraph.graphdb.model import NO_NAMESPACE, kind_prefix
from kgraph.kube.field_selectors import FieldSelector
from kgraph.kube.selectors import LabelSelector, Operator, SelectorError

# A hundred terms of ordinary length; two hundred thousand would take a second to read.
SELECTOR_MOST = 10_000
_METADATA = {"metadata.name": "name", "metadata.namespace": "namespace"}
_NO_PLAIN_PATH = ("[", "@", "{")  # promoted by a function, or from a list: nothing that kubectl could name


class Filter(msgspec.Struct, frozen=True):
    """Which resources are meant; None and "" leave a condition out."""

    clusters: tuple[str, ...] | None = None
    namespaces: tuple[str, ...] | None = None
    kinds: tuple[str, ...] | None = None
    label_selector: str = ""
    field_selector: str = ""
    environment: str | None = None
    region: str | None = None
    properties: tuple[tuple[str, str], ...] = ()  # promoted properties and what they are, as text
    health: tuple[Health, ...] | None = None


class Page(msgspec.Struct, frozen=True):
    """Some resources in the order of their keys, and whether there are more."""

    nodes: tuple[Node, ...]
    has_next: bool


class Conditions(msgspec.Struct, frozen=True):
    """A filter as the statements take it: ranges of keys, and conditions on labels, properties and health."""

    prefixes: tuple[str, ...]
    labels: Mapping[str, Any]
    fields: tuple[Mapping[str, Any], ...]
    health: tuple[Health, ...] | None = None


async def page(
    reader: Reader, conditions: Conditions, *, first: int, after: str, wanted: Wanted, timeout: float
) -> Page:
    """The `first` resources after the key `after`."""
    parameters = {
        **await _parameters(reader, conditions, timeout),
        **wanted.parameters,
        "after": after,
        "room": first + 1,
    }
    record = await reader.read_one("read/resources", {"of": parameters}, timeout=timeout)
    nodes = tuple(node_with_facts(row) for row in record["nodes"])
    return Page(nodes[:first], len(nodes) > first)


async def count(reader: Reader, conditions: Conditions, *, timeout: float) -> int:
    """How many resources there are in all."""
    parameters = await _parameters(reader, conditions, timeout)
    record = await reader.read_one("read/resource_count", {"of": parameters}, timeout=timeout)
    return int(record["count"])


async def _parameters(reader: Reader, conditions: Conditions, timeout: float) -> dict[str, Any]:
    """What `read/resources` and `read/resource_count` take."""
    return {
        "prefixes": await reader.seen_prefixes(conditions.prefixes, timeout=timeout),
        "labels": conditions.labels,
        "fields": conditions.fields,
        "health": conditions.health,
    }


def cursor(key: str) -> str:
    """Where a page ends, as callers pass it back; they need not know what is in it."""
    return base64.urlsafe_b64encode(key.encode()).decode()


def read_cursor(text: str) -> str:
    """The key in a cursor; BadUserInput if it is none of ours."""
    try:
        return base64.b64decode(text.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError) as cause:
        raise BadUserInput(f"after is {text!r}, which is no cursor; take endCursor of the page before") from cause


async def conditions(kinds: KindReader, wanted: Filter) -> Conditions:
    """What a filter means; NotFound and BadUserInput say which part of it is not understood."""
    known = await kinds.clusters()
    names = [
        name
        for name in await kinds.named_clusters(wanted.clusters)
        if wanted.environment in (None, known[name].environment) and wanted.region in (None, known[name].region)
    ]
    chosen = {name: _kinds(name, known[name], wanted.kinds) for name in names}
    if wanted.kinds and names and not any(chosen.values()):
        resolve(known[names[0]].catalogue, wanted.kinds[0], names[0])
    try:
        for text in (wanted.label_selector, wanted.field_selector):
            if len(text) > SELECTOR_MOST:
                raise BadUserInput(f"a selector has {len(text):,} characters; {SELECTOR_MOST:,} are allowed")
        labels = LabelSelector.parse(wanted.label_selector)
        fields = FieldSelector.parse(wanted.field_selector)
    except SelectorError as cause:
        raise BadUserInput(str(cause)) from cause
    every_kind = [kind for found in chosen.values() for kind in found or ()]
    terms = [
        {"property": _property(term.path, every_kind), "value": term.value, "equal": not term.negated}
        for term in fields.terms
    ]
    terms += [{"property": name, "value": value, "equal": True} for name, value in wanted.properties]
    return Conditions(
        prefixes=tuple(sorted(_prefixes(chosen, known, wanted.namespaces))),
        labels=_labels(labels),
        fields=tuple(terms),
        health=wanted.health,
    )


def _kinds(cluster: str, known: ClusterKinds, spellings: Iterable[str] | None) -> list[Kind] | None:
    """The kinds that are meant in one cluster: those it has, so that a CRD need not be everywhere. None is all."""
    if not spellings:
        return None
    there = (spelling for spelling in spellings if known.catalogue.resolve(spelling) is not None)
    return [resolve(known.catalogue, spelling, cluster) for spelling in there]


def _prefixes(
    chosen: Mapping[str, list[Kind] | None], known: Mapping[str, ClusterKinds], namespaces: Iterable[str] | None
) -> Iterable[str]:
    """The beginnings of the keys that are meant, none the beginning of another."""
    spaces = sorted(set(namespaces)) if namespaces else None
    for cluster, kinds in chosen.items():
        if kinds is None and spaces is None:
            yield f"{cluster}/"
            continue
        # Where nothing is known to be synced, every kind that there could be is looked for.
        there_are = (
            kinds
            if kinds is not None
            else [
                kind
                for kind in known[cluster].catalogue.kinds
                if kind.namespaced and (not known[cluster].synced or kind.group_kind in known[cluster].synced)
            ]
        )
        for group_kind, kind in {kind.group_kind: kind for kind in there_are}.items():
            start = kind_prefix(cluster, group_kind)
            if spaces is None:
                yield start
            elif kind.namespaced:
                yield from (f"{start}{space}/" for space in spaces)
            elif kinds is not None and NO_NAMESPACE in spaces:
                yield start


def _labels(selector: LabelSelector) -> dict[str, list[Any]]:
    """A selector over the list of `key=value`: what must be in it, what must not, and by beginnings of it."""
    wanted: dict[str, list[Any]] = {"one_of": [], "none_of": [], "present": [], "absent": [], "compared": []}
    for requirement in selector.requirements:
        pairs = [f"{requirement.key}={value}" for value in requirement.values]
        start = f"{requirement.key}="
        match requirement.operator:
            case Operator.IN:
                wanted["one_of"].append(pairs)
            case Operator.NOT_IN:
                wanted["none_of"] += pairs
            case Operator.EXISTS:
                wanted["present"].append(start)
            case Operator.DOES_NOT_EXIST:
                wanted["absent"].append(start)
            case Operator.GREATER | Operator.LESS:
                greater = requirement.operator is Operator.GREATER
                wanted["compared"].append({"start": start, "bound": int(requirement.values[0]), "greater": greater})
    return wanted


def _property(path: str, kinds: Iterable[Kind]) -> str:
    """The node property behind a field's path; BadUserInput lists the paths that can be compared."""
    supported = dict(_METADATA)
    supported |= {
        where: name
        for kind in kinds
        for name, where in kind.promote.items()
        if not any(sign in where for sign in _NO_PLAIN_PATH)
    }
    supported.setdefault("spec.nodeName", "nodeName")
    supported.setdefault("status.phase", "phase")
    if path not in supported:
        raise BadUserInput(f"fieldSelector: {path!r} cannot be compared here; there are {', '.join(sorted(supported))}")
    return supported[path]
