"""The schema as others see it."""

from pathlib import Path

from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType

from kgraph.api.graphql.schema import make_schema
from kgraph.api.schema_export import schema_text
from kgraph.api.settings import Limits
from tests.breaking import accepted, breaking_changes

REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "schema.graphql"


def test_reference_is_the_schema() -> None:
    """The documented schema is the one that is served: `python -m kgraph.api.schema_export` writes it."""
    assert REFERENCE.read_text("utf-8") == schema_text()


def test_everything_is_described() -> None:
    """Every type, field, input field and enum value says what it is."""
    schema = make_schema(Limits())._schema
    silent = []
    for name, kind in schema.type_map.items():
        # The federation's own have an underscore, and those of GraphQL two.
        if name.startswith(("_", "link__")) or name in {"String", "Int", "Boolean", "ID", "Float"}:
            continue
        if not kind.description:
            silent.append(name)
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            silent += [
                f"{name}.{field}"
                for field, definition in kind.fields.items()
                if not field.startswith("_") and not definition.description
            ]
        if isinstance(kind, GraphQLEnumType):
            silent += [f"{name}.{value}" for value, definition in kind.values.items() if not definition.description]
    assert silent == []


def test_breaking_changes_are_found() -> None:
    """A field that goes, a type that becomes another and an argument that is needed are found; new fields are not."""
    before = "type Query { a: Int b(x: Int): String c: String }"
    assert breaking_changes(before, "type Query { a: Int b(x: Int): String c: String d: Int }") == []
    assert breaking_changes(before, "type Query { a: String b(x: Int, y: Int!): String }") == [
        "FIELD_CHANGED_KIND: Field Query.a changed type from Int to String.",
        "FIELD_REMOVED: Field Query.c was removed.",
        "REQUIRED_ARG_ADDED: A required argument Query.b(y:) was added.",
    ]
    assert not any(line.startswith("#") for line in accepted())
