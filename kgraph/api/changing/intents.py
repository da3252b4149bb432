"""What a mutation would do to one object, as a value: the request, the rights that it needs, what quotas have to hold.

Everything here is pure. `kgraph.api.changing.mutations` does it.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from kgraph.api.changing.audit import paths
from kgraph.api.errors import BadUserInput, Conflict
from kgraph.api.served import Target
from kgraph.kube import changing, usage
from kgraph.kube.changing import PatchType, Propagation, Write
from kgraph.kube.objects import decode
from kgraph.kube.usage import Usage

FIELD_MANAGER = "dictamesh"  # who set a field, in managedFields, unless the caller says otherwise
_MANAGER_CHARACTERS = 128  # apimachinery validation.FieldManagerMaxLength
Object = Mapping[str, Any]
# Whose Pods `kubectl rollout restart` makes again.
RESTARTABLE = ("deployments", "statefulsets", "daemonsets")


class Need(msgspec.Struct, frozen=True):
    """What an object uses of quotas itself, and what its Pods, whose spec says which scopes they are in."""

    own: Usage
    of_pods: Usage
    pod_spec: Object


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """One mutation of one object.

    `verb` and `subresource` are what the caller must be allowed. `creates`: it makes the object, or (`may_create`) does
    so where there is none; `replaces`: it needs one. `looks`: it depends on what is there, which is read as a whole.
    `given` is what the caller gave, for telling a repeated request from another; `fields` are its paths. `needs` says
    of the object as it is (None where it is not there) what has to fit into quotas, and raises where it does not go
    with that; `weighs`: it may say something. `deletes`, `scales`: how its answer is to be read.
    """

    target: Target
    verb: str
    write: Write
    given: Any
    fields: tuple[str, ...] = ()
    detail: str = ""
    subresource: str = ""
    creates: bool = False
    may_create: bool = False
    replaces: bool = False
    looks: bool = False
    weighs: bool = False
    needs: Callable[[Object | None], Need | None] = lambda _: None
    deletes: bool = False
    scales: bool = False


def create(target: Target, obj: Object, manager: str) -> Intent:
    """Create an object."""
    manifest = _complete(target, obj)
    return Intent(
        target=target,
        verb="create",
        write=changing.creation(target.resource, target.namespace, manifest, manager=_manager(manager)),
        given=obj,
        fields=paths(obj),
        creates=True,
        weighs=True,
        needs=lambda _: _of_new(target, manifest),
    )


def apply(target: Target, obj: Object, manager: str, *, force: bool) -> Intent:
    """Server-side apply; of what is there already, only a change of `replicas` is held against quotas."""
    manifest = _complete(target, obj)

    def needs(before: Object | None) -> Need | None:
        return _of_new(target, manifest) if before is None else _of_merged(target, before, obj)

    return Intent(
        target=target,
        verb="patch",
        write=changing.application(
            target.resource, target.namespace, target.name, manifest, manager=_manager(manager), force=force
        ),
        given=[obj, force],
        fields=paths(obj),
        detail="force" if force else "",
        may_create=True,
        looks=_sets_replicas(target, obj),
        weighs=True,
        needs=needs,
    )


def patch(target: Target, content: Any, kind: PatchType, manager: str, version: str = "") -> Intent:
    """Patch an object, with `version` only as long as that is its resourceVersion.

    What it sets `replicas` to is held against quotas; of a JSON patch that is not known beforehand.
    """
    if kind is PatchType.JSON:
        if not (isinstance(content, list) and all(isinstance(one, Mapping) for one in content)):
            raise BadUserInput("a JSON patch is a list of operations: [{op: replace, path: /spec/replicas, value: 2}]")
        fields = tuple(sorted({str(one.get("path")) for one in content}))[:20]
    elif isinstance(content, Mapping):
        fields = paths(content)
    else:
        raise BadUserInput("a strategic or merge patch is an object with the fields that are to change")
    return Intent(
        target=target,
        verb="patch",
        write=changing.patching(
            target.resource, target.namespace, target.name, content, kind, manager=_manager(manager), version=version
        ),
        given=[content, kind, version],
        fields=fields,
        detail=kind.name.lower(),
        looks=_sets_replicas(target, content),
        weighs=_sets_replicas(target, content),
        needs=lambda before: _of_merged(target, before, content) if before else None,
    )


def replace(target: Target, obj: Object, manager: str, version: str = "") -> Intent:
    """Put an object in the place of what is there, with `version` only as long as that is its resourceVersion.

    More replicas than there were are held against quotas.
    """
    manifest = _complete(target, obj)
    said = manifest["metadata"].get("resourceVersion")
    if version and said not in (None, "", version):
        raise BadUserInput(f"the manifest's metadata.resourceVersion is {said!r}, and {version!r} is asked for")
    return Intent(
        target=target,
        verb="update",
        write=changing.replacement(
            target.resource, target.namespace, target.name, manifest, manager=_manager(manager), version=version
        ),
        given=[obj, version],
        fields=paths(obj),
        replaces=True,
        looks=(target.resource.group, target.resource.plural) in usage.REPLICAS,
        weighs=(target.resource.group, target.resource.plural) in usage.REPLICAS,
        needs=lambda before: _of_more(target, before, manifest) if before else None,
    )


def delete(target: Target, propagation: Propagation | None, grace_seconds: int | None, version: str = "") -> Intent:
    """Delete an object."""
    if grace_seconds is not None and grace_seconds < 0:
        raise BadUserInput(f"gracePeriodSeconds is {grace_seconds}; it cannot be negative")
    return Intent(
        target=target,
        verb="delete",
        write=changing.deletion(
            target.resource,
            target.namespace,
            target.name,
            propagation=propagation,
            grace_seconds=grace_seconds,
            version=version,
        ),
        given=[propagation, grace_seconds, version],
        detail=f"propagationPolicy {propagation}" if propagation else "",
        deletes=True,
    )


def scale(target: Target, replicas: int, manager: str) -> Intent:
    """Set how many replicas an object is to have."""
    if replicas < 0:
        raise BadUserInput(f"replicas is {replicas}; it cannot be negative")

    def needs(before: Object | None) -> Need | None:
        return _of_more(target, before, before, replicas) if before else None

    return Intent(
        target=target,
        verb="patch",
        subresource="scale",
        write=changing.scaling(target.resource, target.namespace, target.name, replicas, manager=_manager(manager)),
        given=replicas,
        fields=("spec.replicas",),
        detail=f"replicas {replicas}",
        looks=True,
        weighs=True,
        needs=needs,
        scales=True,
    )


def restart(target: Target, at: datetime, manager: str) -> Intent:
    """Have the Pods of an object made again."""
    if (target.resource.group, target.resource.plural) not in [("apps", plural) for plural in RESTARTABLE]:
        raise BadUserInput(f"{target.resource} cannot be restarted; {', '.join(RESTARTABLE)} can")

    def needs(before: Object | None) -> Need | None:
        # As kubectl: nothing would happen until somebody resumes it, perhaps much later.
        if before and (before.get("spec") or {}).get("paused"):
            raise Conflict(f"{target.name} is paused: resume its rollout first")
        return None

    return Intent(
        target=target,
        verb="patch",
        write=changing.restarting(target.resource, target.namespace, target.name, at, manager=_manager(manager)),
        given=None,
        fields=(f"spec.template.metadata.annotations.{changing.RESTARTED_AT}",),
        looks=True,
        needs=needs,
    )


def scaled(obj: dict[str, Any], answer: bytes) -> dict[str, Any]:
    """An object with the number of replicas of its scale subresource's answer, left out by a dry run."""
    scale = decode(answer, "autoscaling", "Scale")
    return {**obj, "spec": {**(obj.get("spec") or {}), "replicas": (scale.get("spec") or {}).get("replicas", 0)}}


def _complete(target: Target, obj: Object) -> dict[str, Any]:
    """A manifest with what the arguments say of it; BadUserInput where it says something else."""
    resource = target.resource
    metadata = obj.get("metadata") or {}
    if not isinstance(metadata, Mapping):
        raise BadUserInput("the manifest's metadata is no object")
    said = {"name": target.name, "namespace": target.namespace}
    for field, value in said.items():
        if metadata.get(field) not in (None, "", value):
            raise BadUserInput(f"the manifest's metadata.{field} is {metadata[field]!r}, and {field} is {value!r}")
    for field, value in (("apiVersion", resource.api_version), ("kind", resource.kind)):
        if obj.get(field) not in (None, "", value):
            raise BadUserInput(f"the manifest's {field} is {obj[field]!r}; {value} is expected")
    kept = {name: value for name, value in metadata.items() if name != "managedFields"}
    named = {**kept, **{field: value for field, value in said.items() if value}}
    return {**obj, "apiVersion": resource.api_version, "kind": resource.kind, "metadata": named}


def _of_new(target: Target, obj: Object) -> Need:
    own, of_pods = usage.of_object(target.resource, obj)
    return Need(own, of_pods, usage.pod_spec(target.resource, obj))


def _of_more(target: Target, before: Object, then: Object, replicas: int | None = None) -> Need | None:
    """What it takes that an object has so many replicas (its own), with Pods as in `then`; None where no more."""
    wanted = usage.replicas(target.resource, then) if replicas is None else replicas
    more = wanted - usage.replicas(target.resource, before)
    if more <= 0:
        return None
    of_pods = usage.of_pods(target.resource, then, more)
    return Need({}, of_pods, usage.pod_spec(target.resource, then))


def _sets_replicas(target: Target, content: Any) -> bool:
    """Whether a manifest or a patch says how many Pods its object is to have."""
    field = usage.REPLICAS.get((target.resource.group, target.resource.plural))
    spec = content.get("spec") if isinstance(content, Mapping) else None
    return field is not None and isinstance(spec, Mapping) and field in spec


def _of_merged(target: Target, before: Object, content: Any) -> Need | None:
    """What it takes to bring an object up to the replicas that a manifest or a patch sets, its Pods being as before."""
    if not _sets_replicas(target, content):
        return None
    return _of_more(target, before, before, usage.replicas(target.resource, content))


def _manager(given: str) -> str:
    manager = given or FIELD_MANAGER
    if len(manager) > _MANAGER_CHARACTERS or not manager.isprintable():
        raise BadUserInput(f"a field manager is a printable text of {_MANAGER_CHARACTERS} characters at most")
    return manager
