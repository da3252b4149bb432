"""The convergence checker: a cluster against its graph, key by key and edge by edge.

It extracts the cluster anew, with an index of its own, so it shares nothing with the worker but the tables. A live
cluster moves while it is read: only what differs in two passes in a row is a difference.

A node is as it should be when its fingerprint is; a deep check believes no fingerprint and compares labels and
properties too, which it keeps in memory for the whole cluster.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import suppress
from typing import Any, Literal

import msgspec

from kgraph.graphdb.catalogue import Catalogue
from kgraph.graphdb.endpoints import end_label
from kgraph.graphdb.model import CORE, GroupKind, kind_prefix
from kgraph.graphdb.store import Store, native
from kgraph.groups import todays_group
from kgraph.kube.connection import Connection
from kgraph.kube.discovery import discover
from kgraph.kube.errors import KubeError
from kgraph.kube.listing import pages
from kgraph.kube.objects import decode
from kgraph.kube.settings import AuthMethod, ClusterSettings
from kgraph.sync.custom import extractor, kinds_of, select_kinds, versions_of
from kgraph.sync.definitions import Definition, read_definitions
from kgraph.sync.extract import Extracted
from kgraph.sync.manifest import Without, without
from kgraph.sync.options import SyncOptions
from kgraph.sync.rows import edge_properties
from kgraph.sync.selector_index import SelectorIndex
from kgraph.sync.snapshot import read_snapshot

What = Literal["node missing", "node unexpected", "node differs", "edge missing", "edge unexpected", "edge differs"]
EdgeKey = tuple[str, str, str]

ALL_KINDS = "*"  # of a group whose own server does not answer
PASSES = 5
PAUSE_SECONDS = 2.0


class Difference(msgspec.Struct, frozen=True, order=True):
    """One thing that the graph has otherwise than the cluster."""

    what: What
    key: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.what}: {self.key}" + (f" ({self.detail})" if self.detail else "")


class Report(msgspec.Struct, frozen=True):
    """What was compared, what differs, and which kinds could not be read."""

    cluster: str
    resources: int
    edges: int
    differences: tuple[Difference, ...]
    unread: Mapping[str, str]


class Picture(msgspec.Struct):
    """A cluster's part of a graph: fingerprints of its nodes, placeholders, edges; in a deep one all of a node."""

    nodes: dict[str, str] = msgspec.field(default_factory=dict)
    contents: dict[str, dict[str, Any]] = msgspec.field(default_factory=dict)
    noise: dict[str, Without] = msgspec.field(default_factory=dict)
    missing: set[str] = msgspec.field(default_factory=set)
    edges: dict[EdgeKey, dict[str, Any]] = msgspec.field(default_factory=dict)


async def check(store: Store, settings: ClusterSettings, options: SyncOptions, *, deep: bool = False) -> Report:
    """Compare the cluster with its graph; KubeError or GraphError where either can't be read at all."""
    earlier: frozenset[Difference] = frozenset()
    for last in range(PASSES):
        wanted, unread = await _picture_of_cluster(settings, options, deep=deep)
        found = await picture_of_graph(store, settings.id, deep=deep)
        differences = frozenset(compare(wanted, found, unread))
        persistent = differences & earlier
        if not differences or (persistent == differences and last) or last == PASSES - 1:
            break
        earlier = differences
        if settings.auth_method is not AuthMethod.SNAPSHOT:
            await asyncio.sleep(PAUSE_SECONDS)
    return Report(
        settings.id, len(wanted.nodes), len(wanted.edges), tuple(sorted(persistent if differences else ())), unread
    )


def compare(wanted: Picture, found: Picture, unread: Mapping[str, str]) -> Iterable[Difference]:
    """What differs between two pictures; kinds that could not be read are left out (`group/Kind` -> why)."""
    for key in wanted.nodes.keys() - found.nodes.keys():
        yield Difference("node missing", key)
    for key in found.nodes.keys() - wanted.nodes.keys():
        if not _is_unread(key, unread):
            yield Difference("node unexpected", key)
    for key in wanted.nodes.keys() & found.nodes.keys():
        if wanted.nodes[key] != found.nodes[key]:
            yield Difference("node differs", key, f"fingerprint {found.nodes[key]}, should be {wanted.nodes[key]}")
        elif key in wanted.contents and (otherwise := _otherwise(key, wanted, found)):
            yield Difference("node differs", key, otherwise)
    for key in found.missing - wanted.missing:
        if not _is_unread(key, unread):
            yield Difference("node unexpected", key, "a placeholder that nothing refers to")
    for edge in wanted.edges.keys() - found.edges.keys():
        yield Difference("edge missing", _arrow(edge), ", ".join(wanted.edges[edge]["fields"]))
    for edge in found.edges.keys() - wanted.edges.keys():
        if not (_is_unread(edge[0], unread) or _is_unread(edge[2], unread)):
            yield Difference("edge unexpected", _arrow(edge))
    for edge in wanted.edges.keys() & found.edges.keys():
        if wanted.edges[edge] != found.edges[edge]:
            details = [
                f"{name} {found.edges[edge].get(name)!r}, should be {wanted.edges[edge].get(name)!r}"
                for name in sorted(wanted.edges[edge].keys() | found.edges[edge].keys())
                if wanted.edges[edge].get(name) != found.edges[edge].get(name)
            ]
            yield Difference("edge differs", _arrow(edge), "; ".join(details))


# What the graph knows of a resource beside its object: when and how that has changed.
_HISTORY = frozenset({"firstSeen", "lastChanged", "changes"})
# What is taken along with whatever else changes, and alone is noise; in every manifest, and among the properties.
_NOISE: Without = {"metadata": {"resourceVersion": None}}
_SHOWN_CHARACTERS = 60


def _contents(properties: Mapping[str, Any], labels: Iterable[str]) -> dict[str, Any]:
    kept = {name: _plain(value) for name, value in properties.items() if name not in _HISTORY and value is not None}
    return {**kept, "resourceVersion": None, ":": sorted(labels)}


def _plain(value: Any) -> Any:
    """A value as it compares, whether it comes from an object or from the driver."""
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return native(value)


def _otherwise(key: str, should: Picture, has: Picture) -> str:
    """What differs of a node in words, "" for nothing."""
    wanted, found, noise = should.contents[key], has.contents[key], should.noise[key]
    names = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
    if "manifest" in names and _significant(wanted["manifest"], noise) == _significant(found.get("manifest"), noise):
        names.remove("manifest")
    return "; ".join(
        f"{'labels' if name == ':' else name} {str(found.get(name))[:_SHOWN_CHARACTERS]}, "
        f"should be {str(wanted.get(name))[:_SHOWN_CHARACTERS]}"
        for name in names
    )


def _significant(manifest: Any, noise: Without) -> Any:
    try:
        return without(without(msgspec.json.decode(manifest), noise), _NOISE)
    except (msgspec.MsgspecError, TypeError):
        return manifest


def _arrow(edge: EdgeKey) -> str:
    start, type_, end = edge
    return f"{start} -{type_}-> {end}"


def _is_unread(key: str, unread: Mapping[str, str]) -> bool:
    if not unread or end_label(key) != "Resource":
        return False
    _, group, kind, *_ = key.split("/")
    return f"{group}/{kind}" in unread or f"{group}/{ALL_KINDS}" in unread


async def _picture_of_cluster(
    settings: ClusterSettings, options: SyncOptions, *, deep: bool = False
) -> tuple[Picture, Mapping[str, str]]:
    unread: dict[str, str] = {}
    return picture_of([extracted async for extracted in _extracted(settings, options, unread)], deep=deep), unread


def picture_of(cluster: Iterable[Extracted], *, deep: bool = False) -> Picture:
    """The graph that a cluster's objects should have."""
    picture, index = Picture(), SelectorIndex()
    uids: dict[str, str] = {}
    for extracted in cluster:
        resource = extracted.resource
        picture.nodes[resource.key] = resource.fingerprint
        uids[resource.key] = resource.uid
        if deep:
            picture.contents[resource.key] = _contents(resource.properties, ("Resource", resource.label))
            picture.noise[resource.key] = extracted.provenance.noise
        for edge in resource.edges:
            picture.edges[resource.key, edge.type, edge.end] = edge_properties(edge)
        index.put(extracted.fact, extracted.queries)
    for start, edge in index.edges():
        picture.edges[start, edge.type, edge.end] = edge_properties(edge, matched=True)
    for (_, _, end), properties in picture.edges.items():
        if end_label(end) == "Resource":
            if end not in picture.nodes:
                picture.missing.add(end)
            elif properties.get("uid", uids[end]) != uids[end]:
                properties["stale"] = True
    return picture


async def _extracted(
    settings: ClusterSettings, options: SyncOptions, unread: dict[str, str]
) -> AsyncIterator[Extracted]:
    if settings.auth_method is AuthMethod.SNAPSHOT:
        snapshot = read_snapshot(settings, options)
        for resource, objects in snapshot.kinds:
            for value in objects:
                yield snapshot.extractor.extract(value, resource.group, resource.version, resource.kind)
        return
    async with Connection.open(settings) as connection:
        found = await discover(connection, options.versions)
        definitions: tuple[Definition, ...] = ()
        with suppress(KubeError):  # without them nothing is inferred, and the worker, by the same login, infers nothing
            definitions = await read_definitions(connection, found.resources)
        catalogue = Catalogue(kinds_of(found.resources, options))
        reader = extractor(settings.id, catalogue, options, definitions, versions_of(found.resources))
        unread.update({f"{failure.group or CORE}/{ALL_KINDS}": str(failure.error) for failure in found.failures})
        for resource in select_kinds(found, options):
            group = todays_group(resource.group, resource.kind)
            try:
                async for page in pages(connection, resource):
                    for raw in page.items:
                        value = decode(raw, resource.group, resource.kind)
                        yield reader.extract(value, resource.group, resource.version, resource.kind)
            except KubeError as error:
                unread[f"{group or CORE}/{resource.kind}"] = str(error)


async def picture_of_graph(store: Store, cluster: str, *, deep: bool = False) -> Picture:
    """The graph that a cluster has."""
    picture = Picture()
    for kind in await store.read("read/kinds_in_graph", {"cluster": cluster}):
        parameters = {"prefix": kind_prefix(cluster, GroupKind(kind["group"], kind["kind"]))}
        nodes = await store.read_one("read/nodes_to_check", parameters)
        for key, fingerprint, missing in zip(nodes["keys"], nodes["fingerprints"], nodes["missing"], strict=True):
            if missing:
                picture.missing.add(key)
            else:
                picture.nodes[key] = fingerprint
        if deep:
            for labels, properties in (await store.read_one("read/contents_to_check", parameters))["nodes"]:
                picture.contents[properties["key"]] = _contents(properties, labels)
        edges = await store.read_one("read/edges_to_check", parameters)
        for start, type_, end, properties in zip(
            edges["starts"], edges["types"], edges["ends"], edges["properties"], strict=True
        ):
            picture.edges[start, type_, end] = properties
    return picture
