"""One value as a user writes it: in YAML already typed, in an environment variable always text."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from kgraph.cli.settings import WHOLE_MOST, Setting, Takes
from kgraph.kube.durations import seconds

_WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


def read_value(setting: Setting, value: Any) -> Any:
    """The value as the program takes it: durations in seconds, lists as tuples; ValueError says what is allowed."""
    return _READERS[setting.takes](setting, value)


def _text(_: Setting, value: Any) -> str:
    # A YAML number where a text is wanted (`id: 7`) is what the user sees as text.
    if isinstance(value, str) or (isinstance(value, int | float) and not isinstance(value, bool)):
        return str(value)
    raise ValueError("a text")


def _number(_: Setting, value: Any) -> float:
    try:
        found = float(value) if not isinstance(value, bool) else -1.0
    except (TypeError, ValueError):
        found = -1.0
    if not 0 <= found < float("inf"):
        raise ValueError("a number, 0 or more")
    return found


def _whole(setting: Setting, value: Any) -> int:
    text = str(value)
    found = int(text) if not isinstance(value, bool) and re.fullmatch("[0-9]{1,9}", text) else -1
    if not setting.least <= found <= setting.most:
        above = f"from {setting.least} to {setting.most}" if setting.most < WHOLE_MOST else f"{setting.least} or more"
        raise ValueError(f"a whole number, {above}")
    return found


def _switch(_: Setting, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _WORDS:
        return _WORDS[value.lower()]
    raise ValueError("true or false")


def _duration(_: Setting, value: Any) -> float:
    return seconds("0" if value == 0 and not isinstance(value, bool) else value if isinstance(value, str) else "")


def _choice(setting: Setting, value: Any) -> str:
    if value in setting.choices:
        return str(value)
    raise ValueError(f"one of {', '.join(setting.choices)}")


def _list(_: Setting, value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise ValueError("a list of texts")


def _section(_: Setting, value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise ValueError("a section: keys and values, indented below it")


def _sections(_: Setting, value: Any) -> list[dict[str, Any]]:
    if isinstance(value, list) and all(isinstance(item, dict) for item in value):
        return value
    raise ValueError("a list of sections, each beginning with `- `")


_READERS: Mapping[Takes, Callable[[Setting, Any], Any]] = {
    Takes.TEXT: _text,
    Takes.NUMBER: _number,
    Takes.WHOLE: _whole,
    Takes.SWITCH: _switch,
    Takes.DURATION: _duration,
    Takes.CHOICE: _choice,
    Takes.LIST: _list,
    Takes.SECTION: _section,
    Takes.SECTIONS: _sections,
}
