"""All that can be selected of a field, made from the schema itself: a new field is asked for as soon as it is there."""

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_interface_type,
    is_leaf_type,
    is_object_type,
    is_required_argument,
)

DEPTH = 3


def everything(schema: GraphQLSchema, field: str, *, without: frozenset[str] = frozenset()) -> str:
    """The selection of a query's field: every field below it, `DEPTH` deep, that needs no argument."""
    query = schema.query_type
    assert query is not None
    return _selection(query.fields[field], without, DEPTH)


def _selection(field: GraphQLField, without: frozenset[str], depth: int) -> str:
    type_ = get_named_type(field.type)
    if is_leaf_type(type_):
        return ""
    assert is_object_type(type_) or is_interface_type(type_)
    found = _fields(type_, without, depth)
    return f" {{ {found or '__typename'} }}"


def _fields(type_: GraphQLObjectType | GraphQLInterfaceType, without: frozenset[str], depth: int) -> str:
    return " ".join(
        f"{name}{_selection(field, without, depth - 1)}"
        for name, field in type_.fields.items()
        if name not in without
        and (depth > 0 or is_leaf_type(get_named_type(field.type)))
        and not any(is_required_argument(one) for one in field.args.values())
    )
