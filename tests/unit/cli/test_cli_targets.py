"""Resources as kubectl names them."""

import pytest

from kgraph.cli.answers.targets import Target, parse_target, parse_targets
from kgraph.cli.errors import BadConfiguration


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("deploy/web", [("deploy", "web")]),
        ("deployment web", [("deployment", "web")]),
        ("deployments.apps/web", [("deployments.apps", "web")]),
        ("deploy/web svc/cart", [("deploy", "web"), ("svc", "cart")]),
        ("pods a b", [("pods", "a"), ("pods", "b")]),
        ("pods", [("pods", "")]),
    ],
)
def test_kubectls_ways_are_understood(words: str, expected: list[tuple[str, str]]) -> None:
    """Every way in which kubectl takes resources names the same ones here."""
    assert parse_targets(words.split()) == tuple(Target(*each) for each in expected)


@pytest.mark.parametrize("words", ["", "deploy/web pods", "deploy/", "/web", "a/b/c", "pods,svc x"])
def test_what_kubectl_refuses_is_refused_with_an_example(words: str) -> None:
    """What names no resource is answered with how to name one."""
    with pytest.raises(BadConfiguration, match=r"deploy/web|kind name|one kind"):
        parse_targets(words.split())


def test_a_single_resource_needs_its_name() -> None:
    """Where one resource is wanted, a kind alone does not do."""
    assert parse_target("deploy/web") == Target("deploy", "web")
    with pytest.raises(BadConfiguration, match="kind/name"):
        parse_target("deploy")
