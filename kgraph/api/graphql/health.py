"""Health and roll-ups in GraphQL's form."""

from enum import Enum

import strawberry

from kgraph.api.graphql.context import Info
from kgraph.api.nodes import Node
from kgraph.api.rollup import Rollup as Found
from kgraph.api.rollup import rolled_up
from kgraph.graphdb import health as table


@strawberry.enum(description="How something is, in Argo CD's terms, from the best to the worst.")
class Health(Enum):
    """The terms, in the order of a roll-up."""

    HEALTHY = strawberry.enum_value("HEALTHY", description="It is as it should be.")
    SUSPENDED = strawberry.enum_value("SUSPENDED", description="Someone has paused, suspended or cordoned it.")
    PROGRESSING = strawberry.enum_value("PROGRESSING", description="It is not there yet, and may get there.")
    MISSING = strawberry.enum_value("MISSING", description="It is referred to, and not there.")
    DEGRADED = strawberry.enum_value("DEGRADED", description="It failed, or will not get there by itself.")
    UNKNOWN = strawberry.enum_value("UNKNOWN", description="It cannot be told.")


@strawberry.type(description="How many parts have which health.")
class HealthCounts:
    """Counts by health."""

    healthy: int = strawberry.field(description="How many are HEALTHY.")
    suspended: int = strawberry.field(description="How many are SUSPENDED.")
    progressing: int = strawberry.field(description="How many are PROGRESSING.")
    missing: int = strawberry.field(description="How many are MISSING.")
    degraded: int = strawberry.field(description="How many are DEGRADED.")
    unknown: int = strawberry.field(description="How many are UNKNOWN.")


@strawberry.type(
    description="How a resource and all that it owns are; of a Namespace, what is in it; of a cluster, all there is. "
    "What its owner has replaced is left out: finished Pods, old ReplicaSets, a CronJob's past Jobs; where these are "
    "HEALTHY, a Namespace and a cluster count them."
)
class Rollup:
    """A roll-up."""

    health: Health = strawberry.field(description="The worst among the parts.")
    reason: str | None = strawberry.field(
        description="Why, in words: `2 of 3 replicas ready: ImagePullBackOff on web-7f9 (nginx:1.99)`; null when "
        "HEALTHY."
    )
    counts: HealthCounts = strawberry.field(description="How many parts have which health, itself among them.")


def shown_health(health: str | None) -> Health | None:
    """A health's GraphQL form."""
    return Health(health) if health else None


async def absent_health(info: Info, node: Node) -> table.Health:
    """What a placeholder is: MISSING if its kind is synced, so that it would be there; else UNKNOWN."""
    name = node.name
    known = (await info.context.kinds.clusters()).get(name.cluster or "")
    there = known is not None and name.group_kind in known.synced
    return table.Health.MISSING if there else table.Health.UNKNOWN


async def rollup(info: Info, node: Node) -> Rollup | None:
    """The roll-up of a node; those of one operation are asked for together."""
    parts = await info.context.loaders.parts.load(node.handle)
    absent = await absent_health(info, node) if node.missing else table.Health.MISSING
    found = rolled_up(node, parts, absent)
    return _shown(found) if found else None


def _shown(found: Found) -> Rollup:
    counts = {health.value.lower(): found.counts.get(health, 0) for health in table.Health}
    return Rollup(health=Health(found.health.value), reason=found.reason or None, counts=HealthCounts(**counts))
