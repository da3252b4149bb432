"""`ResourceChange`: an entry of a history as GraphQL shows it."""

from enum import Enum

import strawberry

from kgraph.api.graphql.scalars import DateTime
from kgraph.graphdb.changes import Change


@strawberry.enum(description="What happened to a resource.")
class ChangeType(Enum):
    """The kinds of changes."""

    CREATED = strawberry.enum_value("CREATED", description="It came.")
    UPDATED = strawberry.enum_value("UPDATED", description="It became another than it was.")
    RECREATED = strawberry.enum_value("RECREATED", description="It was deleted, and made again under its name.")
    DELETED = strawberry.enum_value("DELETED", description="It went.")


@strawberry.type(description="One change of a resource.")
class ResourceChange:
    """When, what, by whom, where."""

    at: DateTime = strawberry.field(
        description="When, by the apiserver's clock where it says (to the second), else when the graph saw it."
    )
    type: ChangeType = strawberry.field(description="What happened.")
    by: list[str] = strawberry.field(
        description="The field managers that did it, such as `kubectl-edit`; who deletes, nobody says."
    )
    fields: list[str] = strawberry.field(description="The paths that changed: `spec.containers[name=web].image`.")
    more: int = strawberry.field(description="How many more paths changed.")


def shown_change(change: Change) -> ResourceChange:
    """An entry's GraphQL form."""
    return ResourceChange(
        at=DateTime(change.at),
        type=ChangeType[change.type],
        by=list(change.by),
        fields=list(change.fields),
        more=change.more,
    )
