"""Long lists of plain values, completed at once.

graphql-core completes a list item by item and field by field, some ten microseconds each: five hundred Pods of ten
fields would cost more than the statement that found them. Where every selected field is plain, an attribute, a value
of the object that was read with the node (`fields.At`), or parts of it of which the same is true, the answer is made
column by column, and this executor takes it as it is. Anything else, a null where none may be included, goes the
ordinary way, so that the answer is the same.
"""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    get_named_type,
    is_specified_scalar_type,
)
from graphql.execution.collect_fields import FieldDetailsList
from graphql.pyutils import AwaitableOrValue, Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types.base import get_object_definition
from strawberry.types.field import StrawberryField

from kgraph.api.graphql.fields import NOT_LOADED, PLAIN, At
from kgraph.api.graphql.scalars import SCALARS

_TYPENAME = "__typename"
_OWN_SCALARS = frozenset(scalar.name for scalar in SCALARS.values())  # which are written as they are

# All values of a field for all items of a list; None where they have to be found the ordinary way.
Column = Callable[[Sequence[Any]], list[Any] | None]


class ListExecutor(StrawberryGraphQLCoreExecutionContext):
    """Strawberry's executor with the short way for lists."""

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
        columns: list[list[Any]] = []
        for column, required in plan.values():
            values = column(items)
            if values is None or (required and None in values):
                return None
            columns.append(values)
        return [dict(zip(plan, row, strict=True)) for row in zip(*columns, strict=True)]

    def _plan(self, item_type: GraphQLObjectType, details: FieldDetailsList) -> dict[str, tuple[Column, bool]] | None:
        """The columns by their names in the answer, and which of them may have no null; None if one is not plain."""
        collected = self.collect_subfields(item_type, details)
        if collected.new_defer_usages:
            return None
        plan: dict[str, tuple[Column, bool]] = {}
        for name, below in collected.grouped_field_set.items():
            field_name = below[0].node.name.value
            if field_name == _TYPENAME:
                plan[name] = (_always(item_type.name), False)
                continue
            field = item_type.fields.get(field_name)
            column = None if field is None else self._column(field, below)
            if field is None or column is None:
                return None
            plan[name] = (column, isinstance(field.type, GraphQLNonNull))
        return plan

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
        rows = _Parts(self, of_type, below, many=isinstance(kind, GraphQLList))
        return lambda items: rows.of(values(items))


class _Parts:
    """The rows of objects that are in others, made for all of these at once."""

    def __init__(
        self, executor: ListExecutor, of_type: GraphQLObjectType, details: FieldDetailsList, *, many: bool
    ) -> None:
        self._executor = executor
        self._type = of_type
        self._details = details
        self._many = many

    def of(self, values: list[Any] | None) -> list[Any] | None:
        """Each value's row, or rows."""
        if values is None:
            return None
        lists = values if self._many else [() if value is None else (value,) for value in values]
        rows = self._executor._rows_of_one(  # noqa: SLF001 - a part of the same work
            self._type, self._details, [one for some in lists for one in some]
        )
        if rows is None:
            return None
        each = iter(rows)
        if self._many:
            return [[next(each) for _ in some] for some in lists]
        return [next(each) if some else None for some in lists]


def _nullable(kind: Any) -> Any:
    return kind.of_type if isinstance(kind, GraphQLNonNull) else kind


def _values(definition: StrawberryField) -> Column | None:
    """How to get the field's values, if it is an attribute, or taken from an object, or else plain."""
    if isinstance(definition, At):
        return _taken(definition)
    plain = definition.metadata.get(PLAIN)
    if plain is not None:
        return _loaded(plain)
    if definition.is_basic_field:
        attribute = attrgetter(definition.python_name)
        return lambda items: [attribute(item) for item in items]
    resolver = definition.base_resolver
    if resolver is None or definition.extensions or resolver.is_async or resolver.info_parameter is not None:
        return None
    function: Any = resolver.wrapped_func
    return lambda items: [function(item) for item in items]


def _taken(field: At) -> Column:
    source, value = field.source, field.value

    def column(items: Sequence[Any]) -> list[Any] | None:
        raws = [source(item) for item in items]
        return None if NOT_LOADED in raws else [value(raw) for raw in raws]

    return column


def _loaded(get: Callable[[Any], Any]) -> Column:
    def column(items: Sequence[Any]) -> list[Any] | None:
        values = [get(item) for item in items]
        return None if NOT_LOADED in values else values

    return column


def _named(values: Column) -> Column:
    def column(items: Sequence[Any]) -> list[Any] | None:
        found = values(items)
        return None if found is None else [None if value is None else value.name for value in found]

    return column


def _always(value: str) -> Column:
    return lambda items: [value] * len(items)
