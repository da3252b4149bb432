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

from kgraph.graphdb.edges.row import EdgeRow
from kgraph.graphdb.model import GroupKind
from kgraph.sync.paths import EACH, write
from kgraph.sync.queries import NO_PROPERTIES
from kgraph.sync.references import Find, Found
from kgraph.sync.start import Start, is_name, text

ROOT = "$"  # what every such path begins with, and none of the tables' own language

# Without the library's own additions: what works here works with other tools.
_ENVIRONMENT = JSONPathEnvironment(strict=True)
_NAME = r"""(?:[^.\[\](){}'"=@? \\]|\\.)*"""
_ESCAPED = re.compile(rf"\.({_NAME}\\.{_NAME})")
_ESCAPE = re.compile(r"\\(?=.)")
_SHOWN = 80


def normalised(written: str) -> str:
    """A path as the library takes it; ValueError says what is wrong with it."""
    path = written.strip()
    if path.startswith("{") and path.endswith("}"):
        path = path[1:-1].strip()
    path = _ESCAPED.sub(lambda match: f"['{_ESCAPE.sub('', match[1])}']", path)
    if not path.startswith(ROOT):
        path = f"{ROOT}{path}" if path.startswith((".", "[")) else f"{ROOT}.{path}"
    _compiled(path)
    return path


def reader(path: str) -> Callable[[Mapping[str, Any]], Any]:
    """What reads the value at a path: the list of all where it has `[*]`, `..` or a slice, else the first; or None."""
    compiled = _compiled(path)
    every = any(
        isinstance(segment, JSONPathRecursiveDescentSegment)
        or any(isinstance(selector, WildcardSelector | SliceSelector) for selector in segment.selectors)
        for segment in compiled.segments
    )

    def read(obj: Mapping[str, Any]) -> Any:
        found = (match.obj for match in _matches(compiled, obj))
        return list(found) if every else next(found, None)

    return read


def find_of(row: EdgeRow) -> Find:
    """What finds the references of a row whose paths are JSONPath.

    `at` finds a text, which is the name, or an object, in which `name` finds it. `name` and `namespace` that begin
    with `.` start at what `at` finds, and with `$` at the object.
    """
    paths = [_compiled(path) for path in row.at]
    name = _Relative(row.name)
    namespaces = [_Relative(path) for path in row.namespace]
    group, kind = GroupKind.parse(row.end)
    properties = {each.name: each.default for each in row.properties} or NO_PROPERTIES

    def found(start: Start, _row: EdgeRow) -> Iterator[Found | str]:
        for match in (match for path in paths for match in _matches(path, start.object)):
            field = _written(match)
            named = match.obj if type(match.obj) is str else name.value(start, match)
            if type(match.obj) not in (str, dict):
                yield f"{field} is {match.obj!r:.{_SHOWN}} where a name or an object with one was expected"
                continue
            if named is None or named == "":
                continue
            if not is_name(named):
                yield f"{field} names {named!r:.{_SHOWN}}, which can be no name"
                continue
            namespace = next((said for each in namespaces if (said := text(each.value(start, match)))), "")
            if end := start.end(group, kind, namespace, named):
                yield Found(end, field, row.optional is True, row.inferred, "", properties)

    return found


class _Relative:
    """A path that begins at a reference (`.name`) or at the object (`$.spec.name`)."""

    def __init__(self, written: str) -> None:
        self._at_object = written.strip("{ ").startswith(ROOT)
        self._path = _compiled(normalised(written))

    def value(self, start: Start, reference: JSONPathMatch) -> Any:
        found = _matches(self._path, start.object if self._at_object else reference.obj)
        return next((match.obj for match in found), None)


def _compiled(path: str) -> JSONPath:
    try:
        compiled = _ENVIRONMENT.compile(path)
    except (JSONPathError, RecursionError) as error:
        raise ValueError(str(error).partition("\n")[0]) from error
    assert isinstance(compiled, JSONPath)  # only the library's own additions give anything else
    return compiled


def _matches(path: JSONPath, value: Any) -> Iterator[JSONPathMatch]:
    """What a path finds; nothing more where the library gives up, such as in what is nested too deeply for `..`."""
    if type(value) not in (dict, list):
        return
    try:
        yield from path.finditer(value)
    except (JSONPathError, RecursionError):
        return


def _written(match: JSONPathMatch) -> str:
    """Where a match stands, as edges say it: `spec.databases[0].secret`."""
    steps = tuple(EACH if isinstance(part, int) else str(part) for part in match.parts)
    return write(steps, [part for part in match.parts if isinstance(part, int)])
