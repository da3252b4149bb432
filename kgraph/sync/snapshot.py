"""A snapshot as a cluster: manifests grouped by kind and told to the intake as lists that are whole."""

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec
import structlog

from kgraph.graphdb.catalogue import Catalogue
from kgraph.graphdb.model import GroupKind
from kgraph.graphdb.store import Store
from kgraph.groups import todays_group
from kgraph.kube.discovery import ApiResource
from kgraph.kube.settings import ClusterSettings
from kgraph.kube.snapshot import Document, read
from kgraph.sync.custom import extractor, is_wanted, versions_of, with_promoted
from kgraph.sync.definitions import KIND as DEFINITION
from kgraph.sync.definitions import Definition, definition_of
from kgraph.sync.extract import Extractor
from kgraph.sync.intake import Intake
from kgraph.sync.options import SyncOptions
from kgraph.sync.patience import patiently
from kgraph.sync.served import READ_VERBS, group_kind, resource_of

log = structlog.get_logger(__name__)


class Snapshot(msgspec.Struct, frozen=True):
    """Objects by kind, in the order in which they are written, and what could not be read; `whole` where all could."""

    extractor: Extractor
    kinds: tuple[tuple[ApiResource, tuple[Mapping[str, Any], ...]], ...]
    problems: tuple[str, ...]
    whole: bool = True


def read_snapshot(settings: ClusterSettings, options: SyncOptions) -> Snapshot:
    """Read all manifests of a snapshot; what is broken is a problem, and the rest goes in."""
    default_namespace = options.default_namespace
    problems: list[str] = []
    whole = True
    documents: list[Document] = []
    definitions: list[Definition] = []
    # Twice over the documents: a CRD may stand behind the first of its resources, and it says what has a namespace.
    for each in read(settings.snapshot_path, default_namespace=default_namespace):
        if isinstance(each, Document):
            documents.append(each)
            if each.object.get("kind") == DEFINITION.kind and (defined := definition_of(each.object)):
                definitions.append(defined)
        else:
            problems.append(str(each))
            whole = whole and each.level != "error"
    catalogue = Catalogue(with_promoted((each.kind for each in definitions), options))
    by_kind: dict[GroupKind, tuple[ApiResource, dict[tuple[str, str], Mapping[str, Any]]]] = {}
    for document in documents:
        resource = _resource(document.object, catalogue)
        if not is_wanted(resource, options):
            continue
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
    catalogue = catalogue.with_kinds(kind for kind in known if kind)
    versions = versions_of(resource for resource, _ in kinds)
    reader = extractor(settings.id, catalogue, options, definitions, versions)
    return Snapshot(reader, kinds, tuple(problems), whole)


async def load_snapshot(
    intake: Intake, store: Store, settings: ClusterSettings, options: SyncOptions
) -> tuple[str, ...]:
    """Tell the intake a whole snapshot; returns what could not be read of it."""
    # Rendering may take a while, and other clusters share the loop.
    snapshot = await asyncio.to_thread(read_snapshot, settings, options)
    for problem in snapshot.problems:
        log.warning("a manifest is left out or doubtful", cluster=settings.id, problem=problem)
    intake.extractor = snapshot.extractor
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
