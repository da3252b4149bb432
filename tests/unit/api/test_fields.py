"""Fields of kinds, taken from objects in which anything may stand anywhere."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from strawberry.types.base import get_object_definition

from kgraph.api.graphql import kinds
from kgraph.api.graphql.fields import At, Part, Promoted
from kgraph.api.graphql.pruning import decoder
from kgraph.api.graphql.resource import TYPES
from kgraph.api.graphql.schema import make_schema
from kgraph.api.settings import Limits

SCHEMA = make_schema(Limits())
# All words in quotes where the kinds are written: what their fields look for, and more.
WORDS = sorted(
    {
        word
        for file in Path(kinds.__file__).parent.glob("*.py")
        for path in re.findall(r'"([\w./-]+)"', file.read_text("utf-8"))
        for word in path.split(".")
    }
)
WILD: list[Any] = [
    None, True, 7, 10**12, 1.5, "x", [], {}, [None], [7], ["x"], [[]], {"x": None}, {"name": 7}, {"": []},
]  # fmt: skip


def shapes(words: Iterable[str], value: Any) -> Iterator[Any]:
    """Objects in which a value stands wherever one of these words is looked for, through objects and lists."""
    keys = list(words)

    def filled(inner: Any) -> dict[str, Any]:
        return dict.fromkeys(keys, inner)  # one and the same: the object is small, however deep it is

    yield filled(value)
    yield filled(filled(value))
    yield filled(filled(filled(value)))
    yield filled([filled(value)])
    yield filled([filled(filled(value)), value])
    yield filled(filled([value, filled(value), filled(filled(value))]))
    yield filled(filled(filled([value, filled(value)])))
    yield filled(filled([filled(filled([value, filled(value)]))]))


def read(of: type, raw: Any) -> list[Any]:
    """All values of a type's fields, and of those of its parts."""
    found = []
    for field in get_object_definition(of, strict=True).fields:
        if isinstance(field, At):
            value = field.value(raw)
            found.append(value)
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, Part):
                    found += read(type(one), one.raw)
    return found


@pytest.mark.parametrize("kind", TYPES, ids=str)
def test_no_object_is_too_wild(kind: Any) -> None:
    """Whatever stands in an object, a field of it is a value of its type, null, or an empty list: never an error."""
    for value in WILD:
        for raw in shapes(WORDS, value):
            read(TYPES[kind], raw)


@pytest.mark.parametrize("kind", TYPES, ids=str)
def test_fields_read_no_more_than_they_say(kind: Any) -> None:
    """A field is the same whether an object was decoded as a whole or only where the field says that it looks."""
    for field in get_object_definition(TYPES[kind], strict=True).fields:
        if not isinstance(field, At) or isinstance(field, Promoted):
            continue
        decode = decoder(frozenset(field.reads))
        words = {"name", "ip", "other", *(word for path in field.reads for word in path)}
        for value in (None, 7, "x", [], {"x": None}, [None], {"name": 7}):
            for raw in shapes(words, value):
                text = msgspec.json.encode(raw).decode()
                assert field.value(decode(text)) == field.value(msgspec.json.decode(text)), (field.name, text)


def test_absent_object_has_no_fields() -> None:
    """A placeholder's fields are null, and its lists empty."""
    for kind in TYPES.values():
        assert all(value in (None, []) for value in read(kind, None)), kind


def test_every_kind_says_something() -> None:
    """Each type has more than the interface, and no field that hides one of it."""
    shared = {field.name for field in get_object_definition(TYPES[min(TYPES)].__mro__[1], strict=True).fields}
    for kind in TYPES.values():
        own = {field.name for field in get_object_definition(kind, strict=True).fields} - shared
        assert any(not isinstance(getattr(kind, name, None), Promoted) for name in own)
        assert len(own) >= 2
