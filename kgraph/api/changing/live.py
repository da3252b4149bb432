"""One object as its cluster has it: what is there before a mutation, what room there is, and what came of it."""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
import structlog

from kgraph.api.changing.intents import Intent, Object, scaled
from kgraph.api.errors import ApiError, Forbidden, NotFound, Timeout
from kgraph.api.refusals import refusal
from kgraph.kube import errors as kube
from kgraph.kube.changing import acting_as
from kgraph.kube.connection import Connection
from kgraph.kube.objects import decode
from kgraph.kube.quotas import Quota, exceeded, quotas_of
from kgraph.kube.reviews import Subject

log = structlog.get_logger(__name__)

# The head of an object, without what is in it.
_METADATA_ONLY = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"


_ANSWERED = 500


class Before(msgspec.Struct, frozen=True):
    """What was there: `known` is false where it could not be read."""

    known: bool
    obj: Object | None = None

    @property
    def uid(self) -> str:
        """Its uid, "" where there was nothing, or it is not known."""
        return _metadata(self.obj, "uid")

    @property
    def version(self) -> str:
        """Its resourceVersion, as above."""
        return _metadata(self.obj, "resourceVersion")


class Seen(msgspec.Struct, frozen=True):
    """What a mutation meets: what is there, and the quotas of its namespace, None where none are known or needed."""

    before: Before
    quotas: Sequence[Quota] | None


async def look(conn: Connection, intent: Intent) -> Seen:
    """See what is there now, with our own login: the caller is told nothing of it that they do not see themselves."""
    return Seen(*await asyncio.gather(_before(conn, intent), _quotas(conn, intent)))


async def _before(conn: Connection, intent: Intent) -> Before:
    """As much of the object as is needed, and nothing of a Secret but its head."""
    if intent.creates:
        return Before(known=True)
    try:
        return Before(known=True, obj=await _read(conn, intent, whole=intent.looks))
    except kube.KubeError as error:
        log.warning("what a mutation would change cannot be read", cluster=conn.cluster, why=str(error))
        return Before(known=False)


async def _quotas(conn: Connection, intent: Intent) -> Sequence[Quota] | None:
    if not intent.weighs or not intent.target.namespace:
        return None
    try:
        return await quotas_of(conn, intent.target.namespace)
    except kube.KubeError as error:
        # The apiserver itself still counts Pods, as they are made.
        log.warning("a namespace's quotas cannot be read", cluster=conn.cluster, why=str(error))
        return None


def require_there(intent: Intent, was: Before) -> None:
    """Raise NotFound where what is to be replaced is not there: of some kinds the apiserver would make one."""
    if intent.replaces and was.known and was.obj is None:
        target = intent.target
        raise NotFound(f"there is no {target.resource} {target.name!r} to be replaced: create it")


def require_room(intent: Intent, seen: Seen) -> None:
    """Raise Forbidden, which names the quota, where a namespace's quota has no room for it."""
    need = intent.needs(seen.before.obj)
    if need is None or not seen.quotas:
        return
    beyond = exceeded(seen.quotas, need.own, need.of_pods, need.pod_spec)
    if beyond:
        said = "; ".join(beyond)
        raise Forbidden(f"namespace {intent.target.namespace} has no room: {said}", {"reason": "exceeded quota"})


async def answered(
    conn: Connection, intent: Intent, answer: bytes, caller: Subject | None, *, dry_run: bool
) -> dict[str, Any] | None:
    """The object in an answer; None where there is none."""
    target = intent.target
    if intent.scales:
        # The answer is a Scale. The object itself is read as the caller, who may not be let see it.
        path = target.resource.path(target.namespace, target.name)
        try:
            raw = await conn.request("GET", path, headers=acting_as(caller))
        except kube.KubeError:
            return None
        obj = decode(raw, target.resource.group, target.resource.kind)
        return _kept(scaled(obj, answer) if dry_run else obj)
    if not answer:
        return None
    obj = decode(answer, target.resource.group, target.resource.kind)
    return None if obj.get("kind") == "Status" else _kept(obj)


async def doubted(conn: Connection, intent: Intent, was: Before, error: kube.KubeError) -> ApiError:
    """What to say of a request that may have happened: Timeout, unless it is seen that it has not.

    An apiserver that has answered 500 is done with the request; one that has not answered may still be at it.
    """
    told = refusal(error, secret=intent.target.is_secret)
    try:
        now = _metadata(await _read(conn, intent, whole=False), "resourceVersion")
    except kube.KubeError:
        seen = "the cluster cannot be asked now"
    else:
        unchanged = was.known and now == was.version
        if unchanged and error.status == _ANSWERED:
            return told
        seen = f"there it is, with resourceVersion {now}" if now else "it is not there"
        if unchanged:
            seen = f"nothing has changed so far: {seen}"
        elif was.known:
            seen += f" (before: {was.version or 'not there'})"
    again = "the same request can be sent again" if intent.write.repeatable else "look before you send it again"
    return Timeout(f"it is not known whether this happened: {told}. Looked at afterwards, {seen}; {again}")


async def _read(conn: Connection, intent: Intent, *, whole: bool) -> dict[str, Any] | None:
    target = intent.target
    accept = None if whole and not target.is_secret else _METADATA_ONLY
    try:
        raw = await conn.get(target.resource.path(target.namespace, target.name), accept=accept)
    except kube.NotFound:
        return None
    return decode(raw, target.resource.group, target.resource.kind)


def _metadata(obj: Object | None, field: str) -> str:
    return str(((obj or {}).get("metadata") or {}).get(field) or "")


def _kept(obj: dict[str, Any]) -> dict[str, Any]:
    """An object as the graph keeps it: without managedFields."""
    metadata = {name: value for name, value in (obj.get("metadata") or {}).items() if name != "managedFields"}
    return {**obj, "metadata": metadata}
