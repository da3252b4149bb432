"""What replicas of the API tell each other through Redis: results, and what clusters have said that callers may do.

A key is a digest of the graph's own id and of all that was asked, and of whom: nobody gets by it what was answered to
another. Whoever can write to that Redis could put anything there, as whoever can write to the graph could; it belongs
to the API alone. What is read is taken for MessagePack of the one form that is expected, else for nothing.
"""

import asyncio
import hashlib

import cramjam

from kgraph.feed.redis_client import Memory
from kgraph.graphdb.errors import GraphError
from kgraph.graphdb.store import Store

# Of another version of what is kept there nothing is read.
FORM = "kgraph:1"
# What is smaller gains nothing by being compressed.
PACKED_BYTES = 1024
_LEVEL = 1
_PLAIN, _PACKED = b"\x00", b"\x01"
# Writes that are under way at most; what comes then is not shared.
WRITES_MOST = 100


class Replicas:
    """Bytes by what was asked, shared with the replicas over the same graph."""

    def __init__(self, memory: Memory, store: Store) -> None:
        self._memory = memory
        self._store = store
        self._graph = ""
        self._writes: set[asyncio.Task[None]] = set()

    async def get(self, what: str, asked: bytes) -> tuple[bytes, float] | None:
        """What another has put there, and for how many seconds it is still to be believed."""
        key = await self._key(what, asked)
        found = None if key is None else await self._memory.get(key)
        if found is None:
            return None
        value, seconds = found
        if value[:1] != _PACKED:
            return value[1:], seconds
        try:
            return bytes(cramjam.zstd.decompress(value[1:])), seconds
        except cramjam.DecompressionError:
            return None

    def put(self, what: str, asked: bytes, value: bytes, seconds: float) -> None:
        """Let others have it for so long; nobody waits for it."""
        if len(self._writes) < WRITES_MOST:
            task = asyncio.create_task(self._put(what, asked, value, seconds), name=f"share a {what}")
            self._writes.add(task)
            task.add_done_callback(self._writes.discard)

    async def close(self) -> None:
        """Let go."""
        if self._writes:
            await asyncio.wait(self._writes)
        await self._memory.close()

    async def _put(self, what: str, asked: bytes, value: bytes, seconds: float) -> None:
        key = await self._key(what, asked)
        if key is None:
            return
        if len(value) < PACKED_BYTES:
            packed = _PLAIN + value
        else:
            packed = _PACKED + bytes(cramjam.zstd.compress(value, level=_LEVEL))
        await self._memory.put(key, packed, seconds)

    async def _key(self, what: str, asked: bytes) -> bytes | None:
        if not self._graph:
            try:
                self._graph = (await self._store.read_one("read/schema_version"))["id"] or ""
            except GraphError:
                return None
        if not self._graph:
            return None
        digest = hashlib.blake2b(asked, digest_size=32, key=self._graph.encode()).hexdigest()
        return f"{FORM}:{what}:{digest}".encode()
