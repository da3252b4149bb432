"""A cluster's health as the change feed tells it: that of the worst in it, as the API has it, looked for where need be.

The graph is asked only after something was written, and only for what is not well.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from kgraph.feed.event import EventType, Severity
from kgraph.feed.severity import SEVERITIES
from kgraph.graphdb.health.verdict import Health
from kgraph.sync.patience import patiently
from kgraph.sync.pipeline import Pipeline
from kgraph.sync.writer import Writer

_NOT_WELL = [health.value for health in Health if health is not Health.HEALTHY]


class ClusterHealth:
    """What the feed was told last of one cluster's health."""

    def __init__(self, writer: Writer, pipeline: Pipeline, synced: asyncio.Event) -> None:
        self._writer = writer
        self._pipeline = pipeline
        self._synced = synced
        self._told: str | None = writer.claimed["toldHealth"]
        self._seen = -1  # how many transactions there were when it was looked at

    async def look(self) -> None:
        """Tell what has become of it, once the first sync is over."""
        transactions = self._pipeline.transactions
        if not self._writer.feed.is_wanted or not self._synced.is_set() or transactions == self._seen:
            return
        asked = {"handles": [self._writer.claimed["handle"]], "healths": _NOT_WELL, "sight": None}
        found = await patiently(lambda: self._writer.store.read_one("read/rollups", {"of": asked}))
        self._seen = transactions
        worst, reason = _worst(found["rollups"])
        if worst != self._told:
            happened = self._writer.feed.happening(
                EventType.CLUSTER_HEALTH_CHANGED,
                self._writer.cluster,
                worst.capitalize(),
                reason or "all that has a health is well",
                SEVERITIES.get(worst, Severity.INFO),
                health=(self._told, worst),
            )
            await self._writer.describe({"toldHealth": worst}, *happened)
            self._told = worst


def _worst(rollups: Sequence[Sequence[Any]]) -> tuple[str, str]:
    """The worst health among a cluster's parts, and the first of them with its reason."""
    parts = {Health(part[0]): part for row in rollups for part in row[6] if part[0]}
    if not parts:
        return Health.HEALTHY.value, ""
    worst = max(parts, key=lambda health: health.rank)
    _, count, key, reason, _ = parts[worst]
    return worst.value, f"{count} resources, {key} among them{f': {reason}' if reason else ''}"
