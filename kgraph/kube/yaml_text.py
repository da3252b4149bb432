"""YAML as Kubernetes reads it: documents one by one, each with its line, values as JSON has them.

PyYAML's rules differ from those of Kubernetes' own reader (sigs.k8s.io/yaml) where it hurts: it makes dates of
timestamps and 1342 of the ports `22:22`, leaves `1e3` a text, and lets keys be numbers. Here they are Kubernetes'.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from functools import lru_cache
from typing import Any

import msgspec
import yaml

# Anchors can make a small text a huge object; go-yaml has a limit too. Manifests repeat a few lines with them.
MAX_EXPANDED_NODES = 1_000_000

_MARKER = re.compile(r"---(?:\s|$)")  # at a line's beginning it starts a document, wherever it stands
# go.yaml.in/yaml/v2, resolve.go.
_FLOAT_TEXT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_INT_TEXT = re.compile(r"[-+]?(?:0b[0-1_]+|0o[0-7_]+|0[0-7_]*|0x[0-9a-fA-F_]+|[1-9][0-9_]*)\Z")
_TRUE = ("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON")
_FALSE = ("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF")
_BOOLS = dict.fromkeys(_TRUE, True) | dict.fromkeys(_FALSE, False)

_NULL, _BOOL, _INT, _FLOAT, _STR, _SEQ, _MAP, _MERGE, _BINARY, _TIMESTAMP = (
    f"tag:yaml.org,2002:{name}"
    for name in ("null", "bool", "int", "float", "str", "seq", "map", "merge", "binary", "timestamp")
)


class YamlError(ValueError):
    """A document that cannot be read; `line` is where in the file, counted from one."""

    def __init__(self, problem: str, line: int) -> None:
        super().__init__(problem)
        self.line = line


class Text(msgspec.Struct, frozen=True):
    """One document's text and the line of the file that it begins in."""

    text: str
    line: int


@lru_cache(maxsize=65_536)
def _plain_tag(text: str) -> str:
    """What a text without quotes is."""
    if not text or text in ("~", "null", "Null", "NULL"):
        return _NULL
    if text in _BOOLS:
        return _BOOL
    if text[0] in "+-.0123456789":
        if _INT_TEXT.match(text):
            return _INT
        if _FLOAT_TEXT.match(text):
            return _FLOAT
    return _MERGE if text == "<<" else _STR


# Python reads 4,300; Kubernetes keeps numbers in 64 bits.
_DIGITS_MOST = 400


def _scalar(event: yaml.ScalarEvent) -> Any:
    """What a scalar stands for, as JSON has it: dates and binary data stay what was written."""
    text: str = event.value
    tag = event.tag
    if tag is None or tag == "!":
        tag = _plain_tag(text) if event.implicit[0] else _STR
    if tag in (_STR, _BINARY, _TIMESTAMP, _MERGE):
        return text
    if tag == _NULL:
        return None
    if tag == _BOOL and text in _BOOLS:
        return _BOOLS[text]
    if tag == _INT and _INT_TEXT.match(text):
        if len(text) > _DIGITS_MOST:
            raise _wrong(f"a number of {len(text):,} digits", event)
        return _integer(text.replace("_", ""))
    if tag in (_FLOAT, _INT) and _FLOAT_TEXT.match(text):
        return float(text.replace("_", ""))
    raise _wrong(f"{tag} says nothing to Kubernetes here", event)


def _integer(text: str) -> int:
    sign, digits = (-1, text[1:]) if text[0] == "-" else (1, text.removeprefix("+"))
    if len(digits) > 1 and digits[0] == "0" and digits[1].isdigit():
        return sign * int(digits, 8)
    return sign * int(digits, 0)


class _Dumper(yaml.CSafeDumper):
    """PyYAML's safe dumper without anchors, quoting what either reader would take for a number."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        """Write everything in full: who reads a manifest expects no anchors."""
        return True


_Dumper.add_implicit_resolver(_FLOAT, _FLOAT_TEXT, list("-+0123456789."))
_Dumper.add_implicit_resolver(_BOOL, re.compile("[yYnN]$"), list("yYnN"))


def documents(lines: Iterable[str]) -> Iterator[Text]:
    """The documents of a file, one at a time; empty ones are left out."""
    kept: list[str] = []
    begin = 0
    for number, line in enumerate(lines, start=1):
        if line.startswith("%") or (kept and kept[0].startswith("%") and _MARKER.match(line)):
            pass  # a directive belongs to the document after it
        elif _MARKER.match(line) or line.rstrip() == "...":
            if kept:
                yield Text("".join(kept), begin)
            kept = []
            if not line[3:].strip():
                continue
        elif not kept and not line.strip():
            continue
        if not kept:
            begin = number
        kept.append(line)
    if kept:
        yield Text("".join(kept), begin)


def load(document: Text) -> Iterator[tuple[Any, int]]:
    """The document's value and its line; of a List, each item instead, with the item's line.

    An item is given together with the List's own kind and apiVersion as far as it names none itself. Items are given
    as they are read where the List's kind stands before them, else when all are read. YamlError says what is wrong
    and in which line.
    """
    try:
        builder = _Builder(document)
        try:
            yield from builder.document()
        finally:
            builder.close()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = " ".join(filter(None, [error.context, error.problem]))
        raise YamlError(problem, document.line + (mark.line if mark else 0)) from None
    except RecursionError:
        raise YamlError("it is nested too deeply", document.line) from None
    except UnicodeEncodeError:  # half a surrogate pair, as standard input has it for bytes that are no UTF-8
        raise YamlError("it is no text in UTF-8", document.line) from None
    except yaml.YAMLError as error:
        # What is no text at all has no mark; the message's first line names the character.
        raise YamlError(str(error).partition("\n")[0], document.line) from None


class _Builder:
    """Values straight from the parser's events.

    PyYAML's own way, through a tree of nodes and a table of constructors, takes eight times as long for a large List
    (39 s for 5,000 Pods, 20 MB), and three quarters of a gigabyte.
    """

    def __init__(self, document: Text) -> None:
        self._line = document.line
        self._parser = yaml.CSafeLoader(document.text)
        self._event: Callable[[], Any] = self._parser.get_event
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._nodes = 0  # how many values were built
        self._expanded = 0  # how many of them by anchors

    def close(self) -> None:
        """Let the parser go."""
        self._parser.dispose()

    def document(self) -> Iterator[tuple[Any, int]]:
        """The document's values, as `load` gives them."""
        self._event()  # the stream's start
        if isinstance(self._event(), yaml.StreamEndEvent):
            return
        event = self._event()
        line = self._line + event.start_mark.line
        if isinstance(event, yaml.MappingStartEvent) and event.anchor is None and event.tag is None:
            yield from self._object(line)
        else:
            yield self._build(event), line
        self._event()  # the document's end
        if not isinstance(event := self._event(), yaml.StreamEndEvent):
            raise _wrong("a second document without --- before it", event)

    def _object(self, line: int) -> Iterator[tuple[Any, int]]:
        """The mapping at the top, or the items of a List."""
        mapping: dict[str, Any] = {}
        items: list[tuple[Any, int]] | None = None
        while not isinstance(event := self._event(), yaml.MappingEndEvent):
            key, merges = self._key(event)
            event = self._event()
            if key == "items" and not merges and isinstance(event, yaml.SequenceStartEvent) and event.anchor is None:
                items = []
                known = is_list(mapping.get("kind")) and isinstance(mapping.get("apiVersion"), str)
                while not isinstance(event := self._event(), yaml.SequenceEndEvent):
                    place = self._line + event.start_mark.line
                    if known:
                        yield filled(self._build(event), mapping["kind"], mapping["apiVersion"]), place
                    else:
                        items.append((self._build(event), place))
                if known:
                    mapping["items"] = ()
                    items = None
            else:
                self._put(mapping, key, event, merges=merges)
        if mapping.get("items") == ():
            return
        if items is None:
            yield mapping, line
        elif is_list(mapping.get("kind")):
            kind, version = mapping["kind"], str(mapping.get("apiVersion", ""))
            yield from ((filled(item, kind, version), place) for item, place in items)
        else:
            yield {**mapping, "items": [item for item, _ in items]}, line

    def _build(self, event: Any) -> Any:
        self._nodes += 1
        anchor, before = event.anchor, self._nodes
        match event:
            case yaml.ScalarEvent():
                value = _scalar(event)
            case yaml.AliasEvent():
                return self._copy(event)
            case yaml.MappingStartEvent() if event.tag in (None, _MAP):
                value = self._mapping()
            case yaml.SequenceStartEvent() if event.tag in (None, _SEQ):
                value = []
                while not isinstance(inner := self._event(), yaml.SequenceEndEvent):
                    value.append(self._build(inner))
            case _:
                raise _wrong(f"the tag {event.tag} says nothing to Kubernetes", event)
        if anchor is not None:
            self._anchors[anchor] = value, self._nodes - before + 1
        return value

    def _mapping(self) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        while not isinstance(event := self._event(), yaml.MappingEndEvent):
            key, merges = self._key(event)
            self._put(mapping, key, self._event(), merges=merges)
        return mapping

    def _put(self, mapping: dict[str, Any], key: str, event: Any, *, merges: bool) -> None:
        value = self._build(event)
        if not merges:
            mapping[key] = value
            return
        for some in value if isinstance(value, list) else [value]:  # of several the first wins, and what is written
            if not isinstance(some, dict):
                raise _wrong("<< takes mappings only", event)
            for name, inherited in some.items():
                mapping.setdefault(name, inherited)

    def _key(self, event: Any) -> tuple[str, bool]:
        """A key as text, and whether it is `<<`; JSON has no other keys than texts."""
        if isinstance(event, yaml.ScalarEvent) and event.anchor is None:
            key = _scalar(event)
            if isinstance(key, str):
                return key, key == "<<" and event.implicit[0]
        else:
            key = self._build(event)
        if isinstance(key, bool):
            return ("true" if key else "false"), False
        if isinstance(key, str | int | float):
            return str(key), False
        raise _wrong("a key that is no text", event)

    def _copy(self, event: yaml.AliasEvent) -> Any:
        """What an anchor stands for, once more: nobody who changes one place changes another."""
        if event.anchor not in self._anchors:
            raise _wrong(f"the anchor {event.anchor} is not known here, or contains itself", event)
        value, size = self._anchors[event.anchor]
        self._nodes += size
        self._expanded += size
        if self._expanded > MAX_EXPANDED_NODES:
            raise _wrong("its anchors make it too large", event)
        return deepcopy(value)


def _wrong(problem: str, event: Any) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)


def filled(item: Any, list_kind: str, api_version: str) -> Any:
    """An item of a `PodList` with the kind and version that its list says for it; a plain `List` says none."""
    if isinstance(item, dict) and list_kind != "List":
        item.setdefault("kind", list_kind.removesuffix("List"))
        item.setdefault("apiVersion", api_version)
    return item


def is_list(kind: Any) -> bool:
    """Whether a kind is that of a list: `List`, `PodList`."""
    return isinstance(kind, str) and kind.endswith("List")


def dump(value: Any) -> str:
    """A value as block YAML, keys in their order."""
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=2**31 - 1)
    return text
