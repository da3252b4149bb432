"""What a record depends on: never less than what its answer could change with."""

from typing import Any

import pytest

from kgraph import cypher
from kgraph.api.reading.dependencies import MARKS_MOST, RULES, marks_of
from kgraph.api.reading.touches import ANYTHING, places

POD, NODE = "prod/core/Pod/shop/web", "prod/core/Node/_/n1"
ROW = ["h", POD, False, "v1", "u", None, [], None, None, None, None, False]
# Statements whose parameters name nodes by handles that say nothing of their keys.
TOLD: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "read/walk": ({"key": None, "seen": ["h1"]}, {"found": []}),
    "read/walk_seen": ({"key": None, "seen": ["h1"]}, {"found": [], "root": None}),
    "read/related": ({"list": [{"handle": "h1", "via": None}]}, {"nodes": []}),
    "read/relations": ({"list": [{"handle": "h1"}]}, {"relations": []}),
}


def test_every_rule_is_of_a_statement() -> None:
    """A rule for a statement that is gone is a mistake."""
    assert set(RULES) <= set(cypher.statements("read"))


@pytest.mark.parametrize("name", RULES)
def test_nothing_that_reads_the_time_is_kept(name: str) -> None:
    """What depends on when it was asked has no rule, nor has what reads nodes that nobody says to have touched."""
    code = [line for line in cypher.statement(name).splitlines() if not line.startswith("//")]
    for word in ("datetime(", "timestamp(", "duration", "rand(", "queryNodes", ":Usage", ":Deleted", ":SyncedKind"):
        assert word not in "\n".join(code)


@pytest.mark.parametrize("name", TOLD)
def test_what_is_told_by_handles_alone_is_not_kept(name: str) -> None:
    """Without the keys of the nodes that a statement starts from, nobody knows what it depends on."""
    given, record = TOLD[name]
    assert marks_of(name, {"of": given}, record, ()) is None
    kept = marks_of(name, {"of": given}, record, (NODE,))
    assert kept is not None
    assert f"~{NODE}" in kept


@pytest.mark.parametrize("name", ["read/facts", "read/manifests", "read/histories"])
def test_clusters_own_nodes_are_not_kept(name: str) -> None:
    """A cluster's node changes with each heartbeat, of which nobody is told."""
    assert marks_of(name, {"of": {"places": [["h", POD], ["i", "cluster:prod"]]}}, {}, ()) is None
    assert marks_of(name, {"of": {"places": [["h", POD]]}}, {}, ()) == (f"={POD}",)


def test_absence_is_depended_on_as_well() -> None:
    """What was not there ends the answer that says so by coming."""
    walked = marks_of("read/walk_from", {"walk": {"key": POD}}, {"root": None, "near": [], "far": []}, ())
    assert walked == (f"~{POD}",)
    assert marks_of("read/by_keys", {"of": {"keys": [POD]}}, {"nodes": []}, ()) == (f"~{POD}",)


def test_two_steps_depend_on_all_that_could_be_on_the_way() -> None:
    """A new ReplicaSet between a Deployment and Pods joins them, though no edge of either end says so."""
    given = {"list": [{"via": {"type": "OWNED_BY", "group": "apps", "kind": "ReplicaSet"}}]}
    marks = marks_of("read/related", {"of": given}, {"nodes": [ROW]}, ("prod/apps/Deployment/shop/web",))
    assert marks == ("~prod/apps/Deployment/shop/web", "~prod/apps/ReplicaSet/", f"={POD}")


def test_an_answer_of_too_much_depends_on_everything() -> None:
    """Thousands of marks are not looked up one by one."""
    keys = [f"prod/core/Pod/shop/{number}" for number in range(MARKS_MOST + 1)]
    assert marks_of("read/by_keys", {"of": {"keys": keys}}, {}, ()) == (ANYTHING,)


def test_a_key_touches_the_lists_that_it_is_in() -> None:
    """A list is of a cluster, of a kind in it, or of a kind in a namespace."""
    assert places(POD) == ["prod/", "prod/core/Pod/", "prod/core/Pod/shop/", POD]
    assert places("image:docker.io/library/nginx:1") == ["image:docker.io/library/nginx:1"]
