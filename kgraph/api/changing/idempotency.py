"""Idempotency keys: a repeated request gets the answer of the first, and does nothing.

A key is one caller's own, and is spent by what happened: a request that was refused gives it back. What was asked is
kept as a digest that nobody can guess at without the key. All replicas of the API share the keys, through the graph.
"""

import asyncio
import hashlib
import hmac
import secrets
import time
from typing import Any

import msgspec

from kgraph.api.callers.caller import Caller
from kgraph.api.errors import BadUserInput, Conflict, Timeout
from kgraph.graphdb.store import Store

# As long as a request may take at most, retries and all; after that whoever had it under way is gone.
LOST_SECONDS = 150
# How long a second request waits for the end of the first, and how often it looks.
WAIT_SECONDS = 30.0
LOOK_SECONDS = 0.1
KEY_CHARACTERS = 200
KEPT_SECONDS = 86_400.0  # how long a key is remembered


class Claim(msgspec.Struct, frozen=True):
    """A key in use by one request."""

    key: str
    stamp: str


class Answered(msgspec.Struct, frozen=True):
    """The answer of the first request that used the key."""

    answer: Any


class IdempotencyKeys:
    """Hands keys out, once each."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def claim(self, caller: Caller, given: str, asked: bytes, *, repeatable: bool) -> Claim | Answered:
        """The key for this request, or the answer of the one before, which is waited for.

        Conflict where the key was for something else, or the first is still under way; Timeout where it is not known
        how the first went, and it can't be repeated without harm.
        """
        if len(given) > KEY_CHARACTERS or not given.isprintable():
            raise BadUserInput(f"an idempotency key is a printable text of {KEY_CHARACTERS} characters at most")
        key = hashlib.sha256(f"{caller.method}\n{caller.sender.user}\n{caller.user}\n{given}".encode()).hexdigest()
        claim = Claim(f"idempotency:{key}", secrets.token_hex(8))
        found = await self._store.write_one(
            "write/claim_idempotency_key",
            {
                "key": claim.key,
                "stamp": claim.stamp,
                "fingerprint": hmac.new(given.encode(), asked, hashlib.sha256).hexdigest(),
                "lostSeconds": LOST_SECONDS,
                "repeatable": repeatable,
            },
        )
        assert found is not None
        if not found["same"]:
            raise Conflict("this idempotency key was used for another request: take a new one for each")
        if found["mine"]:
            return claim
        return await self._of_the_first(claim.key, found["state"], found["answer"])

    async def settle(self, claim: Claim, answer: Any) -> None:
        """Keep the answer of what happened."""
        await self._settle(claim, "DONE", msgspec.json.encode(answer).decode())

    async def doubt(self, claim: Claim) -> None:
        """Say that nobody knows whether it happened."""
        await self._settle(claim, "UNKNOWN", None)

    async def release(self, claim: Claim) -> None:
        """Give the key back: nothing has happened."""
        await self._store.write_one("write/release_idempotency_key", {"key": claim.key, "stamp": claim.stamp})

    async def _settle(self, claim: Claim, state: str, answer: str | None) -> None:
        parameters = {"key": claim.key, "stamp": claim.stamp, "state": state, "answer": answer}
        await self._store.write_one("write/settle_idempotency_key", parameters)

    async def _of_the_first(self, key: str, state: str | None, answer: str | None) -> Answered:
        ends_at = time.monotonic() + WAIT_SECONDS
        while state == "UNDERWAY" and time.monotonic() < ends_at:
            await asyncio.sleep(LOOK_SECONDS)
            found = await self._store.read_one("read/idempotency_key", {"key": key})
            state, answer = found["state"], found["answer"]
        match state:
            case "DONE":
                return Answered(msgspec.json.decode(answer or "null"))
            case "UNKNOWN":
                raise Timeout(
                    "it is not known whether the first request with this idempotency key happened, and it would do "
                    "harm twice: look at the resource, and if it did not, ask again with a new key"
                )
            case None:
                raise Conflict("the first request with this idempotency key failed just now: send it again")
        raise Conflict("the first request with this idempotency key is still under way: send it again later")
