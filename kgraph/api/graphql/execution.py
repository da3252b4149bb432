"""Long lists of plain values, completed at once.

graphql-core completes a list item by item and field by field, some ten microseconds each: five hundred nodes and two
thousand edges would cost more than the walk that found them. Where every selected field is an attribute whose type is
one of GraphQL's own scalars (or a list of one), the answer is the attributes, and this executor takes them as they
are. Anything else, a null where none may be included, goes the ordinary way, so that the answer is the same.
"""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    is_specified_scalar_type,
)
from graphql.execution.collect_fields import FieldDetailsList
from graphql.pyutils import AwaitableOrValue, Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types.field import StrawberryField

_TYPENAME = "__typename"


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
            plan = self._plan(return_type, field_details_list)
            if plan is not None:
                rows = _rows(result, *plan)
                if rows is not None:
                    return rows
        return super().complete_list_value(return_type, field_details_list, info, path, result, position_context)

    def _watched(self) -> bool:
        """Whether some middleware wants to see every field."""
        manager = self.middleware_manager
        return bool(manager is not None and manager.middlewares)

    def _plan(
        self, return_type: GraphQLList[GraphQLOutputType], field_details_list: FieldDetailsList
    ) -> tuple[list[str], list[Callable[[Any], Any]], list[int]] | None:
        """The names in the answer, how to get their values, and which of them may not be null."""
        item_type = return_type.of_type
        if isinstance(item_type, GraphQLNonNull):
            item_type = item_type.of_type
        if not isinstance(item_type, GraphQLObjectType):
            return None
        collected = self.collect_subfields(item_type, field_details_list)
        if collected.new_defer_usages:
            return None
        names: list[str] = []
        getters: list[Callable[[Any], Any]] = []
        required: list[int] = []
        for at, (name, details) in enumerate(collected.grouped_field_set.items()):
            field_name = details[0].node.name.value
            if field_name == _TYPENAME:
                getters.append(_always(item_type.name))
            else:
                field = item_type.fields.get(field_name)
                attribute = None if field is None else _plain_attribute(field)
                if field is None or attribute is None:
                    return None
                getters.append(attrgetter(attribute))
                if isinstance(field.type, GraphQLNonNull):
                    required.append(at)
            names.append(name)
        return names, getters, required


def _rows(
    items: Sequence[Any], names: list[str], getters: list[Callable[[Any], Any]], required: list[int]
) -> list[Any] | None:
    """The answer's objects; None if a value is null that may not be, which the ordinary way words as an error."""
    if any(item is None for item in items):
        return None
    columns: list[list[Any]] = [[get(item) for item in items] for get in getters]
    if any(None in columns[at] for at in required):
        return None
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def _always(value: str) -> Callable[[Any], str]:
    return lambda _item: value


def _plain_attribute(field: GraphQLField) -> str | None:
    """The attribute that a field is, if it is nothing more."""
    definition = field.extensions.get("strawberry-definition")
    if not isinstance(definition, StrawberryField) or not definition.is_basic_field or field.args:
        return None
    kind: Any = field.type
    for wrapper in (GraphQLNonNull, GraphQLList, GraphQLNonNull):
        if isinstance(kind, wrapper):
            kind = kind.of_type
    return definition.python_name if is_specified_scalar_type(kind) else None
