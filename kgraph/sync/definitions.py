"""CustomResourceDefinitions as they matter for reading their resources: names, scope, and what schemas suggest."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from kgraph.graphdb.kinds import Kind
from kgraph.graphdb.model import GroupKind
from kgraph.kube.connection import Connection
from kgraph.kube.discovery import ApiResource
from kgraph.kube.listing import pages
from kgraph.sync.inferred import Place, places_in

KIND = GroupKind("apiextensions.k8s.io", "CustomResourceDefinition")


class Definition(msgspec.Struct, frozen=True):
    """One definition. `places` are by version; `revision` changes whenever its spec does, "" is unknown."""

    kind: Kind
    places: Mapping[str, tuple[Place, ...]] = {}
    revision: str = ""


class _Names(msgspec.Struct, rename="camel"):
    kind: str
    plural: str
    singular: str = ""
    short_names: list[str] | None = None


class _Version(msgspec.Struct):
    name: str
    schema: Any = None


class _Spec(msgspec.Struct):
    group: str
    names: _Names
    scope: str = "Namespaced"
    versions: list[_Version] | None = None
    # apiextensions.k8s.io/v1beta1, which Kubernetes served until 1.21 and dumps still have.
    version: str = ""
    validation: Any = None


class _Object(msgspec.Struct):
    spec: _Spec
    metadata: Any = None


def definition_of(value: Any, known: Mapping[str, Definition] = {}) -> Definition | None:
    """A definition from its object or JSON; None where it is none. One of the `known` revisions is not read again."""
    try:
        if isinstance(value, bytes | msgspec.Raw):
            found = msgspec.json.decode(value, type=_Object)
        else:
            found = msgspec.convert(value, _Object)
    except (msgspec.ValidationError, msgspec.DecodeError):
        return None
    spec = found.spec
    metadata = found.metadata if type(found.metadata) is dict else {}
    revision = f"{metadata['uid']}/{metadata.get('generation')}" if metadata.get("uid") else ""
    if revision and (before := known.get(revision)):
        return before
    names = spec.names
    kind = Kind(
        group=spec.group,
        kind=names.kind,
        plural=names.plural,
        singular=names.singular,
        short_names=tuple(names.short_names or ()),
        namespaced=spec.scope == "Namespaced",
    )
    versions = spec.versions or [_Version(spec.version)]
    places = {each.name: places_in(_schema(each.schema) or _schema(spec.validation)) for each in versions}
    return Definition(kind, places, revision)


def _schema(value: Any) -> Any:
    return value.get("openAPIV3Schema") if type(value) is dict else None


async def read_definitions(
    connection: Connection, served: Iterable[ApiResource], earlier: Iterable[Definition] = ()
) -> tuple[Definition, ...]:
    """The definitions of a cluster; those that have not changed since `earlier` are not read again.

    KubeError where they can't be listed.
    """
    resource = next((each for each in served if GroupKind(each.group, each.kind) == KIND), None)
    if resource is None:
        return ()
    known = {each.revision: each for each in earlier}
    found = []
    async for page in pages(connection, resource):
        for raw in page.items:
            definition = definition_of(raw, known)
            if definition is not None:
                found.append(definition)
            await asyncio.sleep(0)  # some schemas take 20 ms
    return tuple(found)
