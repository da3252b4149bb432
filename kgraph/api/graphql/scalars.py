"""Scalars: any JSON value, and a time as ISO 8601 in UTC."""

from collections.abc import Mapping
from typing import NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

JSON = NewType("JSON", object)
# Times come out of Neo4j as text already: parsing them to print them again would cost more than all else in a row.
DateTime = NewType("DateTime", str)


def _as_it_is(value: object) -> object:
    return value


SCALARS: Mapping[object, ScalarDefinition] = {
    JSON: strawberry.scalar(
        name="JSON",
        description="Any JSON value.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259",
        serialize=_as_it_is,
        parse_value=_as_it_is,
    ),
    DateTime: strawberry.scalar(
        name="DateTime",
        description="A point in time, ISO 8601 in UTC: `2026-01-31T12:00:00Z`.",
        serialize=str,
        parse_value=str,
    ),
}


def moment(text: str | None) -> DateTime | None:
    """A moment, if there is one."""
    return DateTime(text) if text else None


def json_value(value: object) -> JSON | None:
    """Any value, if there is one."""
    return None if value is None else JSON(value)
