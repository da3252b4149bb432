"""Reading JSON that may be anything: apiservers see to what an object is like, those behind them may not."""

from collections.abc import Mapping
from typing import Any

Object = Mapping[str, Any]


def mapping(value: Any) -> Object:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def mappings(value: Any) -> list[Object]:
    """The objects in a list; whatever else is in it, or stands in its place, is left out."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
