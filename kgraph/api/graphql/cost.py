"""What an operation would cost, before anything is done: depth, aliases, and fields times list sizes.

A fragment is looked at once for each list size that it is spread under, never once for each spread: counting by
expansion takes twice as long with every level of fragments that spread the next one twice.

A list's size is the caller's `first` or `limit`, from the literal, the variable, or the schema's default. It counts
for the first lists below the field that takes it; a list that nobody sizes counts as `UNSIZED`. Related resources of
which nobody says how many count as there usually are, or no three levels of them could be asked for: how many there
really are is counted while the answer is made (`Loaders.spend`). A list that is given is as long as it is.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLCompositeType,
    GraphQLError,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    is_composite_type,
)
from strawberry.types.field import StrawberryField

from kgraph.api.errors import TooComplex
from kgraph.api.graphql.related import USUALLY
from kgraph.api.settings import Limits

UNSIZED = 10  # what a list without a size argument holds, by rule of thumb: containers, conditions, clusters
_SIZES = ("first", "limit")
_ENTITIES = "representations"  # of a federation's `_entities`
_INTROSPECTION = ("__schema", "__type")


class Cost(msgspec.Struct, frozen=True):
    """What a selection costs; `dearest` is the path of the field below which most of it is."""

    fields: int = 0
    depth: int = 0
    dearest: tuple[str, ...] = ()


def check(document: DocumentNode, schema: GraphQLSchema, variables: Mapping[str, Any], limits: Limits) -> None:
    """Raise TooComplex if an operation of a valid document would cost more than the limits."""
    counter = _Counter(document, schema, variables, limits.first_most)
    if counter.aliases > limits.aliases:
        raise TooComplex(f"the document has {counter.aliases} aliases; {limits.aliases} are allowed")
    for cost in counter.operations():
        if cost.depth > limits.depth:
            raise TooComplex(
                f"the operation is {cost.depth} fields deep; {limits.depth} are allowed (at {'.'.join(cost.dearest)})"
            )
        if cost.fields > limits.cost:
            raise TooComplex(
                f"the answer could have {cost.fields:,} fields; {limits.cost:,} are allowed. Most of them are in "
                f"{'.'.join(cost.dearest)}: ask for a smaller first or limit there, or for fewer fields"
            )


class _Counter:
    def __init__(
        self, document: DocumentNode, schema: GraphQLSchema, variables: Mapping[str, Any], entities_most: int
    ) -> None:
        self._schema = schema
        self._entities_most = entities_most
        self._variables = variables
        self._operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
        self._fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._known: dict[tuple[str, int | None], Cost] = {}
        self.aliases = sum(_aliases(node.selection_set) for node in (*self._operations, *self._fragments.values()))

    def operations(self) -> Iterator[Cost]:
        """Each operation's cost."""
        for operation in self._operations:
            root = self._schema.get_root_type(operation.operation)
            defaults = {
                node.variable.name.value: int(node.default_value.value)
                for node in operation.variable_definitions or ()
                if isinstance(node.default_value, IntValueNode)
            }
            self._variables = {**defaults, **self._variables}
            yield self._selection(operation.selection_set, root, None)

    def _selection(
        self, selections: SelectionSetNode | None, parent: GraphQLCompositeType | None, size: int | None
    ) -> Cost:
        fields, depth, dearest_fields = 0, 0, -1
        dearest: tuple[str, ...] = ()
        for node in selections.selections if selections else ():
            match node:
                case FieldNode():
                    cost = self._field(node, parent, size)
                case InlineFragmentNode():
                    condition = node.type_condition
                    inner = self._type(condition.name.value) if condition else parent
                    cost = self._selection(node.selection_set, inner, size)
                case FragmentSpreadNode():
                    cost = self._fragment(node.name.value, size)
                case _:
                    continue
            fields += cost.fields
            depth = max(depth, cost.depth)
            if cost.fields > dearest_fields:
                dearest, dearest_fields = cost.dearest, cost.fields
        return Cost(fields, depth, dearest)

    def _fragment(self, name: str, size: int | None) -> Cost:
        known = self._known.get((name, size))
        if known is None:
            self._known[name, size] = Cost()  # a circle, which validation refuses, would otherwise have no end
            fragment = self._fragments[name]
            known = self._selection(fragment.selection_set, self._type(fragment.type_condition.name.value), size)
            self._known[name, size] = known
        return known

    def _field(self, node: FieldNode, parent: GraphQLCompositeType | None, size: int | None) -> Cost:
        name = node.name.value
        field = parent.fields.get(name) if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) else None
        if name in _INTROSPECTION or field is None:
            return Cost(1, 1, (name,))  # the schema's own size bounds introspection
        own = self._size(node, field)
        size = own if own is not None else size
        kind = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
        named = get_named_type(field.type)
        inner_type = named if is_composite_type(named) else None
        times = 1
        if isinstance(kind, GraphQLList) and inner_type is not None:
            times, size = UNSIZED if size is None else size, None
        inner = self._selection(node.selection_set, inner_type, size)
        return Cost(1 + times * inner.fields, 1 + inner.depth, (name, *inner.dearest))

    def _size(self, node: FieldNode, field: GraphQLField) -> int | None:
        for argument in node.arguments or ():
            if argument.name.value == _ENTITIES:
                length = self._length(argument.value)
                if length > self._entities_most:
                    raise TooComplex(f"{length:,} entities are named; {self._entities_most:,} are allowed at once")
                return length
        for name in _SIZES:
            if name not in field.args:
                continue
            for argument in node.arguments or ():
                if argument.name.value == name:
                    match argument.value:
                        case IntValueNode():
                            return max(0, int(argument.value.value))
                        case VariableNode():
                            value = self._variables.get(argument.value.name.value)
                            if isinstance(value, int):
                                return max(0, value)
            default = field.args[name].default_value
            return default if isinstance(default, int) else _usual(field)
        return None

    def _length(self, given: ValueNode) -> int:
        """How long a list is that an argument gives."""
        match given:
            case ListValueNode():
                return len(given.values)
            case VariableNode():
                value = self._variables.get(given.name.value)
                return len(value) if isinstance(value, list) else 1
        return 1

    def _type(self, name: str) -> GraphQLCompositeType | None:
        found = self._schema.get_type(name)
        return found if is_composite_type(found) else None


DEFAULT_SIZE = Limits().first  # of a `first` that the schema leaves open


def _usual(field: GraphQLField) -> int:
    definition = field.extensions.get("strawberry-definition")
    metadata: Mapping[str, int] = definition.metadata if isinstance(definition, StrawberryField) else {}
    return metadata.get(USUALLY, DEFAULT_SIZE)


def _aliases(selections: SelectionSetNode | None) -> int:
    found = 0
    for node in selections.selections if selections else ():
        match node:
            case FieldNode():
                found += (node.alias is not None) + _aliases(node.selection_set)
            case InlineFragmentNode():
                found += _aliases(node.selection_set)
    return found


def as_graphql_error(error: TooComplex) -> GraphQLError:
    """The refusal as validation reports it."""
    return GraphQLError(str(error), original_error=error)
