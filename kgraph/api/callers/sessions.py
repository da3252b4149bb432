"""Sessions that last: a WebSocket, a stream of events. None outlives the token that it was opened with."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import TypeVar

from kgraph.api.callers.authentication import Authentication, Headers
from kgraph.api.callers.caller import Caller
from kgraph.api.errors import ApiError, IdentityUnavailable

Part = TypeVar("Part", str, bytes)

# How soon a token that was revoked, or a service account that was deleted, ends what was opened with it.
RECHECK_SECONDS = 60.0


async def until_ended(authentication: Authentication, headers: Headers, caller: Caller) -> str:
    """Wait until the caller is not known any more by what they have sent; the reason. For ever without authentication.

    Whoever knows them may be away meanwhile: the token's own end still holds.
    """
    if not authentication.is_needed:
        await asyncio.Event().wait()
    while True:
        left = RECHECK_SECONDS
        if caller.expires_at is not None:
            left = min(left, caller.expires_at - time.time())
        await asyncio.sleep(max(left, 0))
        if caller.expires_at is not None and caller.expires_at <= time.time():
            return "the token has ended"
        try:
            now = await authentication.caller(headers)
        except IdentityUnavailable:
            continue
        except ApiError as error:
            return str(error)
        if now.identity != caller.identity:
            return "the token's user, or their groups, have changed"


async def while_known(
    stream: AsyncIterator[Part], ended: Callable[[], Awaitable[str]], last: Part
) -> AsyncGenerator[Part, None]:
    """A stream until it ends by itself, or the session does; then `last` is what is said."""
    ending = asyncio.ensure_future(ended())
    step: asyncio.Future[Part] | None = None
    try:
        while True:
            step = asyncio.ensure_future(_next(stream))
            await asyncio.wait({step, ending}, return_when=asyncio.FIRST_COMPLETED)
            if ending.done():
                yield last
                return
            try:
                part = step.result()
            except StopAsyncIteration:
                return
            yield part
    finally:
        # A client that hangs up ends this by a cancel scope of anyio's, which cancels each wait anew: what has to be
        # done is done before the first of them. A step that is cancelled ends the stream that it is in.
        left = [task for task in (ending, step) if task is not None and not task.done()]
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)
        if isinstance(stream, AsyncGenerator):
            await stream.aclose()


async def _next(stream: AsyncIterator[Part]) -> Part:
    return await anext(stream)
