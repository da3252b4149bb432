r"""JSONPath, in which users write paths of their own: as kubectl and the columns of a CustomResourceDefinition have it.

python-jsonpath evaluates it (RFC 9535). What kubectl writes otherwise is read as it means it: `{.spec.engine}`,
`.spec.engine` without the `$`, `.metadata.labels.app\.kubernetes\.io/name` with escaped dots.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jsonpath import JSONPath, JSONPathEnvironment, JSONPathError, JSONPathMatch
from jsonpath.segments import JSONPathRecursiveDescentSegment
from jsonpath.selectors import SliceSelector, WildcardSelector

ROOT = "$"  # what every such path begins with, and none of the edge table's own language

# Without the library's own additions: what works here works with other tools.
_ENVIRONMENT = JSONPathEnvironment(strict=True)
_NAME = r"""(?:[^.\[\](){}'"=@? \\]|\\.)*"""
_ESCAPED = re.compile(rf"\.({_NAME}\\.{_NAME})")
_ESCAPE = re.compile(r"\\(?=.)")


def normalised(written: str) -> str:
    """A path as the library takes it; ValueError says what is wrong with it."""
    path = written.strip()
    if path.startswith("{") and path.endswith("}"):
        path = path[1:-1].strip()
    path = _ESCAPED.sub(lambda match: f"['{_ESCAPE.sub('', match[1])}']", path)
    if not path.startswith(ROOT):
        path = f"{ROOT}{path}" if path.startswith((".", "[")) else f"{ROOT}.{path}"
    compiled(path)
    return path


def finds_many(path: str) -> bool:
    """Whether a normalised path may find several values: it has `[*]`, `..` or a slice."""
    return any(
        isinstance(segment, JSONPathRecursiveDescentSegment)
        or any(isinstance(selector, WildcardSelector | SliceSelector) for selector in segment.selectors)
        for segment in compiled(path).segments
    )


def reader(path: str) -> Callable[[Mapping[str, Any]], Any]:
    """What reads the value at a normalised path: the list of all where it may find several, else the first, or None."""
    asked = compiled(path)
    every = finds_many(path)

    def read(obj: Mapping[str, Any]) -> Any:
        values = (match.obj for match in matches(asked, obj))
        return list(values) if every else next(values, None)

    return read


def compiled(path: str) -> JSONPath:
    """A normalised path, to be asked; ValueError says what is wrong with it."""
    try:
        found = _ENVIRONMENT.compile(path)
    except (JSONPathError, RecursionError) as error:
        raise ValueError(str(error).partition("\n")[0]) from error
    assert isinstance(found, JSONPath)  # only the library's own additions give anything else
    return found


def matches(path: JSONPath, value: Any) -> Iterator[JSONPathMatch]:
    """What a path finds; nothing more where the library gives up, such as in what is nested too deeply for `..`."""
    if type(value) not in (dict, list):
        return
    try:
        yield from path.finditer(value)
    except (JSONPathError, RecursionError):
        return
