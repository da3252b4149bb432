"""Several things at once, where the first failure is the failure."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any


async def all_of(work: Iterable[Coroutine[Any, Any, Any]]) -> None:
    """Wait for all of them; at the first failure the others are cancelled, and it is raised as it is.

    A TaskGroup wraps it in an ExceptionGroup, which a caller that can act on one error cannot catch by its name.
    """
    try:
        async with asyncio.TaskGroup() as group:
            for one in work:
                group.create_task(one, name=getattr(one, "__qualname__", None))
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
