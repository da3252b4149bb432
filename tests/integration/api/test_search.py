"""`search` over the little shop: what is found by words and filters, in which order, and what is refused."""

from typing import Any

import pytest

from tests.client import Client

pytestmark = pytest.mark.neo4j

SEARCH = """query ($text: String!, $first: Int, $clusters: [String!]) {
  search(text: $text, first: $first, clusters: $clusters) { matchedOn resource { key name kind } } }"""

WEB_PODS = [f"core/Pod/shop/web-1-{at}" for at in (1, 2, 3)]
API_POD = "core/Pod/shop/api-1-1"


async def found(api: Client, text: str, **more: Any) -> list[str]:
    """The keys that a text finds, in order, the cluster left out."""
    data = await api.ask(SEARCH, text=text, **{"first": 100, **more})
    return [one["resource"]["key"].removeprefix("prod/") for one in data["search"]]


async def test_ranks_are_exact_names_then_beginnings_then_the_rest(api: Client) -> None:
    """Exact names, then beginnings, of each the short names first, then by key; labels and annotations come last."""
    data = await api.ask(SEARCH, text="web", first=100)
    hits = [(one["resource"]["name"], one["matchedOn"]) for one in data["search"]]
    assert hits[:5] == [("web", "NAME")] * 5
    assert [name for name, _ in hits[5:10]] == ["web-1", "web-x", "web-1-1", "web-1-2", "web-1-3"]
    assert hits[10] == ("sh.helm.release.v1.web.v1", "NAME")
    exact = [one["resource"]["key"] for one in data["search"][:5]]
    assert exact == sorted(exact)
    assert await found(api, "web", first=3) == [key.removeprefix("prod/") for key in exact[:3]]


@pytest.mark.parametrize(
    ("text", "matched"),
    [
        pytest.param("nginx kind:image", {"IMAGE"}, id="image"),
        pytest.param("nginx kind:pod", {"IMAGE"}, id="pods-by-image"),
        pytest.param("tier=front", {"LABEL"}, id="label"),
        pytest.param("kind:node", {"FILTER"}, id="filter-alone"),
    ],
)
async def test_a_hit_says_what_matched(api: Client, text: str, matched: set[str]) -> None:
    """Whether a hit is by name, image, label, or by the filters alone."""
    data = await api.ask(SEARCH, text=text)
    assert {one["matchedOn"] for one in data["search"]} == matched


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("kind:pod ns:shop image:nginx health:progressing", [API_POD], id="as-in-the-guide"),
        pytest.param("kind:po l:app=web", WEB_PODS, id="short-name-and-label"),
        pytest.param("kind:pods -l:app=web ns:shop", ["core/Pod/shop/bare", API_POD], id="not-label"),
        pytest.param("kind:pod label:app -name:web-*", [API_POD], id="label-of-any-value"),
        pytest.param("kind:pod namespace:kube-*", [f"core/Pod/kube-system/proxy-{at}" for at in (1, 2, 3)], id="glob"),
        pytest.param("kind:deploy,ds name:web,proxy",
                     ["apps/Deployment/shop/web", "apps/DaemonSet/kube-system/proxy"], id="either"),
        pytest.param('"web-1" 1-2', ["core/Pod/shop/web-1-2"], id="all-words"),
        pytest.param("web -pod kind:pod,deploy -1-1", ["apps/Deployment/shop/web", *WEB_PODS[1:]], id="not-word"),
        pytest.param("WEB kind:DEPLOYMENT", ["apps/Deployment/shop/web"], id="capitals"),
        pytest.param("left kind:role.rbac.authorization.k8s.io",
                     ["rbac.authorization.k8s.io/Role/shop/left-over"], id="kind-with-group"),
        pytest.param("cluster:prod kind:no name:node-1", ["core/Node/_/node-1"], id="cluster"),
        pytest.param("gone", [], id="what-is-not-there"),
    ],
)  # fmt: skip
async def test_filters_select(api: Client, text: str, expected: list[str]) -> None:
    """Filters are kubectl's words for kinds, values with `*`, lists for either, and `-` for not."""
    assert await found(api, text) == expected


@pytest.mark.parametrize(
    "text",
    ['"a\\" OR *:*"', '"a*b?c"', '"(x) AND [y TO z]"', '"ab\\\\"', '"/re.*/"', '"x y"', "OR", "name:^~", "l:a=[b"],
)
async def test_signs_mean_themselves(api: Client, text: str) -> None:
    """Signs that mean something to the index mean themselves here."""
    assert await found(api, text) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("web color:red", "there is no filter 'color'; filters: kind:, ns:, namespace:", id="key"),
        pytest.param("health:sick", "healthy, suspended, progressing", id="health"),
        pytest.param("kind:deploymnt", "deployments.apps", id="kind"),
        pytest.param("kind:img,image", "kind:img", id="unknown-kind-beside-a-known"),
        pytest.param("cluster:moon", "clusters: prod", id="cluster"),
        pytest.param("x", "at least 2 characters", id="short"),
        pytest.param("-kind:pod", "asks for nothing", id="only-not"),
        pytest.param("ns:", "write ns:value", id="empty"),
        pytest.param('"web', "quote is not closed", id="quote"),
    ],
)
async def test_bad_searches_are_refused_with_what_there_is(api: Client, text: str, words: str) -> None:
    """A filter or a value that is not understood is BAD_USER_INPUT, with what could be meant."""
    error = await api.refused(SEARCH, text=text)
    assert error["code"] == "BAD_USER_INPUT"
    assert words in error["message"]


async def test_clusters_bound_a_search(api: Client) -> None:
    """Clusters as an argument bound the search; an unknown one is NOT_FOUND."""
    assert len(await found(api, "web", clusters=["prod"])) == len(await found(api, "web"))
    assert (await api.refused(SEARCH, text="web", clusters=["moon"]))["code"] == "NOT_FOUND"
