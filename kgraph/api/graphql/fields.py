"""Fields that stand in the object: where, and as what.

`phase: PodPhase | None = at("status.phase", "…")` is a field of a kind: the value at the path, of the annotated type.
What is of another type there is null, or an empty list where a list is wanted: one wild object spoils no answer.
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, cast

import strawberry
from strawberry.types.base import StrawberryList, StrawberryOptional, has_object_definition
from strawberry.types.enum import StrawberryEnumDefinition
from strawberry.types.field import StrawberryField

from kgraph.api.graphql.pruning import Path
from kgraph.api.graphql.scalars import JSON, DateTime

Take = Callable[[Any], Any]

_INT32 = 2**31  # GraphQL's Int has 32 bits


class NotLoaded:
    """Stands for an object that was not read with its node."""


NOT_LOADED = NotLoaded()
# In a field's metadata: what gives its value at once, or NOT_LOADED where it has to be asked for.
PLAIN = "plain"


@strawberry.type
class Part:
    """A part of an object: what has fields `at` paths of its own, but no name."""

    raw: strawberry.Private[Any]

    def pruned(self, _: object) -> Any:
        """The part: what is wanted of the whole was decoded with it."""
        return self.raw


class At(StrawberryField):
    """A field that is taken from its source's `raw`, an object as Kubernetes has it; `reads` is where it looks."""

    def __init__(self, take: Take, reads: tuple[Path, ...], *, name: str | None, description: str) -> None:
        super().__init__(graphql_name=name, description=description)
        self.init = self.compare = self.repr = False
        self.reads = reads
        self._take = take

    @cached_property
    def _read(self) -> Take:
        """What makes the field's value of what was found; the annotation is known once the schema is made."""
        return _converter(self.type)

    def value(self, raw: Any) -> Any:
        """The field's value in an object that is there."""
        return self._read(None if raw is None else self._take(raw))

    def get_result(self, source: Any, info: Any, args: list[Any], kwargs: Any) -> Any:
        """The value; where the object was not read with its node, it is loaded with those of all others."""
        del info, args, kwargs
        raw = self.source(source)
        return self._later(source) if raw is NOT_LOADED else self.value(raw)

    def source(self, source: Any) -> Any:
        """What the field is taken from; NOT_LOADED where it was not read."""
        return source.raw

    async def _later(self, source: Any) -> Any:
        return self.value(await source.load_raw())


class Promoted(At):
    """A field that is one of the node's properties: what its kind promotes by more than a path."""

    def source(self, source: Any) -> Any:
        """The node's properties."""
        return source.facts().properties


def at(where: str, description: str, *, name: str | None = None) -> Any:
    """A field at a path such as `status.phase`."""
    return At(_path(where), (tuple(where.split(".")),), name=name, description=description)


def made_of(reads: str, take: Take, description: str, *, name: str | None = None) -> Any:
    """A field that a function makes of what is at the paths that `reads` lists, with spaces; a part's, of all of it.

    The function is given an object, a mapping, which has at least these paths, and whatever at them.
    """
    return At(take, tuple(tuple(path.split(".")) for path in reads.split()), name=name, description=description)


def promoted(name: str, description: str) -> Any:
    """A field that is a property of the node."""
    return Promoted(lambda properties: properties.get(name), (), name=None, description=description)


def dig(obj: Any, *path: str) -> Any:
    """What stands at a path, None where nothing does."""
    for key in path:
        if type(obj) is not dict:
            return None
        obj = obj.get(key)
    return obj


def text(value: Any) -> str | None:
    """A text, or a number as one: Kubernetes' IntOrString and quantities are either."""
    if type(value) is int or type(value) is float:
        return str(value)
    return value if type(value) is str else None


def _path(path: str) -> Take:
    keys = path.split(".")
    if len(keys) == 1:
        return lambda obj: obj.get(path) if type(obj) is dict else None
    return lambda obj: dig(obj, *keys)


def _converter(kind: Any) -> Take:
    """What makes a value of a field's type of anything."""
    if isinstance(kind, StrawberryOptional):
        return _converter(kind.of_type)
    if isinstance(kind, StrawberryList):
        return _listed(_converter(kind.of_type))
    if isinstance(kind, StrawberryEnumDefinition):
        members = {member.value: member for member in cast("Any", kind.wrapped_cls)}
        return lambda value: members.get(value) if type(value) is str else None
    if kind is JSON:
        return lambda value: value
    if has_object_definition(kind):
        part = cast("type[Part]", kind)
        return lambda value: part(raw=value) if type(value) is dict else None
    return _SCALARS[kind]


def _listed(one: Take) -> Take:
    def listed(value: Any) -> list[Any]:
        if type(value) is not list:
            return []
        return [read for item in value if (read := one(item)) is not None]

    return listed


def _integer(value: Any) -> int | None:
    return value if type(value) is int and -_INT32 <= value < _INT32 else None


_SCALARS: Mapping[Any, Take] = {
    str: text,
    int: _integer,
    bool: lambda value: value if type(value) is bool else None,
    DateTime: lambda value: value if type(value) is str else None,
}
