"""One value as a user writes it: in YAML already typed, in an environment variable always text."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from kgraph.cli.settings.setting import WHOLE_MOST, Setting, Takes
from kgraph.graphdb.model import RESOURCE_PROPERTIES
from kgraph.kube.durations import seconds
from kgraph.kube.field_selectors import FieldSelector
from kgraph.kube.given import CLUSTER_ID
from kgraph.kube.quantities import number
from kgraph.kube.selectors import LabelSelector, SelectorError

_KIND = re.compile(r"[A-Z][A-Za-z0-9]*(?:\.[a-z0-9][a-z0-9.-]*)?")
# A label as DNS has it (RFC 1123), in which `*` may stand for any part.
_NAMESPACE = re.compile(r"[a-z0-9*]([-a-z0-9*]{0,61}[a-z0-9*])?")
# A part's name, and a kind as kubectl takes it: what `+`, `-` and `*` mean of all kinds, they cannot mean of some.
_PART = re.compile(r"[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?")
_PART_KIND = re.compile(r"[A-Za-z0-9]+(?:\.[a-z0-9][a-z0-9.-]*)?|\*\.[a-z0-9][a-z0-9.-]*")
_PROPERTY = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
SIZE_LEAST = 1024**2
SIZE_MOST = 1024**4
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


def _size(_: Setting, value: Any) -> int:
    found = number(value) if isinstance(value, int | str) and not isinstance(value, bool) else None
    if found is None or not SIZE_LEAST <= found <= SIZE_MOST:
        raise ValueError("an amount of bytes from 1Mi to 1Ti, such as 256Mi")
    return int(found)


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


def _kind(_: Setting, value: Any) -> str:
    if isinstance(value, str) and _KIND.fullmatch(value):
        return value
    raise ValueError("a kind with its group unless that is core, such as Secret or StorageClass.storage.k8s.io")


def _path(_: Setting, value: Any) -> str:
    if (wrong := _wrong_path(value)) is not None:
        raise ValueError(f"a JSONPath such as .spec.secretName or .spec.databases[*].name{wrong}")
    return str(value)


def _paths(_: Setting, value: Any) -> dict[str, str]:
    allowed = "names of properties and JSONPaths, such as `engine: .spec.engine`"
    if not isinstance(value, dict):
        raise ValueError(allowed)  # noqa: TRY004 - as all that a user may have written otherwise
    for name, path in value.items():
        if not isinstance(name, str) or not _PROPERTY.fullmatch(name) or name in RESOURCE_PROPERTIES:
            raise ValueError(
                f"{allowed}; {name!r} can be no name: it needs a letter first, then letters, digits or `_`, and may "
                f"not be what every node has ({', '.join(sorted(RESOURCE_PROPERTIES))})"
            )
        if (wrong := _wrong_path(path)) is not None:
            raise ValueError(f"{allowed}; {name} has {path!r:.80}{wrong}")
    return value


def _namespaces(setting: Setting, value: Any) -> dict[str, tuple[str, ...]]:
    allowed = "clusters' ids, and of each a list of namespaces, such as `prod: [shop, team-*]`"
    if not isinstance(value, dict):
        raise ValueError(allowed)  # noqa: TRY004 - as all that a user may have written otherwise
    found: dict[str, tuple[str, ...]] = {}
    for cluster, written in value.items():
        if not CLUSTER_ID.fullmatch(str(cluster)):
            raise ValueError(f"{allowed}; {cluster!r} is no cluster's id")
        try:
            names = _list(setting, written)
        except ValueError:
            names = ()
        if not names:
            raise ValueError(f"{allowed}; {cluster} has none")
        if wrong := next((name for name in names if not _NAMESPACE.fullmatch(name)), None):
            raise ValueError(f"{allowed}; {wrong!r:.80} of {cluster} is neither a namespace nor one with `*` in it")
        found[str(cluster)] = names
    return found


def _parts(setting: Setting, value: Any) -> dict[str, tuple[str, ...]]:
    allowed = "names of parts, and of each a list of kinds, such as `events: [events]`"
    if not isinstance(value, dict):
        raise ValueError(allowed)  # noqa: TRY004 - as all that a user may have written otherwise
    found: dict[str, tuple[str, ...]] = {}
    part_of: dict[str, str] = {}
    for part, written in value.items():
        if not _PART.fullmatch(str(part)):
            raise ValueError(f"{allowed}; {part!r:.80} is no name: small letters, digits and `-` make one")
        try:
            kinds = _list(setting, written)
        except ValueError:
            kinds = ()
        if not kinds:
            raise ValueError(f"{allowed}; {part} has none")
        for kind in kinds:
            if not _PART_KIND.fullmatch(kind):
                raise ValueError(f"{allowed}; {kind!r:.80} of {part} is neither a kind nor `*.group`")
            if (other := part_of.setdefault(kind, str(part))) != str(part):
                raise ValueError(f"{allowed}; {kind} is in {other} and in {part}")
        found[str(part)] = kinds
    return found


def _label_selector(_: Setting, value: Any) -> str:
    return _selector(value, LabelSelector.parse, "a label selector such as app=web,tier!=test")


def _field_selector(_: Setting, value: Any) -> str:
    return _selector(value, FieldSelector.parse, "a field selector such as status.phase=Failed")


def _selector(value: Any, parse: Callable[[str], object], allowed: str) -> str:
    if not isinstance(value, str):
        raise ValueError(allowed)  # noqa: TRY004 - as all that a user may have written otherwise
    try:
        parse(value)
    except SelectorError as error:
        raise ValueError(f"{allowed} ({error})") from None
    return value


def _template(_: Setting, value: Any) -> dict[str, Any]:
    from kgraph.feed.template import parse

    parse(value)
    assert isinstance(value, dict)
    return value


def _wrong_path(value: Any) -> str | None:
    """Why a value is no JSONPath, in the words that follow it; None where it is one."""
    from kgraph.kube.jsonpath import normalised

    if not isinstance(value, str):
        return ""
    try:
        normalised(value)
    except ValueError as error:
        return f" ({error})"
    return None


_READERS: Mapping[Takes, Callable[[Setting, Any], Any]] = {
    Takes.TEXT: _text,
    Takes.NUMBER: _number,
    Takes.WHOLE: _whole,
    Takes.SWITCH: _switch,
    Takes.DURATION: _duration,
    Takes.SIZE: _size,
    Takes.CHOICE: _choice,
    Takes.LIST: _list,
    Takes.SECTION: _section,
    Takes.SECTIONS: _sections,
    Takes.KIND: _kind,
    Takes.PATH: _path,
    Takes.PATHS: _paths,
    Takes.NAMESPACES: _namespaces,
    Takes.PARTS: _parts,
    Takes.LABEL_SELECTOR: _label_selector,
    Takes.FIELD_SELECTOR: _field_selector,
    Takes.TEMPLATE: _template,
}
