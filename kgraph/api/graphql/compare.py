"""`compare`: two resources beside each other."""

from typing import Annotated

import strawberry

from kgraph.api import compare as comparing
from kgraph.api.graphql.context import Info
from kgraph.api.graphql.resource import Resource, resource, resources
from kgraph.api.graphql.scalars import JSON, json_value
from kgraph.api.graphql.selection import selected
from kgraph.api.graphql.ways import ResourceRef, key_of
from kgraph.kube.diff import Difference


@strawberry.type(description="One field that differs.")
class FieldDifference:
    """A path, and what stands there in the one and in the other."""

    path: str = strawberry.field(description="Where: `spec.template.spec.containers[name=web].image`.")
    a: JSON | None = strawberry.field(description="What stands there in `a`; null where nothing does.")
    b: JSON | None = strawberry.field(description="What stands there in `b`; null where nothing does.")


@strawberry.type(description="Something that the two depend on differently.")
class DependencyDifference:
    """An edge that only one has, or whose ends differ."""

    type: str = strawberry.field(description="The edge's type: `USES_CONFIGMAP`.")
    name: str = strawberry.field(description="What both call it: `ConfigMap/shop`, or an image's repository.")
    a: Resource | None = strawberry.field(description="What `a` depends on; null where only `b` has this.")
    b: Resource | None = strawberry.field(description="What `b` depends on; null where only `a` has this.")
    detail: str = strawberry.field(description="What differs: `nginx:1.27 -> nginx:1.28`, `only in a`.")
    content: list[FieldDifference] = strawberry.field(
        description="What differs in a ConfigMap's data, or in the names of a Secret's keys."
    )


@strawberry.type(description="Two resources beside each other.")
class Comparison:
    """All that differs."""

    a: Resource = strawberry.field(description="The one.")
    b: Resource = strawberry.field(description="The other.")
    fields: list[FieldDifference] = strawberry.field(description="The fields that differ, by path.")
    dependencies: list[DependencyDifference] = strawberry.field(description="What they depend on differently.")
    truncated: bool = strawberry.field(description="Whether there is more than a thousand differences.")


@strawberry.type
class CompareQueries:
    """The query that compares."""

    @strawberry.field(
        description="What differs between two resources of the same or of two clusters, and what they depend on "
        "differently. Lists are compared item by item (containers by name, ports by number and protocol), amounts by "
        "what they mean. Of Secrets only the names of the keys are compared."
    )
    async def compare(
        self,
        info: Info,
        a: Annotated[ResourceRef, strawberry.argument(description="The one.")],
        b: Annotated[ResourceRef, strawberry.argument(description="The other.")],
        *,
        everything: Annotated[
            bool, strawberry.argument(description="Status, identity, times and generated fields too.")
        ] = False,
    ) -> Comparison:
        """The differences."""
        keys = [await key_of(info, one) for one in (a, b)]
        found = await comparing.compare(
            info.context.reader, keys[0], keys[1], everything=everything, timeout=info.context.timeout
        )
        paths = selected(info)
        (first,) = await resources(info, [found.a], paths, "a.")
        (second,) = await resources(info, [found.b], paths, "b.")
        return Comparison(
            a=first,
            b=second,
            fields=shown_fields(found.fields),
            dependencies=[
                DependencyDifference(
                    type=one.type,
                    name=one.name,
                    a=None if one.a is None else resource(one.a),
                    b=None if one.b is None else resource(one.b),
                    detail=one.detail,
                    content=shown_fields(one.content),
                )
                for one in found.dependencies
            ],
            truncated=found.truncated,
        )


def shown_fields(found: tuple[Difference, ...]) -> list[FieldDifference]:
    """Differences in GraphQL's form."""
    return [FieldDifference(path=one.where, a=json_value(one.old), b=json_value(one.new)) for one in found]
