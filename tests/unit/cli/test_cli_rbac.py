"""How `can-i` and `who-can` read their words and write their answers."""

import io
from typing import Any

import pytest
from rich.console import Console

from kgraph.cli.errors import BadConfiguration
from kgraph.cli.rbac import COLUMNS, Access, Grant, Named, Rule, decision, row, rule_words, split_name
from kgraph.cli.tables import print_table

GRANT: dict[str, Any] = {
    "subject": {"kind": "ServiceAccount", "name": "generic-garbage-collector", "namespace": "kube-system"},
    "binding": {"kind": "ClusterRoleBinding", "name": "system:controller:generic-garbage-collector", "namespace": None},
    "role": {"kind": "ClusterRole", "name": "system:controller:generic-garbage-collector", "namespace": None},
    "rule": {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"], "resourceNames": [], "nonResourceURLs": []},
    "aggregatedFrom": None,
    "scope": None,
}


@pytest.mark.parametrize(
    ("resource_type", "name", "expected"),
    [
        ("pods", "", ("pods", "")),
        ("pods", "web", ("pods", "web")),
        ("pods/web", "", ("pods", "web")),
        ("/metrics", "", ("/metrics", "")),
        ("/logs/*", "", ("/logs/*", "")),
    ],
)
def test_a_name_stands_behind_a_type_or_a_slash(resource_type: str, name: str, expected: tuple[str, str]) -> None:
    """`pods web` and `pods/web` are the same; a path is a path."""
    assert split_name(resource_type, name) == expected


def test_two_names_are_refused() -> None:
    """`pods/log web` is meant as a subresource, and the refusal says how that is written."""
    with pytest.raises(BadConfiguration, match="--subresource"):
        split_name("pods/log", "web")


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Rule(("get", "list"), ("", "apps"), ("pods", "deployments")), "get, list on pods, deployments in core, apps"),
        (Rule(("*",), ("*",), ("*",)), "* on * in any group"),
        (Rule(("get",), ("",), ("secrets",), ("a",)), "get on secrets in core, named a"),
        (Rule(("get",), non_resource_urls=("/metrics",)), "get on /metrics"),
        (Rule(("get",), ("",), tuple("abcdefgh")), "get on a, b, c, d, e, f and 2 more in core"),
    ],
)
def test_a_rule_fits_a_line(rule: Rule, expected: str) -> None:
    """A rule is told in words, and what is too long is counted."""
    assert rule_words(rule) == expected


def test_a_decision_is_a_word_a_reason_and_a_rule() -> None:
    """The first line is yes or no, as kubectl says it; the rule is there where something allows it."""
    grant = Grant(
        subject=Named("Group", "devs"),
        binding=Named("RoleBinding", "devs", "shop"),
        role=Named("ClusterRole", "edit"),
        rule=Rule(("get",), ("",), ("pods",)),
        scope="shop",
    )
    said = decision(Access(allowed=True, reason="because", request="get pods in shop", grant=grant)).plain
    assert said.splitlines() == ["yes", "because", "rule: get on pods in core"]
    assert decision(Access(allowed=False, reason="because", request="get pods in shop")).plain == "no\nbecause"


def test_names_are_folded_in_a_narrow_terminal_and_never_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """In sixty columns no line is longer, and every letter of every name is there."""
    terminal = Console(file=io.StringIO(), width=60, force_terminal=True, color_system=None, highlight=False)
    monkeypatch.setattr("kgraph.cli.tables.answers", lambda: terminal)
    other = {**GRANT, "scope": "shop", "binding": {"kind": "RoleBinding", "name": "collectors", "namespace": "shop"}}
    with terminal.capture() as captured:
        print_table(COLUMNS, [row(GRANT), row(other)], more=False)
    lines = captured.get().splitlines()
    assert all(len(line) <= 60 for line in lines)
    assert "collectors" in lines[1 + len(lines) // 2]
    width = lines[0].index("SCOPE")
    assert "".join(line[:width].strip() for line in lines) == "SUBJECT" + 2 * (
        "ServiceAccountkube-system/generic-garbage-collector"
    )


def test_a_binding_is_left_out_where_it_is_called_as_its_role_is() -> None:
    """Most of Kubernetes' own are, and would fill the terminal with the same name twice."""
    assert row(GRANT)[1:] == ["whole cluster", "ClusterRole system:controller:generic-garbage-collector", ""]
