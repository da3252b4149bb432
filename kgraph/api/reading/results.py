"""Results of statements, kept until what they are about is touched: who asks the same gets the same at once.

An entry is found by its statement and all of its parameters, what the caller sees (`sight`) among them: callers with
different access never share one. It is kept as bytes, so that nobody can change it, and counts as many.
"""

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import structlog

from kgraph.api.reading.dependencies import marks_of
from kgraph.api.reading.replicas import Replicas
from kgraph.api.reading.touches import Look, Touches
from kgraph.graphdb.errors import GraphError
from kgraph.graphdb.store import Record, Store

log = structlog.get_logger(__name__)

# All entries of one process, with their marks; and the most that one may have: a page of 500 Pods has 2 MB.
BYTES_MOST = 64 * 1024 * 1024
ENTRY_BYTES_MOST = 4 * 1024 * 1024
# What an entry takes beside its bytes and marks: some objects of Python's.
ENTRY_BYTES = 400
MARK_BYTES = 24


class Statement(NamedTuple):
    """One statement with its parameters, the keys of the nodes that they name by handles, and its limit in seconds."""

    name: str
    parameters: Mapping[str, Any]
    about: Sequence[str]
    timeout: float


class _Shared(msgspec.Struct, frozen=True, array_like=True):
    """A result as replicas tell it: what its process knew of each cluster's last touch before it asked."""

    known: dict[str, int]
    marks: tuple[str, ...]
    value: bytes


class Counters(msgspec.Struct):
    """How often an answer was kept already (`hits`) or had to be asked for, and how much is kept."""

    hits: int = 0
    shared: int = 0  # of the hits: by another replica
    misses: int = 0
    entries: int = 0
    bytes: int = 0

    @property
    def hit_rate(self) -> float:
        """From 0 to 1."""
        return self.hits / max(1, self.hits + self.misses)


class Result(msgspec.Struct, frozen=True, gc=False):
    """A record as MessagePack, the look before it was read, what it depends on, and until when it is kept."""

    value: bytes
    look: int
    marks: Sequence[str]
    ends_at: float

    @property
    def size(self) -> int:
        """Its bytes in memory, about."""
        return ENTRY_BYTES + len(self.value) + sum(MARK_BYTES + len(mark) for mark in self.marks)


class _Asking:
    """One question that is under way, and how many wait for its answer."""

    def __init__(self, task: asyncio.Task[tuple[Record, Result | None]]) -> None:
        self._task = task
        self._waiting = 0

    @property
    def is_over(self) -> bool:
        """Whether there will be no answer, because nobody waited for it."""
        return bool(self._task.cancelling())

    async def answer(self) -> tuple[Record, Result | None]:
        """Wait for it; when nobody does any more, it is asked no longer."""
        self._waiting += 1
        try:
            return await asyncio.shield(self._task)
        finally:
            self._waiting -= 1
            if not self._waiting and not self._task.done():
                self._task.cancel()


class Results:
    """Keeps results for `seconds` at most."""

    def __init__(
        self, store: Store, seconds: float, replicas: Replicas | None = None, bytes_most: int = BYTES_MOST
    ) -> None:
        self.counters = Counters()
        self._store = store
        self._seconds = seconds
        self._replicas = replicas
        self._bytes_most = bytes_most
        self._touches = Touches(store, seconds)
        self._is_blind = False  # the graph does not say what was touched
        self._kept: OrderedDict[bytes, Result] = OrderedDict()
        self._asking: dict[bytes, _Asking] = {}

    async def look(self, latest: Look | None) -> Look | None:
        """What is known of the graph's changes; the latest look where it is fresh. None where it cannot be known."""
        if latest is not None and self._touches.is_fresh(latest):
            return latest
        try:
            look = await self._touches.look()
        except (GraphError, TimeoutError) as error:
            if not self._is_blind:  # each request comes here: one line for all of an outage
                log.warning("nothing that is kept is used: the graph does not say what was touched", why=str(error))
            self._is_blind = True
            return None
        if self._is_blind:
            log.info("what is kept is used again: the graph says what was touched")
        self._is_blind = False
        return look

    async def of(self, asked: Statement, look: Look) -> Record:
        """The one record of a statement, kept since or before the look, or asked for."""
        key = _digest(asked)
        while (found := self._valid(key)) is None:
            asking = self._asking.get(key)
            if asking is None or asking.is_over:
                return await self._ask(key, asked, look)
            # Whether another's answer is good for this caller is seen as with any other that is kept.
            _, kept = await asking.answer()
            if kept is None:
                return await self._read(asked, look)
        self.counters.hits += 1
        return _decoded(found.value)

    def _valid(self, key: bytes) -> Result | None:
        """What is kept, if it stands by all that is known now; that is more than any caller's look."""
        found = self._kept.get(key)
        if found is None:
            return None
        if time.monotonic() >= found.ends_at or not self._touches.untouched(found.look, found.marks):
            self._drop(key)
            return None
        self._kept.move_to_end(key)
        return found

    async def _ask(self, key: bytes, asked: Statement, look: Look) -> Record:
        """Ask the graph, for all who ask the same meanwhile; only the last who goes away takes it with them."""

        async def answer() -> tuple[Record, Result | None]:
            try:
                if (told := await self._told(key)) is not None:
                    return _decoded(told.value), told
                record = await self._read(asked, look)
                kept = self._result(asked, record, look)
                if kept is not None:
                    self._keep(key, kept)
                    self._tell(key, kept, look)
                return record, kept
            finally:
                if self._asking.get(key) is asking:
                    del self._asking[key]

        asking = self._asking[key] = _Asking(asyncio.create_task(answer(), name=f"result of {asked.name}"))
        record, _ = await asking.answer()
        return record

    async def _read(self, asked: Statement, look: Look) -> Record:
        self.counters.misses += 1
        record, _ = await self._store.read_after(asked.name, asked.parameters, after=look.seen, timeout=asked.timeout)
        return record

    def _result(self, asked: Statement, record: Record, look: Look) -> Result | None:
        """What is to be kept of a record; None where nothing is."""
        marks = marks_of(asked.name, asked.parameters, record, asked.about)
        if marks is None:
            return None
        try:
            value = _encoder.encode(record)
        except (TypeError, OverflowError):
            return None
        result = Result(value, look.number, marks, time.monotonic() + self._seconds)
        return result if result.size <= ENTRY_BYTES_MOST else None

    def _keep(self, key: bytes, result: Result) -> None:
        self._drop(key)
        self._kept[key] = result
        self.counters.bytes += result.size
        while self.counters.bytes > self._bytes_most:
            self._drop(next(iter(self._kept)))
        self.counters.entries = len(self._kept)

    async def _told(self, key: bytes) -> Result | None:
        """What another replica has asked, if it still stands."""
        found = None if self._replicas is None else await self._replicas.get("result", key)
        if found is None:
            return None
        try:
            shared = _shared_decoder.decode(found[0])
        except msgspec.MsgspecError:
            return None
        number = self._touches.number_of(shared.known)
        if number is None or not self._touches.untouched(number, shared.marks):
            return None
        self._keep(key, Result(shared.value, number, shared.marks, time.monotonic() + min(found[1], self._seconds)))
        self.counters.hits += 1
        self.counters.shared += 1
        return self._kept.get(key)

    def _tell(self, key: bytes, result: Result, look: Look) -> None:
        if self._replicas is not None:
            shared = _Shared(dict(look.known), tuple(result.marks), result.value)
            self._replicas.put("result", key, _encoder.encode(shared), self._seconds)

    def _drop(self, key: bytes) -> None:
        dropped = self._kept.pop(key, None)
        if dropped is not None:
            self.counters.bytes -= dropped.size
            self.counters.entries = len(self._kept)


def _plain(value: Any) -> Any:
    """A time of Neo4j's as its text, as all who read kept records write it anyway (`nodes.plain`)."""
    if hasattr(value, "iso_format"):
        return value.iso_format()
    raise TypeError(f"{type(value).__name__} is not kept")


_encoder = msgspec.msgpack.Encoder(enc_hook=_plain)
_key_encoder = msgspec.msgpack.Encoder(order="deterministic")
_decoder = msgspec.msgpack.Decoder(dict[str, Any])
_shared_decoder = msgspec.msgpack.Decoder(_Shared)


def _decoded(value: bytes) -> Record:
    found: Record = _decoder.decode(value)
    return found


def _digest(asked: Statement) -> bytes:
    return hashlib.blake2b(_key_encoder.encode([asked.name, asked.parameters]), digest_size=32).digest()
