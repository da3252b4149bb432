"""Operations of the schema as nobody would write them: any fields, any arguments, wild values, and some wrong ones."""

from collections.abc import Callable
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)
from hypothesis import strategies as st

DEPTH = 3
FIELDS = 4
# What there is in the little shop, so that many a question finds something, and what no kubectl would take.
KNOWN = (
    "prod", "shop", "kube-system", "web", "api", "web-1-1", "node-1", "deploy", "pods", "Deployment.apps", "secret",
    "default", "image", "prod/apps/Deployment/shop/web", "prod:shop:web", "app=web", "app in (web,api),!tier",
    "status.phase!=Running", "24h", "2026-01-31T12:00:00Z", "get", "*", "kind:pod web", "RETURN 1", "USES_SECRET",
)  # fmt: skip
WILD = (
    "", " ", "\0", "\ud800", "\U0001f9e8", "\u202e", "a/b/c/d/e", "//////", "'\"`\\", "$(x)", "{}", "}) RETURN 1 //",
    "%s%n", "../..", "-1", "1e400", "in (", "=,!=", "a" * 300, "\n\r\t",
)  # fmt: skip
TEXTS = st.sampled_from(KNOWN) | st.sampled_from(KNOWN) | st.sampled_from(WILD) | st.text(max_size=20)
NUMBERS = st.sampled_from([0, 1, 2, 5, 10, -1, 500, 5_000, 2**31 - 1, -(2**31)]) | st.integers()
ANYTHING = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.fixed_dictionaries({"apiVersion": TEXTS, "kind": TEXTS, "metadata": ANYTHING}) | ANYTHING
ENTITIES = st.fixed_dictionaries(
    {
        "__typename": st.sampled_from(["Pod", "Deployment", "GenericResource", "Cluster", "Query", "Nothing"]),
        "key": st.sampled_from(["prod/core/Pod/shop/web-1-1", "prod/apps/Deployment/shop/web", "x", ""]),
    }
)
SCALARS = {
    "String": TEXTS,
    "ID": TEXTS,
    "Int": NUMBERS,
    "Float": NUMBERS | st.floats(allow_nan=False, allow_infinity=False),
    "Boolean": st.booleans(),
    "JSON": OBJECTS,
    "DateTime": TEXTS,
    "_Any": ENTITIES | ANYTHING,
}
# What an argument of this name mostly is, or hardly a question would get past its first name.
LIKELY = {
    "cluster": ["prod"],
    "id": ["prod"],
    "namespace": ["shop", "kube-system"],
    "resourceType": ["deploy", "pods", "secret", "configmaps", "image", "node"],
    "name": ["web", "api", "web-1-1", "node-1", "shop"],
}
WRONG_OF = 30  # one value of so many is of a wrong type

Draw = Callable[[st.SearchStrategy[Any]], Any]


@st.composite
def operations(draw: Draw, schema: GraphQLSchema, *, mutation: bool = False, always: dict[str, Any]) -> dict[str, Any]:
    """A request of one field of the root, all arguments as variables; `always` are values by the arguments' names."""
    root = schema.mutation_type if mutation else schema.query_type
    assert root is not None
    maker = _Maker(draw, always)
    selection = maker.field(root, draw(st.sampled_from(sorted(root.fields))), DEPTH)
    head = ", ".join(f"${name}: {type_}" for name, type_ in maker.types.items())
    word = "mutation" if mutation else "query"
    return {"query": f"{word}{f'({head})' if head else ''} {{ {selection} }}", "variables": maker.values}


class _Maker:
    """One operation in the making."""

    def __init__(self, draw: Draw, always: dict[str, Any]) -> None:
        self._draw = draw
        self._always = always
        self.types: dict[str, str] = {}
        self.values: dict[str, Any] = {}

    def field(self, parent: GraphQLObjectType | GraphQLInterfaceType, name: str, depth: int) -> str:
        """A field with some of its arguments and some of what is below it."""
        field = parent.fields[name]
        given = []
        for argument, definition in field.args.items():
            if argument in self._always or is_required_argument(definition) or self._draw(st.booleans()):
                variable = f"v{len(self.types)}"
                self.types[variable] = str(definition.type)
                self.values[variable] = self._argument(argument, definition.type)
                given.append(f"{argument}: ${variable}")
        arguments = f"({', '.join(given)})" if given else ""
        # Of two fields with one name the arguments would have to be the same.
        alias = f"{name}{len(self.types)}: " if given else ""
        return f"{alias}{name}{arguments}{self._below(get_named_type(field.type), depth - 1)}"

    def _argument(self, name: str, type_: GraphQLInputType) -> Any:
        if name in self._always:
            return self._always[name]
        if name in LIKELY and self._draw(st.integers(0, 3)):
            return self._draw(st.sampled_from(LIKELY[name]))
        return self._value(type_)

    def _below(self, type_: Any, depth: int) -> str:
        if is_leaf_type(type_):
            return ""
        if isinstance(type_, GraphQLUnionType):
            member = self._draw(st.sampled_from(type_.types))
            return f" {{ __typename ... on {member.name}{self._below(member, depth)} }}"
        names = [name for name, field in type_.fields.items() if depth > 0 or is_leaf_type(get_named_type(field.type))]
        chosen = self._draw(st.lists(st.sampled_from(names), max_size=FIELDS, unique=True)) if names else []
        return f" {{ {' '.join(['__typename', *(self.field(type_, name, depth) for name in chosen)])} }}"

    def _value(self, type_: GraphQLInputType) -> Any:
        if self._draw(st.integers(1, WRONG_OF)) == WRONG_OF:
            return self._draw(ANYTHING)
        match type_:
            case GraphQLNonNull():
                return self._value(type_.of_type)
            case GraphQLList():
                return [self._value(type_.of_type) for _ in range(self._draw(st.integers(0, 2)))]
            case GraphQLEnumType():
                return self._draw(st.sampled_from(sorted(type_.values)))
            case GraphQLInputObjectType():
                return {
                    name: self._argument(name, field.type)
                    for name, field in type_.fields.items()
                    if is_required_input_field(field) or self._draw(st.integers(0, 3)) == 0
                }
        return self._draw(SCALARS[type_.name])
