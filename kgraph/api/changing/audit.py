"""The audit: each mutation, the refused ones too, as one JSON line and as an `:AuditEntry` node.

A change is written down as `UNDERWAY` before it is sent, and not sent where that fails; so whatever ends this process
in the middle, the attempt is on record. How it went is in the line before anybody is answered, and in the node a moment
after: who asks this process for the trail is answered when all that has ended is in it. No value of a manifest or a
patch is ever in an entry: `fields` are its paths.
The lines go to standard error, whatever LOG_LEVEL and LOG_FORMAT say; there is no setting without audit.
"""

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import msgspec
import structlog

from kgraph import cypher
from kgraph.api.callers.caller import Caller
from kgraph.api.errors import as_api_failure
from kgraph.api.reading.reader import Reader
from kgraph.graphdb.errors import GraphError
from kgraph.graphdb.model import GroupKind
from kgraph.graphdb.store import Store

log = structlog.get_logger(__name__)

# How many paths of what was given an entry names; the rest is counted.
FIELDS_MOST = 20
_SENTENCE_CHARACTERS = 2_000  # of a message; an apiserver's can quote a whole object


class Decision(StrEnum):
    """What the cluster said of the caller's right to it."""

    ALLOWED = "ALLOWED"
    DENIED = "DENIED"
    NOT_ASKED = "NOT_ASKED"  # nobody is authenticated, or it was refused before


class Outcome(StrEnum):
    """What became of it."""

    UNDERWAY = "UNDERWAY"
    SUCCEEDED = "SUCCEEDED"
    REPEATED = "REPEATED"  # an idempotency key has been used before: nothing was sent
    REFUSED = "REFUSED"  # nothing was sent
    FAILED = "FAILED"  # the cluster refused, or was not reached: nothing has changed
    UNKNOWN = "UNKNOWN"  # it was sent, and nobody can say whether it happened


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One mutation. `of` is the key of its resource; the graph may not have that yet, or no more.

    `before` and `after` are resourceVersions. `acting_as` is whom the request impersonates, "" where it goes out with
    the adapter's own login.
    """

    key: str
    at: datetime
    mutation: str
    user: str
    uid: str = ""
    groups: tuple[str, ...] = ()
    authentication: str = "none"
    acting_as: str = ""
    cluster: str
    of: str | None = None
    verb: str = ""
    group: str = ""
    kind: str = ""
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    fields: tuple[str, ...] = ()
    detail: str = ""
    dry_run: bool = False
    decision: Decision = Decision.NOT_ASKED
    reason: str = ""
    outcome: Outcome = Outcome.UNDERWAY
    code: str = ""
    message: str = ""
    before: str = ""
    after: str = ""
    trace_id: str = ""


class Trail(msgspec.Struct, frozen=True):
    """Which entries: None is any."""

    keys: Sequence[str] | None = None
    clusters: Sequence[str] | None = None
    namespaces: Sequence[str] | None = None
    kinds: Sequence[GroupKind] | None = None
    names: Sequence[str] | None = None
    users: Sequence[str] | None = None
    mutations: Sequence[str] | None = None
    outcomes: Sequence[str] | None = None
    dry_run: bool | None = None


def entry_of(caller: Caller, mutation: str, cluster: str, **more: Any) -> Entry:
    """The beginning of an entry: a new key, the time, the caller."""
    return Entry(
        key=f"audit:{secrets.token_hex(12)}",
        at=datetime.now(UTC),
        mutation=mutation,
        user=caller.sender.user,
        uid=caller.sender.uid,
        groups=caller.sender.groups,
        authentication=caller.method,
        acting_as=caller.user if caller.is_known else "",
        cluster=cluster,
        **more,
    )


class Audit:
    """Writes entries down, and finds them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._ending: set[asyncio.Task[None]] = set()  # whose lines are written, and whose nodes are not yet

    async def begin(self, entry: Entry) -> None:
        """Put an attempt on record; GraphError where that cannot be, so that it is not made."""
        await self._write(entry)

    def end(self, entry: Entry) -> None:
        """Say how it went: in the line at once, for the graph may be away; in the node soon, see `settled`."""
        written = msgspec.structs.replace(entry, message=entry.message[:_SENTENCE_CHARACTERS])
        sys.stderr.write(f"{line(written)}\n")
        sys.stderr.flush()
        task = asyncio.create_task(self._end(written), name="the end of an audit entry")
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def settled(self) -> None:
        """Wait until the nodes say what the lines say, of all that has ended by now."""
        await asyncio.gather(*self._ending)

    async def _end(self, entry: Entry) -> None:
        try:
            await self._write(entry)
        except GraphError as error:
            log.error("the end of a mutation is in no audit node, only in its line", key=entry.key, why=str(error))  # noqa: TRY400 - the sentence says all

    @asynccontextmanager
    async def around(self, entry: Entry) -> AsyncIterator[None]:
        """Put what the block does on record, where that is no change of a resource."""
        await self.begin(entry)
        try:
            yield
        except BaseException as error:
            failure = as_api_failure(error)
            refused = {"outcome": Outcome.REFUSED, "code": failure.code, "message": failure.message}
            self.end(msgspec.structs.replace(entry, **refused))
            raise
        self.end(msgspec.structs.replace(entry, outcome=Outcome.SUCCEEDED))

    async def _write(self, entry: Entry) -> None:
        properties = {name: value for name, value in _plain(entry).items() if name not in ("key", "at", "of")}
        parameters = {"key": entry.key, "at": entry.at, "of": entry.of, "properties": properties}
        # Alone it is one round trip, and not three; to run it twice does no harm.
        statement = "write/record_audit"
        await self._store.run_alone(cypher.statement(statement), parameters, what=statement)


def line(entry: Entry) -> str:
    """An entry as one line of JSON."""
    at = entry.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return msgspec.json.encode({"event": "audit", "timestamp": at, **_plain(entry), "at": at}).decode()


async def trail(
    reader: Reader, wanted: Trail, user: str, *, since: str, first: int, timeout: float
) -> tuple[list[Mapping[str, Any]], bool]:
    """The first of the entries that the caller may see, the latest first, and whether there are more."""
    conditions = {
        "keys": wanted.keys,
        "clusters": wanted.clusters,
        "namespaces": wanted.namespaces,
        "kinds": None if wanted.kinds is None else [one._asdict() for one in wanted.kinds],
        "names": wanted.names,
        "users": wanted.users,
        "mutations": wanted.mutations,
        "outcomes": wanted.outcomes,
        "dryRun": wanted.dry_run,
    }
    parameters = {**conditions, "user": user, "since": since, "room": first + 1}
    record = await reader.read_one("read/audit_trail", {"of": parameters}, timeout=timeout)
    found = list(record["entries"])
    return found[:first], len(found) > first


def paths(given: Any) -> tuple[str, ...]:
    """The paths of a manifest's or a patch's values, none of the values: `spec.replicas`, `data.password`."""
    found = sorted(set(_paths(given, "")))
    more = len(found) - FIELDS_MOST
    return (*found[:FIELDS_MOST], f"and {more} more") if more > 0 else tuple(found)


def _paths(given: Any, at: str) -> Iterable[str]:
    if isinstance(given, Mapping) and given:
        for name, value in given.items():
            yield from _paths(value, f"{at}.{name}" if at else str(name))
    elif isinstance(given, list) and any(isinstance(each, Mapping) for each in given):
        for each in given:
            yield from _paths(each, f"{at}[]")
    elif at:
        yield at


def _plain(entry: Entry) -> dict[str, Any]:
    """An entry's properties as the graph and the line have them, empty ones left out."""
    renamed = {"acting_as": "actingAs", "dry_run": "dryRun", "trace_id": "traceId"}
    kept = {"user", "cluster", "dry_run"}
    return {
        renamed.get(name, name): list(value) if isinstance(value, tuple) else value
        for name, value in msgspec.structs.asdict(entry).items()
        if name in kept or value not in ("", (), None)
    }
