"""The configuration's `tenants`: what they become, and what a mistake is told."""

import re
from pathlib import Path

import pytest

from kgraph.api.callers.tenants import Tenant
from kgraph.cli.configuration.reading import load
from kgraph.cli.configuration.tenants import check_tenants_clusters
from kgraph.cli.errors import BadConfiguration
from kgraph.cli.services import api_settings
from kgraph.kube.settings import AuthMethod, ClusterSettings

KNOWN = "authentication: {token_review: [{cluster: prod}]}"
ONE = "name: shop, groups: [shop-devs], namespaces: {prod: [shop, 'shop-*']}"


def test_tenants_reach_the_api() -> None:
    """Every key ends in the API's settings, from the file and from the variable."""
    expected = Tenant(
        name="shop", groups=("shop-devs",), users=("ann",), namespaces={"prod": ("shop", "shop-*"), "7": ("*",)}
    )
    written = "[{name: shop, groups: [shop-devs], users: ann, namespaces: {prod: 'shop, shop-*', 7: ['*']}}]"
    assert api_settings(load(f"{KNOWN}\ntenants: {written}", {})).tenants == (expected,)
    assert api_settings(load(KNOWN, {"TENANTS": written})).tenants == (expected,)
    assert api_settings(load(KNOWN, {})).tenants == ()


NAMESPACES = "tenants[0].namespaces is"
MISTAKES = {
    "no name": ("[{groups: [a], namespaces: {prod: [a]}}]", "tenants[0].name is missing"),
    "nobody": ("[{name: a, groups: [], namespaces: {prod: [a]}}]", "tenants[0] (a) has nobody: give groups or users"),
    "no namespaces": ("[{name: a, users: [a]}]", "tenants[0].namespaces is missing"),
    "no clusters": ("[{name: a, users: [a], namespaces: [shop]}]", f"{NAMESPACES} [shop]; allowed is clusters' ids"),
    "none of a cluster": ("[{name: a, users: [a], namespaces: {prod: []}}]", "; prod has none"),
    "no list": ("[{name: a, users: [a], namespaces: {prod: {shop: true}}}]", "; prod has none"),
    "no id": ("[{name: a, users: [a], namespaces: {'prod/x': [shop]}}]", "'prod/x' is no cluster's id"),
    "no namespace": ("[{name: a, users: [a], namespaces: {prod: [Shop]}}]", "'Shop' of prod is neither a namespace"),
    "another pattern": ("[{name: a, users: [a], namespaces: {prod: ['s?']}}]", "'s?' of prod is neither a namespace"),
    "misspelt": ("[{name: a, group: [a]}]", "there is no setting tenants[0].group; did you mean groups?"),
    "twice": (f"[{{{ONE}}}, {{{ONE}}}]", "tenants[1] is called shop, as tenants[0] is"),
}


@pytest.mark.parametrize(("text", "words"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_at_the_start(tmp_path: Path, text: str, words: str) -> None:
    """Whatever cannot be meant names the file and the place, before somebody sees more than they should."""
    file = tmp_path / "clusters.yaml"
    file.write_text(f"{KNOWN}\ntenants: {text}\n")
    with pytest.raises(BadConfiguration, match=re.escape(words)) as mistake:
        load(str(file), {})
    assert str(file) in str(mistake.value)


@pytest.mark.parametrize(
    ("others", "words"),
    [("", "nobody knows who asks: give authentication"), (f"{KNOWN}\nenable_rbac: false", "is off")],
)
def test_tenants_that_would_narrow_nobody_are_an_error(others: str, words: str) -> None:
    """A setting is never taken and then without effect."""
    with pytest.raises(BadConfiguration, match=words):
        load(f"{others}\ntenants: [{{{ONE}}}]", {})


def test_a_cluster_that_there_is_not_is_told_at_the_start() -> None:
    """A misspelt id would hide all of its cluster; where clusters are added at run time it may be a later one's."""
    clusters = [ClusterSettings(id="prod", auth_method=AuthMethod.TOKEN)]
    tenant = Tenant(name="shop", users=("ann",), namespaces={"prod": ("a",), "prdo": ("a",)})
    check_tenants_clusters([tenant], clusters, registry=True)
    with pytest.raises(BadConfiguration, match="tenant shop has namespaces of 'prdo', which is none of the clusters"):
        check_tenants_clusters([tenant], clusters, registry=False)
