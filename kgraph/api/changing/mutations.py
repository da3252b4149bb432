"""The one way in which a cluster is changed: rights, quota, the request in the caller's name, audit.

    resolve the kind → audit: underway → SubjectAccessReview → idempotency key → room in quotas
    → the request, impersonating the caller → audit: how it went → the graph, where it is waited for

What is there, and the quotas, are read beside the review, and the audit's entry is written beside both: one round trip,
and not four, before the request, which is not sent before all of them have ended well. Who is refused anywhere on the
way is in the audit too. What has been sent goes on to its end and into the audit, even where the caller goes away.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeVar

import msgspec
import structlog

from kgraph.api.callers.caller import Caller
from kgraph.api.changing import live, waiting
from kgraph.api.changing.audit import Audit, Decision, Entry, Outcome, entry_of
from kgraph.api.changing.idempotency import Answered, Claim, IdempotencyKeys
from kgraph.api.changing.intents import Intent
from kgraph.api.connections import Connections
from kgraph.api.errors import Forbidden, Timeout, as_api_failure
from kgraph.api.reading.verdicts import Verdicts
from kgraph.api.refusals import refusal
from kgraph.api.served import Served, Target
from kgraph.graphdb.errors import GraphError
from kgraph.graphdb.model import ResourceKey
from kgraph.graphdb.store import Store
from kgraph.groups import todays_group
from kgraph.kube import errors as kube
from kgraph.kube.changing import Unclear, of_incarnation, send
from kgraph.kube.connection import Connection
from kgraph.kube.reviews import Attributes, Subject
from kgraph.telemetry.meter import Meter

log = structlog.get_logger(__name__)

T = TypeVar("T")


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A mutation as a caller asks for it: its name, of what, how.

    `kind` is as kubectl has it, or an apiVersion and a kind; `build` makes the intent once it is known what that is.
    """

    mutation: str
    cluster: str
    kind: str | tuple[str, str]
    namespace: str
    name: str
    build: Callable[[Target], Intent]
    dry_run: bool = False
    wait: bool = False
    idempotency_key: str = ""
    trace_id: str = ""


class Changed(msgspec.Struct, frozen=True):
    """What came of it: the resource's key, and the object as the apiserver gave it, without secret values.

    `obj` is None where it was deleted, or where the caller may change it and not see it; `gone` is the uid of what was.
    """

    key: str
    obj: dict[str, Any] | None
    gone: str = ""


class Mutations:
    """Changes clusters for callers."""

    def __init__(
        self,
        store: Store,
        connections: Connections,
        verdicts: Verdicts,
        audit: Audit,
        *,
        restricted: bool,
        meter: Meter | None = None,
    ) -> None:
        self._outcomes = (meter or Meter()).counter("kgraph_mutations")
        self.audit = audit
        self._store = store
        self._connections = connections
        self._verdicts = verdicts
        self._restricted = restricted  # whether rights are asked for before the request asks for them itself
        self._served = Served(connections)
        self._keys = IdempotencyKeys(store)
        self._running: set[asyncio.Task[Any]] = set()

    async def do(self, caller: Caller, asked: Asked) -> Changed:
        """Do it, or raise an ApiError that says why not, and what is known of whether it happened."""
        # It comes to its end even where the caller goes away.
        task = asyncio.create_task(self._do(caller, asked), name=f"mutation {asked.mutation}")
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        changed = await asyncio.shield(task)
        if asked.wait and not asked.dry_run:
            await self._wait(changed)
        return changed

    async def drain(self) -> None:
        """Wait until what is under way is over, and on record."""
        while self._running:
            await asyncio.gather(*self._running, return_exceptions=True)
        await self.audit.settled()

    async def _do(self, caller: Caller, asked: Asked) -> Changed:
        entry = entry_of(
            caller,
            asked.mutation,
            asked.cluster,
            namespace=asked.namespace,
            name=asked.name,
            dry_run=asked.dry_run,
            trace_id=asked.trace_id,
        )
        work = _Work(caller, asked, entry)
        try:
            return await self._decided(work)
        except BaseException as error:
            if isinstance(error, Exception):
                failure = as_api_failure(error)
                work.note(code=failure.code, message=failure.message)
            if work.entry.outcome is Outcome.UNDERWAY:
                work.note(outcome=Outcome.UNKNOWN if work.begun else Outcome.REFUSED)
            raise
        finally:
            self._count(work.entry)
            self.audit.end(work.entry)

    def _count(self, entry: Entry) -> None:
        self._outcomes.labels(entry.mutation, entry.outcome.value).inc()

    async def _decided(self, work: "_Work") -> Changed:
        """Everything before the request."""
        asked = work.asked
        try:
            intent = asked.build(await self._target(asked))
            work.aim(intent)
            conn = await self._connections.of(asked.cluster)
            async with (
                self._on_record(work.entry) as recording,
                _meanwhile(live.look(conn, intent), "what a mutation meets") as looking,
            ):
                await self._require(work, intent.verb, intent)
                work.subject = await self._acting(work.caller, asked.cluster)
                claim = await self._claim(work, intent)
                if isinstance(claim, Answered):
                    work.note(outcome=Outcome.REPEATED)
                    return Changed(work.key, claim.answer)
                before = await self._prepared(work, intent, claim, looking, recording)
        except kube.KubeError as error:
            raise refusal(error) from error
        return await self._sent(work, conn, intent, before, claim)

    async def _prepared(
        self,
        work: "_Work",
        intent: Intent,
        claim: Claim | None,
        looking: Awaitable[live.Seen],
        recording: Awaitable[None],
    ) -> live.Before:
        """What is there, once nothing speaks against it and it is on record."""
        try:
            seen = await looking
            work.note(before=seen.before.version)
            live.require_there(intent, seen.before)
            if intent.may_create and seen.before.known and seen.before.obj is None:
                await self._require(work, "create", intent)
            live.require_room(intent, seen)
            await recording
        except BaseException:
            await self._close(claim, self._keys.release)
            raise
        work.begun = True
        return seen.before

    @asynccontextmanager
    async def _on_record(self, entry: Entry) -> AsyncIterator[asyncio.Task[None]]:
        """Put an attempt on record beside the block; it is written, or could not be, when the block has ended.

        A beginning that came after the end would undo it.
        """
        task = asyncio.create_task(self.audit.begin(entry), name="the beginning of an audit entry")
        try:
            yield task
        finally:
            await asyncio.gather(task, return_exceptions=True)

    async def _sent(
        self, work: "_Work", conn: Connection, intent: Intent, before: live.Before, claim: Claim | None
    ) -> Changed:
        """The request, and what came of it."""
        write, dry_run, secret = intent.write, work.asked.dry_run, intent.target.is_secret
        subject = work.subject
        if intent.deletes and before.uid:
            write = of_incarnation(write, before.uid)
        try:
            answer = await send(conn, write, subject, dry_run=dry_run)
        except Unclear as doubt:
            told = await live.doubted(conn, intent, before, doubt.error)
            unknown = isinstance(told, Timeout)
            work.note(outcome=Outcome.UNKNOWN if unknown else Outcome.FAILED)
            await self._close(claim, self._keys.doubt if unknown else self._keys.release)
            raise told from doubt
        except kube.KubeError as error:
            work.note(outcome=Outcome.FAILED)
            await self._close(claim, self._keys.release)
            raise refusal(error, secret=secret) from error
        work.note(outcome=Outcome.SUCCEEDED)
        obj = await live.answered(conn, intent, answer, subject, dry_run=dry_run)
        if obj is not None:
            work.note(after=str((obj.get("metadata") or {}).get("resourceVersion") or ""))
        await self._close(claim, partial(self._keys.settle, answer=obj))
        return Changed(work.key, obj, before.uid if intent.deletes else "")

    async def _target(self, asked: Asked) -> Target:
        resource = (
            await self._served.spelled(asked.cluster, asked.kind)
            if isinstance(asked.kind, str)
            else await self._served.written(asked.cluster, *asked.kind)
        )
        return Target.of(asked.cluster, resource, asked.namespace, asked.name)

    async def _acting(self, caller: Caller, cluster: str) -> Subject | None:
        """As whom the cluster is asked; None is as ourselves, which only a server without authentication is."""
        return await self._verdicts.subject(caller, cluster) if caller.is_known else None

    async def _require(self, work: "_Work", verb: str, intent: Intent) -> None:
        """Raise Forbidden, with the authorizer's reason, unless the caller may."""
        if not (self._restricted and work.caller.is_known):
            return
        target, resource = intent.target, intent.target.resource
        inside = target.name if (resource.group, resource.kind) == ("", "Namespace") else target.namespace
        # The apiserver knows no name of what is created by POST, nor a Namespace's own.
        named = not intent.creates
        wanted = Attributes(
            verb,
            resource.group,
            resource.plural,
            inside if named or target.namespace else "",
            target.name if named else "",
            intent.subresource,
        )
        verdict = await self._verdicts.of(work.caller, work.asked.cluster, wanted, inside)
        work.note(decision=Decision.ALLOWED if verdict.allowed else Decision.DENIED, reason=verdict.reason)
        if not verdict.allowed:
            why = verdict.reason or "no rule of the cluster allows it"
            raise Forbidden(f"you may not {wanted} of cluster {work.asked.cluster}: {why}", {"reason": why})

    async def _claim(self, work: "_Work", intent: Intent) -> Claim | Answered | None:
        asked = work.asked
        if not asked.idempotency_key or asked.dry_run:
            return None
        said = [asked.mutation, work.key, str(intent.target.resource), intent.target.resource.version, intent.given]
        digested = msgspec.json.encode(said, order="sorted")
        repeatable = intent.write.repeatable or intent.deletes
        return await self._keys.claim(work.caller, asked.idempotency_key, digested, repeatable=repeatable)

    async def _close(self, claim: Claim | None, close: Callable[[Claim], Awaitable[None]]) -> None:
        """Say how it went with an idempotency key; where that cannot be, it is taken for unknown in a while."""
        if claim is None:
            return
        try:
            await close(claim)
        except GraphError as error:
            log.warning("an idempotency key is not closed", why=str(error))

    async def _wait(self, changed: Changed) -> None:
        """Raise Timeout, which says that it happened, where the graph does not show it in time."""
        if changed.gone or changed.obj is None:
            seen = await waiting.gone(self._store, changed.key, changed.gone)
        else:
            seen = await waiting.shown(self._store, changed.key, changed.obj)
        if not seen:
            raise Timeout(
                f"it happened, and the graph did not show it within {waiting.WAIT_SECONDS:g} s: {changed.key}; do not "
                "repeat it, and see the cluster's status for what its sync is about"
            )


@asynccontextmanager
async def _meanwhile(work: Coroutine[Any, Any, T], name: str) -> AsyncIterator[asyncio.Task[T]]:
    """What is done beside the block, and is of no use after it."""
    task = asyncio.create_task(work, name=name)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class _Work:
    """One mutation on its way, and what is known of it for the audit."""

    def __init__(self, caller: Caller, asked: Asked, entry: Entry) -> None:
        self.caller = caller
        self.asked = asked
        self.entry = entry
        self.key = ""
        self.subject: Subject | None = None  # as whom the cluster is asked
        self.begun = False

    def note(self, **known: Any) -> None:
        """Put something more on record."""
        self.entry = msgspec.structs.replace(self.entry, **known)

    def aim(self, intent: Intent) -> None:
        """It is known of which object this is."""
        target, resource = intent.target, intent.target.resource
        group = todays_group(resource.group, resource.kind)
        self.key = str(ResourceKey(target.cluster, group, resource.kind, target.namespace, target.name))
        self.note(
            of=self.key,
            verb=intent.verb,
            group=group,
            kind=resource.kind,
            namespace=target.namespace,
            subresource=intent.subresource,
            fields=intent.fields,
            detail=intent.detail,
        )
