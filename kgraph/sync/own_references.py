"""References of custom kinds by the paths that their users write (`kgraph.kube.jsonpath`)."""

from collections.abc import Iterator
from typing import Any

from jsonpath import JSONPathMatch

from kgraph.graphdb.edges.row import EdgeRow
from kgraph.graphdb.model import GroupKind
from kgraph.kube.jsonpath import ROOT, compiled, matches, normalised
from kgraph.sync.paths import EACH, write
from kgraph.sync.queries import NO_PROPERTIES
from kgraph.sync.references import Find, Found
from kgraph.sync.start import Start, is_name, text

_SHOWN = 80


def find_of(row: EdgeRow) -> Find:
    """What finds the references of a row whose paths are JSONPath.

    `at` finds a text, which is the name, or an object, in which `name` finds it. `name` and `namespace` that begin
    with `.` start at what `at` finds, and with `$` at the object.
    """
    paths = [compiled(path) for path in row.at]
    name = _Relative(row.name)
    namespaces = [_Relative(path) for path in row.namespace]
    group, kind = GroupKind.parse(row.end)
    properties = {each.name: each.default for each in row.properties} or NO_PROPERTIES

    def found(start: Start, _row: EdgeRow) -> Iterator[Found | str]:
        for match in (match for path in paths for match in matches(path, start.object)):
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
        self._path = compiled(normalised(written))

    def value(self, start: Start, reference: JSONPathMatch) -> Any:
        found = matches(self._path, start.object if self._at_object else reference.obj)
        return next((match.obj for match in found), None)


def _written(match: JSONPathMatch) -> str:
    """Where a match stands, as edges say it: `spec.databases[0].secret`."""
    steps = tuple(EACH if isinstance(part, int) else str(part) for part in match.parts)
    return write(steps, [part for part in match.parts if isinstance(part, int)])
