"""Custom kinds: which of them are synced, and what is known of them beyond the tables.

What a user says in the configuration comes first, then what a definition's schema suggests.
"""

from collections.abc import Iterable, Mapping

import msgspec

from kgraph.graphdb.catalogue import Catalogue, is_builtin
from kgraph.graphdb.edges import EDGE_ROWS
from kgraph.graphdb.edges.row import EdgeRow
from kgraph.graphdb.kinds import Kind
from kgraph.graphdb.model import GroupKind
from kgraph.groups import todays_group
from kgraph.kube import jsonpath
from kgraph.kube.discovery import ApiResource, Discovery
from kgraph.kube.selection import select
from kgraph.sync.definitions import Definition
from kgraph.sync.extract import Extractor
from kgraph.sync.inferred import rows_at
from kgraph.sync.options import OwnEdge, SyncOptions
from kgraph.sync.served import discovered_kinds


def select_kinds(found: Discovery, options: SyncOptions) -> tuple[ApiResource, ...]:
    """The kinds to sync of those that a cluster serves; UnknownResources as `select` has it."""
    selected = select(found.resources, options.watch_resources, failures=found.failures)
    return tuple(resource for resource in selected if is_wanted(resource, options))


def is_wanted(resource: ApiResource, options: SyncOptions) -> bool:
    """Whether a kind is Kubernetes' own, or a custom one that the options do not leave out."""
    if is_builtin(todays_group(resource.group, resource.kind)):
        return True
    named = {(each.group, each.plural) for each in options.own_kinds}
    return options.custom_resources and (not named or (resource.group, resource.plural) in named)


def kinds_of(resources: Iterable[ApiResource], options: SyncOptions) -> list[Kind]:
    """What is known of the kinds that a cluster serves, the properties that the user wants among it."""
    return with_promoted(discovered_kinds(resources), options)


def with_promoted(kinds: Iterable[Kind], options: SyncOptions) -> list[Kind]:
    """The kinds with the properties that the user wants of them."""
    own = {(each.group, each.plural): each.promote for each in options.own_kinds}
    return [
        msgspec.structs.replace(kind, promote={name: jsonpath.normalised(path) for name, path in promote.items()})
        if (promote := own.get((kind.group, kind.plural)))
        else kind
        for kind in kinds
    ]


def extractor(
    cluster: str,
    catalogue: Catalogue,
    options: SyncOptions,
    definitions: Iterable[Definition],
    versions: Mapping[GroupKind, str],
) -> Extractor:
    """What reads the objects of a cluster; `versions` are those in which its kinds are read."""
    if not options.relationships:
        return Extractor(cluster, catalogue, [row for row in EDGE_ROWS if row.containment])
    own: dict[GroupKind, tuple[EdgeRow, ...]] = {}
    for definition in definitions:
        kind = definition.kind.group_kind
        own[kind] = rows_at(kind, definition.places.get(versions.get(kind, ""), ()), catalogue)
    for said in options.own_kinds:
        known = catalogue.by_plural(said.group, said.plural)
        if known is not None and said.edges is not None:
            own[known.group_kind] = tuple(row_of(edge, known.group_kind) for edge in said.edges)
    return Extractor(cluster, catalogue, own=own, elsewhere=options.elsewhere)


def row_of(edge: OwnEdge, start: GroupKind) -> EdgeRow:
    """A user's row as one of the edge table; the edges themselves say what they mean, for whoever reads the graph."""
    return EdgeRow(
        type=edge.type,
        start=(str(start),),
        end=edge.end,
        at=(jsonpath.normalised(edge.path),),
        name=edge.name,
        namespace=(edge.namespace,) if edge.namespace else (),
        optional=edge.optional,
        on_delete=edge.on_delete,
        on_failure=edge.on_failure,
        doc="A row of the configuration.",
    ).saying_itself()


def unserved(options: SyncOptions, found: Iterable[ApiResource]) -> Mapping[GroupKind, str]:
    """The kinds that are read in another version than the user asked for, and a sentence about it."""
    wanted = options.versions
    return {
        GroupKind(each.group, each.kind): f"custom_resource_definitions asks for version {version} of {each}, which "
        f"is not served: {each.version} is read"
        for each in found
        if (version := wanted.get((each.group, each.plural))) and version != each.version
    }


def versions_of(resources: Iterable[ApiResource]) -> Mapping[GroupKind, str]:
    """In which version each kind is read."""
    return {GroupKind(each.group, each.kind): each.version for each in resources}
