"""Answers in a narrow terminal."""

import io

import msgspec
from rich.console import Console, RenderableType

from kgraph.cli.answers.impact_tree import impact_tree
from kgraph.cli.answers.path_tree import path_lines
from kgraph.cli.answers.queries import Affected, Arc, ImpactAnswer, Item, Omission, Part, PathAnswer, Rollup
from kgraph.cli.answers.trees import graph_tree

COLUMNS = 60


def item(kind: str, name: str, *, namespace: str | None = "shop", missing: bool = False) -> Item:
    """A node of the cluster c."""
    return Item(f"c/core/{kind}/{namespace or '_'}/{name}", kind, name, "", namespace, "c", missing)


WEB, POD, CONFIG, GONE = item("Deployment", "web"), item("Pod", "web-1"), item("ConfigMap", "web"), item("Secret", "x")
NODE = item("Node", "n", namespace=None)


def shown(what: RenderableType) -> list[str]:
    """The lines in a terminal of 60 columns; none is longer."""
    out = io.StringIO()
    Console(file=out, width=COLUMNS, highlight=False, emoji=False, markup=False).print(what)
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    assert all(len(line) <= COLUMNS for line in lines)
    return lines


def test_a_graph_shows_both_ways() -> None:
    """Dependencies and dependents stand in branches of their own, with the edges' types and what is not there."""
    missing = item("Secret", "x", missing=True)
    other = item("Service", "db", namespace="data")
    needs = Part(
        root=WEB,
        nodes=(WEB, CONFIG, missing, other),
        edges=(
            Arc("USES_CONFIGMAP", WEB.key, CONFIG.key, optional=True),
            Arc("USES_SECRET", WEB.key, missing.key),
            Arc("CALLS", WEB.key, other.key),
        ),
    )
    needed_by = Part(root=WEB, nodes=(WEB, POD), edges=(Arc("OWNED_BY", POD.key, WEB.key),), truncated=True)
    assert shown(graph_tree(WEB, needs, needed_by)) == [
        "Deployment shop/web in c",
        "├── needs",
        "│   ├── Service data/db  CALLS",
        "│   ├── ConfigMap web  USES_CONFIGMAP optional",
        "│   └── Secret x  not there  USES_SECRET",
        "└── needed by",
        "    ├── Pod web-1  OWNED_BY",
        "    └── … there is more: raise --limit, or ask for less",
        "        --depth",
    ]


def test_a_graph_says_what_is_not_well_and_why() -> None:
    """Trouble is a word beside the name and a reason below it; the root's is the roll-up's."""
    rollup = Rollup("DEGRADED", "2 of 3 replicas ready: ImagePullBackOff on web-1 (nginx:1.99)")
    web = msgspec.structs.replace(WEB, health="PROGRESSING", health_reason="2 of 3 replicas available", rollup=rollup)
    bad = msgspec.structs.replace(POD, health="DEGRADED", health_reason="ImagePullBackOff (nginx:1.99)")
    node = msgspec.structs.replace(NODE, health="SUSPENDED", health_reason="cordoned")
    good = msgspec.structs.replace(CONFIG, health="HEALTHY")
    gone = msgspec.structs.replace(GONE, missing=True, health="MISSING")
    arcs = (
        Arc("OWNED_BY", bad.key, web.key),
        Arc("RUNS_ON", bad.key, node.key),
        Arc("USES_CONFIGMAP", web.key, good.key),
        Arc("USES_SECRET", web.key, gone.key),
    )
    needs = Part(root=web, nodes=(web, good, gone), edges=arcs)
    needed_by = Part(root=web, nodes=(web, bad), edges=arcs)
    assert shown(graph_tree(web, needs, needed_by)) == [
        "Deployment shop/web in c  DEGRADED",
        "├── 2 of 3 replicas ready: ImagePullBackOff on web-1",
        "│   (nginx:1.99)",
        "├── needs",
        "│   ├── ConfigMap web  USES_CONFIGMAP",
        "│   └── Secret x  not there  USES_SECRET",
        "└── needed by",
        "    └── Pod web-1  DEGRADED  OWNED_BY",
        "        └── ImagePullBackOff (nginx:1.99)",
    ]
    assert shown(graph_tree(node, Part(root=node, nodes=(node,), edges=()), None)) == [
        "Node n in c  SUSPENDED",
        "├── cordoned",
        "└── needs",
        "    └── nothing",
    ]


def test_impact_marks_who_suffers_already() -> None:
    """Whoever is not well before the change is not the change's doing alone."""
    affected = (
        Affected(POD, "DELETED", (Arc("OWNED_BY", POD.key, WEB.key),), before="DEGRADED"),
        Affected(CONFIG, "BROKEN", (Arc("OWNED_BY", CONFIG.key, WEB.key),), before="HEALTHY"),
    )
    root = msgspec.structs.replace(WEB, health="PROGRESSING")
    answer = ImpactAnswer(root, "DELETE", affected, deleted=1, broken=1, degraded=0, truncated=False, complete=True)
    assert shown(impact_tree(answer)) == [
        "When Deployment shop/web in c is deleted",
        "├── DELETED 1",
        "│   └── Pod web-1  already DEGRADED  OWNED_BY",
        "└── BROKEN 1",
        "    └── ConfigMap web  OWNED_BY",
    ]


def test_what_is_met_again_is_not_opened_again() -> None:
    """A node that two lead to is opened below the nearer one; a circle ends."""
    part = Part(
        root=WEB,
        nodes=(WEB, POD, NODE, CONFIG),
        edges=(
            Arc("A", WEB.key, POD.key),
            Arc("B", WEB.key, CONFIG.key),
            Arc("C", POD.key, CONFIG.key),
            Arc("D", CONFIG.key, NODE.key),
            Arc("E", NODE.key, WEB.key),
        ),
        omitted=(Omission(NODE.key, "RUNS_ON", "IN", 112),),
    )
    assert shown(graph_tree(WEB, part, None)) == [
        "Deployment shop/web in c",
        "└── needs",
        "    ├── Pod web-1  A",
        "    │   └── ConfigMap web  C ↑",
        "    └── ConfigMap web  B",
        "        └── Node n  D",
        "            └── … 112 by RUNS_ON, not followed",
    ]


def test_events_are_counted() -> None:
    """Events, of which there are many and whose names say nothing, are a number."""
    events = tuple(item("Event", f"web.{number}") for number in range(3))
    part = Part(root=WEB, nodes=(WEB, *events), edges=tuple(Arc("REGARDS", event.key, WEB.key) for event in events))
    assert shown(graph_tree(WEB, None, part)) == ["Deployment shop/web in c", "└── needed by", "    └── 3 events"]


def test_impact_says_how_bad_how_many_are_left_and_why() -> None:
    """The worst comes first; what is left of how many is said, and the chain where it is longer than an edge."""
    service = item("Service", "web")
    answer = ImpactAnswer(
        root=CONFIG,
        change="DELETE",
        affected=(
            Affected(POD, "BROKEN", (Arc("USES_CONFIGMAP", POD.key, CONFIG.key),)),
            Affected(
                service,
                "DEGRADED",
                (Arc("USES_CONFIGMAP", POD.key, CONFIG.key), Arc("SELECTS", service.key, POD.key)),
                left=2,
                of=3,
            ),
        ),
        deleted=0,
        broken=1,
        degraded=4,
        truncated=True,
        complete=True,
    )
    assert shown(impact_tree(answer)) == [
        "When ConfigMap shop/web in c is deleted",
        "├── BROKEN 1",
        "│   └── Pod web-1  USES_CONFIGMAP",
        "└── DEGRADED 4",
        "    ├── Service web  2 of 3 left",
        "    │   └── ← USES_CONFIGMAP Pod/web-1 ← SELECTS",
        "    └── … 3 more: raise --limit",
    ]


def test_impact_on_nothing_says_so() -> None:
    """A resource that nothing hangs on is told apart from an empty answer."""
    answer = ImpactAnswer(GONE, "FAIL", (), 0, 0, 0, truncated=False, complete=True)
    assert shown(impact_tree(answer)) == ["When Secret shop/x in c fails", "└── nothing else is affected"]


def test_a_path_shows_which_way_each_edge_points() -> None:
    """An arrow to the right leads to what is depended on, whichever way the path runs."""
    answer = PathAnswer(
        nodes=(CONFIG, POD, NODE),
        edges=(Arc("USES_CONFIGMAP", POD.key, CONFIG.key), Arc("RUNS_ON", POD.key, NODE.key)),
        direction="BOTH",
    )
    assert shown(path_lines(answer)) == [
        "ConfigMap shop/web in c",
        "  ← USES_CONFIGMAP Pod web-1",
        "  → RUNS_ON Node n",
        "connected, though neither depends on the other",
    ]
