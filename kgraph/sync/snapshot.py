"""A snapshot as a cluster: manifests grouped by kind and told to the intake as lists that are whole."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import structlog

from kgraph.graphdb.catalogue import Catalogue
from kgraph.graphdb.kinds import Kind, todays_group
from kgraph.graphdb.model import GroupKind
from kgraph.graphdb.store import Store
from kgraph.kube.discovery import ApiResource
from kgraph.kube.settings import ClusterSettings
from kgraph.kube.snapshot import Document, read
from kgraph.sync.extract import Extractor
from kgraph.sync.intake import Intake, patiently
from kgraph.sync.options import SyncOptions
from kgraph.sync.served import READ_VERBS, group_kind, resource_of

log = structlog.get_logger(__name__)


class DefinitionNames(msgspec.Struct, frozen=True, rename="camel"):
    """What a CustomResourceDefinition calls its kind."""

    kind: str
    plural: str
    singular: str = ""
    short_names: list[str] = []


class DefinitionSpec(msgspec.Struct, frozen=True):
    """What of a CustomResourceDefinition's spec matters for reading its resources."""

    group: str
    names: DefinitionNames
    scope: str = "Namespaced"


class Snapshot(msgspec.Struct, frozen=True):
    """Objects by kind, in the order in which they are written, and what could not be read."""

    catalogue: Catalogue
    kinds: tuple[tuple[ApiResource, tuple[Mapping[str, Any], ...]], ...]
    problems: tuple[str, ...]


def read_snapshot(settings: ClusterSettings, default_namespace: str) -> Snapshot:
    """Read all manifests of a snapshot; what is broken is a problem, and the rest goes in."""
    problems: list[str] = []
    documents: list[Document] = []
    definitions: list[Kind] = []
    # Twice over the documents: a CRD may stand behind the first of its resources, and it says what has a namespace.
    for each in read(settings.snapshot_path, default_namespace=default_namespace):
        if isinstance(each, Document):
            documents.append(each)
            definitions += _defined(each.object)
        else:
            problems.append(str(each))
    catalogue = Catalogue(definitions)
    by_kind: dict[GroupKind, tuple[ApiResource, dict[tuple[str, str], Mapping[str, Any]]]] = {}
    for document in documents:
        resource = _resource(document.object, catalogue)
        metadata = document.object["metadata"]
        # Of a custom kind the scope is known only now: its definition may stand behind its resources.
        if resource.namespaced:
            metadata.setdefault("namespace", default_namespace)
        else:
            metadata.pop("namespace", None)
        _, named = by_kind.setdefault(group_kind(resource), (resource, {}))
        named[metadata.get("namespace", ""), metadata["name"]] = document.object
    kinds = tuple((resource, tuple(named.values())) for resource, named in by_kind.values())
    # What is there is served, whether its definition is in the snapshot or not.
    known = (catalogue.get(*kind) for kind in by_kind if not catalogue.serves(*kind))
    return Snapshot(catalogue.with_kinds(kind for kind in known if kind), kinds, tuple(problems))


async def load_snapshot(
    intake: Intake, store: Store, settings: ClusterSettings, options: SyncOptions
) -> tuple[str, ...]:
    """Tell the intake a whole snapshot; returns what could not be read of it."""
    snapshot = read_snapshot(settings, options.default_namespace)
    for problem in snapshot.problems:
        log.warning("a manifest is left out or doubtful", cluster=settings.id, problem=problem)
    intake.extractor = Extractor(settings.id, snapshot.catalogue, elsewhere=options.elsewhere)
    intake.expect(resource for resource, _ in snapshot.kinds)
    present = {group_kind(resource) for resource, _ in snapshot.kinds}
    record = await patiently(lambda: store.read_one("read/synced_kinds", {"cluster": settings.id}))
    for properties in record["kinds"]:
        if (gone := resource_of(properties)) and group_kind(gone) not in present:
            await intake.drop(gone)
    for resource, objects in snapshot.kinds:
        await intake.begin(resource)
        await intake.put_objects(resource, objects)
        await intake.complete(resource, "")
    return snapshot.problems


def _resource(value: Mapping[str, Any], catalogue: Catalogue) -> ApiResource:
    """The kind of a manifest, of today's group; a kind that nobody defines has a namespace if its object has one."""
    group, _, version = str(value["apiVersion"]).rpartition("/")
    kind = str(value["kind"])
    known = catalogue.get(group, kind)
    if known is not None:
        return ApiResource(
            group=known.group,
            version=version,
            kind=kind,
            plural=known.plural,
            singular=known.singular,
            short_names=known.short_names,
            namespaced=known.namespaced,
            verbs=READ_VERBS,
        )
    return ApiResource(
        group=todays_group(group, kind),
        version=version,
        kind=kind,
        plural=f"{kind.lower()}s",
        singular=kind.lower(),
        namespaced="namespace" in value["metadata"],
        verbs=READ_VERBS,
    )


def _defined(value: Mapping[str, Any]) -> Iterator[Kind]:
    """The kind that a CustomResourceDefinition defines."""
    if value.get("kind") != "CustomResourceDefinition":
        return
    try:
        spec = msgspec.convert(value.get("spec"), DefinitionSpec)
    except msgspec.ValidationError:
        return
    yield Kind(
        group=spec.group,
        kind=spec.names.kind,
        plural=spec.names.plural,
        singular=spec.names.singular,
        short_names=tuple(spec.names.short_names),
        namespaced=spec.scope == "Namespaced",
    )
