"""The reference of kinds, edges, health and errors, written from the tables and the classes themselves."""

from collections.abc import Iterator, Mapping
from itertools import groupby

from kgraph.api.errors import ApiError
from kgraph.cli.errors import CliError
from kgraph.cli.reference.markdown import cell
from kgraph.graphdb.catalogue import is_builtin
from kgraph.graphdb.edges import EDGE_ROWS
from kgraph.graphdb.edges.row import CLUSTER, CUSTOM, HOST, IMAGE, PODS, RELEASE, SUBJECT, TEMPLATES, EdgeRow
from kgraph.graphdb.errors import GraphError
from kgraph.graphdb.health import HEALTH_ROWS, HealthRow
from kgraph.graphdb.health.cluster import WITHOUT_HEALTH
from kgraph.graphdb.health.kstatus import ROW as KSTATUS
from kgraph.graphdb.kinds import CUSTOM_KINDS, KINDS, NOISE_EVERYWHERE
from kgraph.graphdb.model import GroupKind
from kgraph.groups import GROUPS_OF_OLD
from kgraph.kube.errors import KubeError
from kgraph.stack.errors import StackError

_KINDS_HEAD = """\
# Kinds

<!-- Written by `make docs` from kgraph/graphdb/kinds. -->

Every kind that a cluster lists and lets watch becomes nodes, custom ones included; these are the kinds of which more
is known. A node's second label is its kind (`:Pod`), for a kind that is not Kubernetes' own with its group
(`` :`Certificate.cert-manager.io` ``). *Properties* are filled besides those that every resource has (see
[the graph](../graph.md)); *noise* are the paths whose change alone writes nothing.
"""

_EDGES_HEAD = """\
# Edges

<!-- Written by `make docs` from kgraph/graphdb/edges. -->

Every edge points from the dependent to what it depends on. *Deleted* and *fails* say what becomes of the start when
the end is deleted or fails: it is **deleted** with it, it is **broken**, it is **degraded** (it loses one of several,
and is broken when it has lost all), or nothing. An optional reference to something missing means nothing.
`pods` are Pods and all kinds that make Pods of a template; `templates` are these without Pods themselves.
"""

_HEALTH_HEAD = """\
# Health

<!-- Written by `make docs` from kgraph/graphdb/health. -->

How each kind's objects say how they are, in Argo CD's terms. The checks are asked in turn; the first that answers
decides, and *else* is what is left. Where it says *Argo CD*, its answers are given, but for what the last column says
and what holds for all:

- deletion comes first, for every kind: PROGRESSING, with the finalizers that are waited for;
- a status that cannot be read is UNKNOWN, and says where;
- kinds without a row have no health, and nor have those of Kubernetes at the end of this page;
- other custom kinds are read as kstatus reads them, if their status has conditions.

From the best to the worst, which is the order of a roll-up: HEALTHY, SUSPENDED, PROGRESSING, MISSING, DEGRADED,
UNKNOWN.
"""

_ERRORS_HEAD = """\
# Errors

<!-- Written by `make docs` from the classes themselves. -->

Every error says what was attempted, on which cluster and resource, and what can be done about it. The command
`kgraph` prints it as one paragraph; GraphQL gives it in `errors[].message` with a code in `extensions.code`.
"""

_EFFECTS: Mapping[str, str] = {"cascade": "deleted", "breaks": "broken", "degrades": "degraded", "nothing": ""}
_ENDS: Mapping[str, str] = {
    "*": "any kind",
    CUSTOM: "custom kinds",
    PODS: "pods",
    TEMPLATES: "templates",
    CLUSTER: "the cluster",
    IMAGE: "Image",
    HOST: "Host",
    SUBJECT: "Subject",
    RELEASE: "HelmRelease",
}


def kinds_page() -> str:
    """The page of the kinds table."""
    parts = [_KINDS_HEAD]
    rows = sorted((*KINDS, *CUSTOM_KINDS), key=lambda row: (row.group, row.kind))
    for group, kinds in groupby(rows, key=lambda row: row.group):
        parts += [f"## {group or 'core'}", "", "| kind | names | scope | properties | noise |", "|---|---|---|---|---|"]
        for kind in kinds:
            names = ", ".join(f"`{name}`" for name in (kind.plural, *kind.short_names))
            scope = "namespace" if kind.namespaced else "cluster"
            properties = ", ".join(f"`{name}`" for name in kind.promote)
            noise = ", ".join(f"`{path}`" for path in kind.noise)
            parts.append(f"| {kind.kind} | {names} | {scope} | {cell(properties)} | {cell(noise)} |")
        parts.append("")
    parts += ["## Noise of every kind", "", ", ".join(f"`{path}`" for path in NOISE_EVERYWHERE), ""]
    parts += ["## Groups of old", "", "| served as | is |", "|---|---|"]
    parts += [
        f"| {kind}.{old} | {kind}{'.' + today if today else ''} |"
        for (old, kind), today in sorted(GROUPS_OF_OLD.items())
    ]
    return "\n".join([*parts, ""])


def edges_page() -> str:
    """The page of the edge table."""
    parts = [_EDGES_HEAD]
    rows = sorted(EDGE_ROWS, key=lambda row: row.type)
    for type_, same in groupby(rows, key=lambda row: row.type):
        parts += [
            f"## {type_}",
            "",
            "| start | end | where it is written | edge properties | deleted | fails | |",
            "|---|---|---|---|---|---|---|",
        ]
        parts += [_edge(row) for row in same]
        parts.append("")
    return "\n".join(parts)


def health_page() -> str:
    """The page of the health table."""
    parts = [_HEALTH_HEAD]
    rows = sorted((*HEALTH_ROWS, KSTATUS), key=lambda row: (row is KSTATUS, row.group))
    for group, same in groupby(rows, key=lambda row: "custom kinds without a row" if row is KSTATUS else row.group):
        parts += [f"## {group or 'core'}", "", "| kinds | checks, in turn | else | | |", "|---|---|---|---|---|"]
        parts += [_health(row) for row in same]
        parts.append("")
    silent = ", ".join(str(GroupKind(*kind)) for kind in sorted(WITHOUT_HEALTH))
    return "\n".join([*parts, "## Kinds of Kubernetes that say nothing of how they are", "", silent, ""])


def errors_page() -> str:
    """The page of all errors: GraphQL's codes first, then each package's tree."""
    parts = [_ERRORS_HEAD, "## GraphQL codes", "", "| code | when |", "|---|---|"]
    codes: dict[str, str] = {}
    for error in _tree(ApiError):
        codes.setdefault(getattr(error, "code", ""), _first_sentence(error))
    codes["INTERNAL"] = "Something failed that is not the caller's doing; the log has it under the answer's trace id."
    codes.setdefault("TIMEOUT", "A statement took longer than it may.")
    parts += [f"| `{code}` | {cell(meaning)} |" for code, meaning in sorted(codes.items())]
    for heading, root in (
        ("A cluster's API", KubeError),
        ("The graph", GraphError),
        ("Servers that the program starts", StackError),
        ("The command", CliError),
    ):
        parts += ["", f"## {heading}", "", "| error | when |", "|---|---|"]
        parts += [f"| `{error.__name__}` | {cell(_first_sentence(error))} |" for error in _tree(root)]
    return "\n".join([*parts, ""])


PAGES = {"kinds.md": kinds_page, "edges.md": edges_page, "health.md": health_page, "errors.md": errors_page}


def _health(row: HealthRow) -> str:
    checks = "; ".join(check.words for check in row.checks)
    left = f"{row.otherwise}" if row.otherwise else "no health"
    cells = ("all" if row is KSTATUS else ", ".join(row.kinds), checks, left, "Argo CD" if row.argo else "", row.doc)
    return "| " + " | ".join(cell(text) for text in cells) + " |"


def _edge(row: EdgeRow) -> str:
    start = ", ".join(_ENDS.get(kind, _kind(kind)) for kind in row.start)
    if row.at:
        where = ", ".join(f"`{path}`" for path in row.at)
    elif row.convention:
        where = f"`{row.convention}` in the schema"
    elif row.selects:
        where = f"`{row.selects.at}` selects"
    else:
        where = (row.find or row.follow).replace("_", " ")
    names = [each.name for each in row.properties] + ["granted"] * row.granted
    properties = ", ".join(f"`{name}`" for name in names)
    follows = " *Follows both ends.*" if row.selects or row.follow else ""
    cells = (
        start,
        _ENDS.get(row.end, _kind(row.end)),
        where,
        properties,
        _EFFECTS[row.on_delete],
        _EFFECTS[row.on_failure],
        row.doc + follows,
    )
    return "| " + " | ".join(cell(text) for text in cells) + " |"


def _kind(written: str) -> str:
    kind, _, group = written.partition(".")
    return kind if is_builtin(group) else written


def _tree(root: type[Exception]) -> Iterator[type[Exception]]:
    yield root
    for below in root.__subclasses__():
        yield from _tree(below)


def _first_sentence(error: type[Exception]) -> str:
    text = " ".join((error.__doc__ or "").split())
    return text.partition(". ")[0].rstrip(".") + "."
