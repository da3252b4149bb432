"""Fields that lead on to other resources, by edges or by where these are; one statement for all that a level asks for.

`pods = related("Pod", "Its Pods.", inward("OWNED_BY"))` is a list of a kind; the kind's type is found by its name when
the schema is made, so that types may lead to each other.
"""

from collections.abc import Callable
from typing import Any

from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.base import StrawberryList, StrawberryOptional
from strawberry.types.field import StrawberryField

from kgraph.api.bounds import within
from kgraph.api.graphql.context import Info
from kgraph.api.graphql.loaders import MembersWanted, RelatedWanted, Step
from kgraph.api.graphql.resource import TYPES, Resource, resource, wanted
from kgraph.api.graphql.selection import selected
from kgraph.api.nodes import Node
from kgraph.graphdb.model import GroupKind, kind_prefix

PAGE = 100  # how many a list on the way has unless told
PAGE_MOST = 500
# What a list on the way is likely to hold: cost is counted by it where nobody says `first`, and by what there really
# is while the answer is made (`Loaders.spend`).
USUAL = 5
USUALLY = "usually"

FIRST = StrawberryArgument(
    python_name="first",
    graphql_name=None,
    type_annotation=StrawberryAnnotation(int | None),
    default=None,
    description=f"How many: {PAGE} unless told, {PAGE_MOST} at most.",
)
AFTER = StrawberryArgument(
    python_name="after",
    graphql_name=None,
    type_annotation=StrawberryAnnotation(str | None),
    default=None,
    description="The `key` of the last one of the page before.",
)


class Related(StrawberryField):
    """A field of a resource that is others: a list in the order of their keys, or `one`."""

    def __init__(
        self, kind: str, description: str, steps: tuple[Step, ...], *, one: bool, usual: int, name: str | None = None
    ) -> None:
        super().__init__(
            graphql_name=name,
            description=description,
            type_annotation=StrawberryAnnotation(object),
            metadata={USUALLY: usual},
        )
        self.init = self.compare = self.repr = False
        self.arguments = [] if one else [FIRST, AFTER]
        self._kind = GroupKind.parse(kind) if kind else None
        self._steps = tuple(step._replace(kind=step.kind or self._kind) for step in steps)
        self._one = one

    def resolve_type(self, *, type_definition: Any = None) -> Any:
        """The kind's type, once it is there; any resource's where the kind is open."""
        del type_definition
        of_type: Any = TYPES.get(self._kind) if self._kind else Resource
        return StrawberryOptional(of_type) if self._one else StrawberryList(of_type)

    @property
    def is_basic_field(self) -> bool:
        """It is not: it has arguments, and asks the graph."""
        return False

    @property
    def is_async(self) -> bool:
        """It is."""
        return True

    async def get_result(self, source: Any, info: Info, args: list[Any], kwargs: Any) -> Any:  # type: ignore[override]  # Strawberry's Info is ours
        """The resources; TooComplex once the whole answer has too many."""
        del args
        size = 1 if self._one else _page_size(kwargs.get("first"))
        found = await self._nodes(source, info, kwargs.get("after") or "", size)
        info.context.loaders.spend(len(found))
        shown = [resource(info, node) for node in found]
        if self._one:
            return shown[0] if shown else None
        return shown

    async def _nodes(self, source: Any, info: Info, after: str, first: int) -> tuple[Node, ...]:
        asked = RelatedWanted(source.node.place, self._steps, after, first, self._one, wanted(selected(info)))
        return await info.context.loaders.related.load(asked)


class Members(Related):
    """All of a kind in a Namespace, or in a cluster: their keys begin alike, so that no edge need be followed."""

    def __init__(self, kind: str, description: str, start: Callable[[Any, GroupKind], str], *, usual: int) -> None:
        super().__init__(kind, description, (), one=False, usual=usual)
        self._start = start

    async def _nodes(self, source: Any, info: Info, after: str, first: int) -> tuple[Node, ...]:
        assert self._kind is not None
        start = self._start(source, self._kind)
        return await info.context.loaders.members.load(MembersWanted(start, after, first, wanted(selected(info))))


def inward(edge: str, via: str = "") -> Step:
    """Against the edges of a type: to what they start from, of a kind if it is on the way to others."""
    return Step(edge, False, GroupKind.parse(via) if via else None)


def outward(edge: str, via: str = "") -> Step:
    """Along the edges of a type: to what they lead to."""
    return Step(edge, True, GroupKind.parse(via) if via else None)


def related(kind: str, description: str, *steps: Step, usual: int = USUAL) -> Any:
    """A list of a kind's resources, "" for any, to which a step leads, or two; `usual` is how many are likely."""
    return Related(kind, description, steps, one=False, usual=usual)


def related_one(kind: str, description: str, *steps: Step, name: str | None = None) -> Any:
    """The one to which they lead, or null: the controller, where there is one, else the first by key."""
    return Related(kind, description, steps, one=True, usual=1, name=name)


def in_namespace(kind: str, description: str) -> Any:
    """All of a kind in a Namespace."""
    return Members(kind, description, lambda space, of: f"{kind_prefix(space.cluster, of)}{space.name}/", usual=USUAL)


def in_cluster(kind: str, description: str) -> Any:
    """All of a kind without a namespace in a cluster."""
    return Members(kind, description, lambda cluster, of: kind_prefix(cluster.id, of), usual=USUAL)


def _page_size(first: int | None) -> int:
    return PAGE if first is None else within("first", first, PAGE_MOST)
