"""Waiting for Neo4j."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from kgraph.graphdb.errors import GraphTimeout, GraphUnavailable

log = structlog.get_logger(__name__)
T = TypeVar("T")

READ_AGAIN_SECONDS = 1.0


async def patiently(read: Callable[[], Awaitable[T]]) -> T:
    """Read from the graph, however long it takes for Neo4j to answer."""
    while True:
        try:
            return await read()
        except (GraphUnavailable, GraphTimeout) as error:
            log.warning("a reader waits for Neo4j", why=str(error))
            await asyncio.sleep(READ_AGAIN_SECONDS)
