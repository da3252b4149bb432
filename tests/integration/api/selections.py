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
    is_union_type,
)

DEPTH = 3


def everything(schema: GraphQLSchema, field: str, *, without: frozenset[str] = frozenset(), depth: int = DEPTH) -> str:
    """The selection of a query's field, or a subscription's: each field below, `depth` deep, that needs no argument."""
    roots = [root for root in (schema.query_type, schema.subscription_type) if root is not None]
    (found,) = (root.fields[field] for root in roots if field in root.fields)
    return _selection(found, without, depth)


def fields(schema: GraphQLSchema, name: str, *, without: frozenset[str], depth: int) -> str:
    """The fields of a type."""
    type_ = schema.type_map[name]
    assert is_object_type(type_)
    return _fields(type_, without, depth)


def _selection(field: GraphQLField, without: frozenset[str], depth: int) -> str:
    type_ = get_named_type(field.type)
    if is_leaf_type(type_):
        return ""
    if is_union_type(type_):
        # Just what all have: the same name is of another type in another kind, a Pod's phase and a claim's.
        members = (f"... on {one.name} {{ key name }}" for one in type_.types)
        return f" {{ __typename {' '.join(members)} }}"
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
