"""How `can-i` and `who-can` read their words and write their answers."""

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console

from kgraph.cli.answers.rbac import (
    COLUMNS,
    Access,
    Grant,
    Named,
    Rule,
    decision,
    print_grants,
    row,
    rule_words,
    split_name,
)
from kgraph.cli.answers.tables import print_table
from kgraph.cli.errors import BadConfiguration

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


OTHER = {**GRANT, "scope": "shop", "binding": {"kind": "RoleBinding", "name": "collectors", "namespace": "shop"}}


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, Callable[[], None]], list[str]]:
    """What is printed in a terminal of so many columns, line by line; no line is longer."""

    def lines_of(columns: int, printing: Callable[[], None]) -> list[str]:
        terminal = Console(file=io.StringIO(), width=columns, force_terminal=True, color_system=None, highlight=False)
        for module in ("rbac", "tables"):
            monkeypatch.setattr(f"kgraph.cli.answers.{module}.answers", lambda: terminal)
        with terminal.capture() as captured:
            printing()
        lines = [re.sub(r"\x1b\[\d*m", "", line).rstrip() for line in captured.get().splitlines()]
        assert all(len(line) <= columns for line in lines)
        return lines

    return lines_of


def test_grants_are_a_table_where_there_is_room(shown: Callable[[int, Callable[[], None]], list[str]]) -> None:
    """In a wide terminal each grant is a line, in columns."""
    head, first, second = shown(160, lambda: print_grants([GRANT, OTHER]))
    assert head.split() == list(COLUMNS)
    assert first.split()[1:4] == ["kube-system/generic-garbage-collector", "whole", "cluster"]
    assert second.endswith("collectors")


def test_grants_are_two_lines_each_in_a_narrow_terminal(shown: Callable[[int, Callable[[], None]], list[str]]) -> None:
    """Where a table would fold every name, who has the access stands above what gives it."""
    assert shown(60, lambda: print_grants([GRANT, OTHER])) == [
        "ServiceAccount kube-system/generic-garbage-collector",
        "  ClusterRole system:controller:generic-garbage-collector",
        "ServiceAccount kube-system/generic-garbage-collector",
        "  ClusterRole system:controller:generic-garbage-collector in",
        "  shop, by collectors",
    ]


def test_a_name_that_is_too_long_for_its_column_is_folded_and_never_cut(
    shown: Callable[[int, Callable[[], None]], list[str]],
) -> None:
    """In a table of any command every letter of every name is there."""
    lines = shown(30, lambda: print_table(("NAME", "NOTE"), [["generic-garbage-collector", "two words"]], more=False))
    width = lines[0].index("NOTE")
    assert "".join(line[:width].strip() for line in lines) == "NAMEgeneric-garbage-collector"


def test_a_binding_is_left_out_where_it_is_called_as_its_role_is() -> None:
    """Most of Kubernetes' own are, and would fill the terminal with the same name twice."""
    assert row(GRANT)[1:] == ["whole cluster", "ClusterRole system:controller:generic-garbage-collector", ""]
