"""Changing a cluster: requests as values, made purely, and the one way to send them.

A request acts as its caller by impersonation, and is sent again only where that does no harm: where it cannot have
reached the apiserver, or where twice is as once. After that it is not known whether it happened, and `Unclear` says so.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
import structlog

from kgraph.discreet import Discreet
from kgraph.kube.connection import JSON, Connection
from kgraph.kube.discovery import ApiResource
from kgraph.kube.errors import (
    BadAnswer,
    Conflict,
    Forbidden,
    KubeError,
    NotFound,
    ServerTimeout,
    Unauthenticated,
    Unavailable,
)
from kgraph.kube.impersonation import impersonation
from kgraph.kube.reviews import Subject

log = structlog.get_logger(__name__)

# How long is waited before a request is sent again: an apiserver that is restarted is back within a few seconds.
PAUSES_SECONDS = (0.5, 2.0)
# kubectl's own: what the apiserver does not know is an error, not dropped (API concepts, "Field validation").
_STRICT = ("fieldValidation", "Strict")
RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"  # kubectl's annotation for `rollout restart`


class PatchType(StrEnum):
    """How a patch is meant, by its content type (API concepts, "Patch")."""

    STRATEGIC = "application/strategic-merge-patch+json"
    MERGE = "application/merge-patch+json"
    JSON = "application/json-patch+json"
    APPLY = "application/apply-patch+yaml"  # of which JSON is a part


class Propagation(StrEnum):
    """What becomes of what the object owns (garbage collection, "Cascading deletion")."""

    BACKGROUND = "Background"
    FOREGROUND = "Foreground"
    ORPHAN = "Orphan"


class Write(Discreet, frozen=True):
    """One request that changes an object; `repeatable` where sending it twice is as sending it once."""

    shown = ("method", "path")

    method: str
    path: str
    body: Any = None
    content_type: str = JSON
    params: tuple[tuple[str, str], ...] = ()
    repeatable: bool = False


class Unclear(Exception):
    """A request was sent, and nobody can say whether it happened; `error` is what came in place of its answer."""

    def __init__(self, error: KubeError) -> None:
        super().__init__(str(error))
        self.error = error


def creation(resource: ApiResource, namespace: str, obj: Mapping[str, Any], *, manager: str) -> Write:
    """Create an object; Conflict where there is one of its name."""
    return Write("POST", resource.path(namespace), obj, JSON, (_STRICT, ("fieldManager", manager)))


def application(
    resource: ApiResource, namespace: str, name: str, obj: Mapping[str, Any], *, manager: str, force: bool
) -> Write:
    """Server-side apply; Conflict names the fields of other managers, which `force` takes over."""
    params = (_STRICT, ("fieldManager", manager), *((("force", "true"),) if force else ()))
    return Write("PATCH", resource.path(namespace, name), obj, PatchType.APPLY, params, repeatable=True)


def patching(
    resource: ApiResource, namespace: str, name: str, patch: Any, kind: PatchType, *, manager: str, version: str = ""
) -> Write:
    """Patch an object; with `version` only as long as that is its resourceVersion.

    A JSON patch can mean something else the second time (`add` to a list), and so can whatever names a version.
    """
    if version and kind is PatchType.JSON:
        # Kubernetes compares a version that a patch sets with the object's own.
        patch = [{"op": "replace", "path": "/metadata/resourceVersion", "value": version}, *patch]
    elif version:
        patch = {**patch, "metadata": {**(patch.get("metadata") or {}), "resourceVersion": version}}
    return Write(
        "PATCH",
        resource.path(namespace, name),
        patch,
        kind,
        (_STRICT, ("fieldManager", manager)),
        repeatable=kind is not PatchType.JSON and not (patch.get("metadata") or {}).get("resourceVersion"),
    )


def replacement(
    resource: ApiResource, namespace: str, name: str, obj: Mapping[str, Any], *, manager: str, version: str = ""
) -> Write:
    """Put an object in the place of what is there; with `version` only as long as that is its resourceVersion."""
    if version:
        obj = {**obj, "metadata": {**obj["metadata"], "resourceVersion": version}}
    return Write(
        "PUT",
        resource.path(namespace, name),
        obj,
        JSON,
        (_STRICT, ("fieldManager", manager)),
        repeatable=not obj["metadata"].get("resourceVersion"),
    )


def deletion(
    resource: ApiResource,
    namespace: str,
    name: str,
    *,
    propagation: Propagation | None = None,
    grace_seconds: int | None = None,
    version: str = "",
) -> Write:
    """Delete an object; unless told, its kind decides what becomes of what it owns. `of_incarnation` makes it safe."""
    options: dict[str, Any] = {"apiVersion": "v1", "kind": "DeleteOptions"}
    if propagation:
        options["propagationPolicy"] = propagation
    if grace_seconds is not None:
        options["gracePeriodSeconds"] = grace_seconds
    if version:
        options["preconditions"] = {"resourceVersion": version}
    return Write("DELETE", resource.path(namespace, name), options)


def of_incarnation(write: Write, uid: str) -> Write:
    """The same deletion of the object with this uid alone: another of its name is left in peace, however often."""
    preconditions = {**write.body.get("preconditions", {}), "uid": uid}
    return msgspec.structs.replace(write, body={**write.body, "preconditions": preconditions}, repeatable=True)


def scaling(resource: ApiResource, namespace: str, name: str, replicas: int, *, manager: str) -> Write:
    """Set the number of replicas through the scale subresource; its answer is an autoscaling/v1 Scale."""
    return Write(
        "PATCH",
        f"{resource.path(namespace, name)}/scale",
        {"spec": {"replicas": replicas}},
        PatchType.MERGE,
        (("fieldManager", manager),),
        repeatable=True,
    )


def restarting(resource: ApiResource, namespace: str, name: str, at: datetime, *, manager: str) -> Write:
    """Have all Pods of a template made again, as `kubectl rollout restart` does."""
    annotations = {RESTARTED_AT: at.isoformat(timespec="seconds")}
    patch = {"spec": {"template": {"metadata": {"annotations": annotations}}}}
    return patching(resource, namespace, name, patch, PatchType.STRATEGIC, manager=manager)


async def send(conn: Connection, write: Write, caller: Subject | None, *, dry_run: bool = False) -> bytes:
    """Send a request as `caller`, or with the connection's own login; the answer, b"" where a deletion was done before.

    A KubeError where the apiserver refuses, or cannot have got it; Unclear where it may have happened.
    """
    params, body = write.params, write.body
    if dry_run and write.method == "DELETE":
        body = {**body, "dryRun": ["All"]}  # a body of options hides those of the address
    elif dry_run:
        params = (*params, ("dryRun", "All"))
    harmless = write.repeatable or dry_run
    doubt: KubeError | None = None
    for pause in (*PAUSES_SECONDS, None):
        try:
            return await conn.request(
                write.method,
                write.path,
                params,
                body=msgspec.json.encode(body),
                headers=[("Content-Type", write.content_type), *acting_as(caller)],
            )
        except KubeError as error:
            if doubt is not None and write.method == "DELETE" and isinstance(error, NotFound | Conflict):
                return b""  # that incarnation was there before: the request whose answer was lost has taken it away
            done = _may_be_done(error)
            doubt = error if done else doubt
            again = (harmless or not done) and _passes(error, in_doubt=doubt is not None)
            if pause is None or not again:
                if doubt is None or dry_run:
                    raise
                raise Unclear(doubt) from error
            log.warning("a change is sent again", cluster=conn.cluster, path=write.path, status=error.status)
            await asyncio.sleep(pause)
    raise AssertionError("a loop that neither returns nor raises")


def acting_as(caller: Subject | None) -> tuple[tuple[str, str], ...]:
    """The headers with which a request acts as somebody; none for the connection's own login."""
    if caller is None:
        return ()
    return impersonation(caller.user, caller.uid, caller.groups, dict(caller.extra))


def _passes(error: KubeError, *, in_doubt: bool) -> bool:
    """Whether the same request may succeed in a moment; an apiserver that has just started knows no roles yet."""
    if isinstance(error, Forbidden | Unauthenticated):
        return in_doubt
    return isinstance(error, Unavailable | ServerTimeout | BadAnswer) and not _is_refusal(error)


def _may_be_done(error: KubeError) -> bool:
    """Whether the apiserver may have done what it was asked, although this came in place of its answer."""
    if isinstance(error, Unavailable) and not error.sent:
        return False
    return isinstance(error, Unavailable | ServerTimeout | BadAnswer) and not _is_refusal(error)


def _is_refusal(error: KubeError) -> bool:
    """A redirect, or a webhook that did not let the request get as far as the store (500 of admission)."""
    return 300 <= error.status < 400 or "failed calling webhook" in error.detail
