"""JSON that is nested too deeply: cut off where nobody reads any more, so that one object does not stop its kind.

An apiserver takes 10,000 levels (Go's encoding/json); decoders here end with Python's limit of calls, some 1,000, and
with them would end the list, or the watch, that the object stands in.
"""

import re
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

# What is nested more deeply than this is cut off, so that whoever reads it later has calls left;
DEEPEST = 800
# and this much of it is kept: ten times what a Pod has, twice what the schemas of definitions have.
LEVELS = 200
# JSON keeps a little more: an object may stand in a list or an event, and is the same in both once it is cut to LEVELS.
_LEVELS_OF_JSON = LEVELS + 10
CUT_OFF = f"(cut off: nested more than {DEEPEST} levels deep)"
_REPLACED = f'"{CUT_OFF}"'.encode()
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[\]{}]')


def decoded(decode: Callable[[bytes | msgspec.Raw], T], body: bytes | msgspec.Raw) -> T:
    """What a decoder makes of JSON, one document or one a line, cut off where it is nested too deeply for it."""
    try:
        return decode(body)
    except RecursionError:
        return decode(shallow(bytes(body)))


def shallow(body: bytes) -> bytes:
    """The JSON with a text in place of what is some more than `LEVELS` deep, where that leads beyond `DEEPEST`."""
    parts: list[bytes] = []
    level = kept_to = begins_at = 0
    too_deep = False
    for token in _TOKEN.finditer(body):
        if token[0] in (b"{", b"["):
            level += 1
            if level == _LEVELS_OF_JSON + 1:
                begins_at, too_deep = token.start(), False
            too_deep = too_deep or level > DEEPEST
        elif token[0] in (b"}", b"]"):
            if level == _LEVELS_OF_JSON + 1 and too_deep:
                parts += (body[kept_to:begins_at], _REPLACED)
                kept_to = token.end()
            level -= 1
    # What is not closed is no JSON: a decoder shall say so before it has gone as deep.
    end = begins_at if too_deep and level > _LEVELS_OF_JSON else len(body)
    return b"".join((*parts, body[kept_to:end]))


def shallow_value(value: Any, levels: int = LEVELS) -> Any:
    """The same of a value that is decoded already: an object on its own, however deep it was."""
    if type(value) not in (dict, list):
        return value
    if not levels:
        return CUT_OFF
    if type(value) is dict:
        return {key: shallow_value(item, levels - 1) for key, item in value.items()}
    return [shallow_value(item, levels - 1) for item in value]
