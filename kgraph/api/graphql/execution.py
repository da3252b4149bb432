"""Long lists of plain values, completed at once.

graphql-core completes a list item by item and field by field, some ten microseconds each: five hundred Pods of ten
fields would cost more than the statement that found them. Where every selected field is plain, an attribute, a value
of the object that was read with the node (`fields.At`), or parts of it of which the same is true, the answer is made
column by column, and this executor takes it as it is. Anything else, a null where none may be included, goes the
ordinary way, so that the answer is the same.
"""

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from operator import attrgetter
from typing import Any, cast

import msgspec
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    InlineFragmentNode,
    get_named_type,
    is_specified_scalar_type,
)
from graphql.execution.collect_fields import FieldDetailsList
from graphql.pyutils import AwaitableOrValue, Path
from graphql.type.definition import GraphQLResolveInfoHelpers
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types.base import get_object_definition
from strawberry.types.field import StrawberryField

from kgraph.api.graphql.fields import NOT_LOADED, PLAIN, At, Promoted
from kgraph.api.graphql.pruning import Path as JsonPath
from kgraph.api.graphql.pruning import decoder
from kgraph.api.graphql.scalars import SCALARS
from kgraph.api.graphql.sharing import Payload
from kgraph.weakly import weakly

_TYPENAME = "__typename"
_OWN_SCALARS = frozenset(scalar.name for scalar in SCALARS.values())  # which are written as they are

# All values of a field for all items of a list, of which the second argument has the objects, if fields look at them;
# None where the values have to be found the ordinary way.
Column = Callable[[Sequence[Any], Sequence[Any]], list[Any] | None]


class Plan(msgspec.Struct, frozen=True):
    """The columns by their names in the answer, which of them may have no null, and the objects that they look at.

    One that is flat has no columns of objects in objects, which only its own operation's executor can make.
    """

    columns: dict[str, tuple[Column, bool]]
    objects: Callable[[Sequence[Any]], Sequence[Any]]
    is_flat: bool


# Plans by the ids of a type and the fields of a document, with these: so their ids are theirs.
_REMEMBERED: dict[tuple[int, ...], tuple[tuple[Any, ...], Plan]] = {}
REMEMBERED_MOST = 500


class ListExecutor(StrawberryGraphQLCoreExecutionContext):
    """Strawberry's executor with the short way for lists."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.async_helpers = GraphQLResolveInfoHelpers(weakly(self.gather_async_work), weakly(self.track_async_work))

    @cached_property
    def _plans(self) -> dict[tuple[str, int], tuple[FieldDetailsList, Plan | None]]:
        """Plans by type and selection, which is kept with them: its id is its while it lives."""
        return {}

    def execute_operation(self, serially: bool | None = None) -> AwaitableOrValue[Any]:  # noqa: FBT001 - graphql-core's signature
        """Answer the operation: of an event, once for all subscribers who ask the same, and each time anew."""
        payload, execute = self.root_value, super().execute_operation
        if not isinstance(payload, Payload):
            return execute(serially)
        context = self.context_value

        def run() -> AwaitableOrValue[Any]:
            context.renew()
            return execute(serially)

        told = payload.told
        return run() if told is None or told.is_initial else context.answers.of(self, told, run)

    def complete_list_value(
        self,
        return_type: GraphQLList[GraphQLOutputType],
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: Any,
    ) -> AwaitableOrValue[list[Any]]:
        """Complete a list of objects at once where all that is selected is plain."""
        if isinstance(result, list | tuple) and not self._watched():
            rows = self._rows(_nullable(return_type.of_type), field_details_list, result)
            if rows is not None:
                return rows
        return super().complete_list_value(return_type, field_details_list, info, path, result, position_context)

    def _watched(self) -> bool:
        """Whether some middleware wants to see every field."""
        manager = self.middleware_manager
        return bool(manager is not None and manager.middlewares)

    def _rows(self, item_type: Any, details: FieldDetailsList, items: Sequence[Any]) -> list[Any] | None:
        """The items' rows; those of an interface by the type of each."""
        if isinstance(item_type, GraphQLObjectType):
            return self._rows_of_one(item_type, details, items)
        if not isinstance(item_type, GraphQLInterfaceType):
            return None
        by_class: dict[type, list[int]] = {}
        for at, item in enumerate(items):
            by_class.setdefault(type(item), []).append(at)
        rows: list[Any] = [None] * len(items)
        for kind, places in by_class.items():
            definition = get_object_definition(kind)
            of_type = self.schema.get_type(definition.name) if definition else None
            if not isinstance(of_type, GraphQLObjectType):
                return None
            found = self._rows_of_one(of_type, details, [items[at] for at in places])
            if found is None:
                return None
            for at, row in zip(places, found, strict=True):
                rows[at] = row
        return rows

    def _rows_of_one(
        self, item_type: GraphQLObjectType, details: FieldDetailsList, items: Sequence[Any]
    ) -> list[Any] | None:
        plan = self._plan(item_type, details)
        if plan is None or None in items:
            return None
        objects = plan.objects(items)
        if NOT_LOADED in objects:
            return None
        if not plan.columns:  # fragments of other kinds alone
            return [{} for _ in items]
        columns: list[list[Any]] = []
        for column, required in plan.columns.values():
            values = column(items, objects)
            if values is None or (required and None in values):
                return None
            columns.append(values)
        return [dict(zip(plan.columns, row, strict=True)) for row in zip(*columns, strict=True)]

    def _plan(self, item_type: GraphQLObjectType, details: FieldDetailsList) -> Plan | None:
        """How to make the rows of a type; None if one field is not plain. Lists in lists have the same plan each."""
        at = (item_type.name, id(details))
        if at not in self._plans:
            self._plans[at] = (details, self._remembered(item_type, details))
        return self._plans[at][1]

    def _remembered(self, item_type: GraphQLObjectType, details: FieldDetailsList) -> Plan | None:
        """The same as for another operation of the same document, which is parsed once, where that must be the same."""
        about = (item_type, *(one.node for one in details))
        at = tuple(map(id, about))
        if at not in _REMEMBERED:
            plan = self._planned(item_type, details)
            if plan is None or not plan.is_flat or any(self._depends(one.node) for one in details):
                return plan
            if len(_REMEMBERED) >= REMEMBERED_MOST:
                _REMEMBERED.clear()
            _REMEMBERED[at] = (about, plan)
        return _REMEMBERED[at][1]

    def _depends(self, on: FieldNode | FragmentDefinitionNode | InlineFragmentNode) -> bool:
        """Whether what is selected depends on an operation's variables, by `@skip` and `@include`."""
        for node in on.selection_set.selections if on.selection_set else ():
            if node.directives:
                return True
            if isinstance(node, FragmentSpreadNode) and self._depends(self.fragment_definitions[node.name.value]):
                return True
            if isinstance(node, InlineFragmentNode) and self._depends(node):
                return True
        return False

    def _planned(self, item_type: GraphQLObjectType, details: FieldDetailsList) -> Plan | None:
        collected = self.collect_subfields(item_type, details)
        if collected.new_defer_usages:
            return None
        columns: dict[str, tuple[Column, bool]] = {}
        reads: set[JsonPath] = set()
        for name, below in collected.grouped_field_set.items():
            field_name = below[0].node.name.value
            if field_name == _TYPENAME:
                columns[name] = (_always(item_type.name), False)
                continue
            field = item_type.fields.get(field_name)
            column = None if field is None else self._column(field, below)
            if field is None or column is None:
                return None
            columns[name] = (column, isinstance(field.type, GraphQLNonNull))
            definition = field.extensions["strawberry-definition"]
            reads.update(definition.reads if isinstance(definition, At) else ())
        is_flat = not any(one[0].node.selection_set for one in collected.grouped_field_set.values())
        return Plan(columns, _objects(frozenset(reads)), is_flat)

    def _column(self, field: GraphQLField, below: FieldDetailsList) -> Column | None:
        """How to get a field of many; None if it is not plain."""
        definition = field.extensions.get("strawberry-definition")
        if not isinstance(definition, StrawberryField) or field.args:
            return None
        kind = _nullable(field.type)
        values = _values(definition)
        if values is None:
            return None
        of_type = get_named_type(kind)
        if isinstance(of_type, GraphQLEnumType):
            return None if isinstance(kind, GraphQLList) else _named(values)
        if is_specified_scalar_type(of_type) or of_type.name in _OWN_SCALARS:
            return values
        if not isinstance(definition, At) or not isinstance(of_type, GraphQLObjectType):
            return None
        make = partial(weakly(self._rows_of_one), of_type, below)
        rows = _Parts(make, many=isinstance(kind, GraphQLList))
        return lambda items, objects: rows.of(values(items, objects))


class _Parts:
    """The rows of objects that are in others, made for all of these at once."""

    def __init__(self, make: Callable[[Sequence[Any]], list[Any] | None], *, many: bool) -> None:
        self._make = make
        self._many = many

    def of(self, values: list[Any] | None) -> list[Any] | None:
        """Each value's row, or rows."""
        if values is None:
            return None
        lists = values if self._many else [() if value is None else (value,) for value in values]
        rows = self._make([one for some in lists for one in some])
        if rows is None:
            return None
        each = iter(rows)
        if self._many:
            return [[next(each) for _ in some] for some in lists]
        return [next(each) if some else None for some in lists]


def _nullable(kind: Any) -> Any:
    return kind.of_type if isinstance(kind, GraphQLNonNull) else kind


def _objects(reads: frozenset[JsonPath]) -> Callable[[Sequence[Any]], Sequence[Any]]:
    """The items' objects, as far as some fields look at them."""
    if not reads:
        return lambda _: ()
    decode = decoder(reads)
    return lambda items: [item.pruned(decode) for item in items]


def _values(definition: StrawberryField) -> Column | None:
    """How to get the field's values, if it is an attribute, or taken from an object, or else plain."""
    if isinstance(definition, Promoted):
        return _each(lambda item: definition.value(definition.source(item)))
    if isinstance(definition, At):
        value = definition.value
        return lambda _, objects: [value(one) for one in objects]
    plain = definition.metadata.get(PLAIN)
    if plain is not None:
        return _loaded(plain)
    if definition.is_basic_field:
        return _each(attrgetter(definition.python_name))
    resolver = definition.base_resolver
    if resolver is None or definition.extensions or resolver.is_async or resolver.info_parameter is not None:
        return None
    return _each(cast("Callable[[Any], Any]", resolver.wrapped_func))


def _each(get: Callable[[Any], Any]) -> Column:
    return lambda items, _: [get(item) for item in items]


def _loaded(get: Callable[[Any], Any]) -> Column:
    def column(items: Sequence[Any], _: Sequence[Any]) -> list[Any] | None:
        values = [get(item) for item in items]
        return None if NOT_LOADED in values else values

    return column


def _named(values: Column) -> Column:
    def column(items: Sequence[Any], objects: Sequence[Any]) -> list[Any] | None:
        found = values(items, objects)
        return None if found is None else [None if value is None else value.name for value in found]

    return column


def _always(value: str) -> Column:
    return lambda items, _: [value] * len(items)
