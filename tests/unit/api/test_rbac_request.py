"""What the words of a question of access mean."""

import pytest

from kgraph.api.errors import BadUserInput
from kgraph.api.rbac_request import Words, identity_of, request_of
from kgraph.graphdb.catalogue import Catalogue
from kgraph.graphdb.kinds import Kind
from kgraph.kube.rbac import Request

CATALOGUE = Catalogue(
    [
        Kind(group="example.com", kind="Widget", plural="widgets", singular="widget", short_names=("wi",)),
        Kind(group="a.com", kind="Thing", plural="things", namespaced=False),
        Kind(group="b.com", kind="Thing", plural="things", namespaced=False),
    ]
)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param(Words("get", "po", "log", "web", "shop"),
                     Request("get", "", "pods", "log", "web", "shop"), id="short"),
        pytest.param(Words("get", "Deployment"), Request("get", "apps", "deployments"), id="kind"),
        pytest.param(Words("get", "deployments.v1.apps"), Request("get", "apps", "deployments"), id="with its version"),
        pytest.param(Words("get", "wi", "", "", "shop"), Request("get", "example.com", "widgets", namespace="shop"),
                     id="custom"),
        pytest.param(Words("get", "things.b.com"), Request("get", "b.com", "things"), id="one of two"),
        pytest.param(Words("get", "events.events.k8s.io"), Request("get", "events.k8s.io", "events"),
                     id="group as asked"),
        pytest.param(Words("get", "events"), Request("get", "", "events"), id="group of today"),
        pytest.param(Words("*", "*"), Request("*", "*", "*"), id="everything"),
        pytest.param(Words("*", "*.apps", "", "", "shop"), Request("*", "apps", "*", namespace="shop"),
                     id="of a group"),
        pytest.param(Words("get", "/metrics"), Request("get", path="/metrics"), id="path"),
        pytest.param(Words("impersonate", "users", "", "jane"), Request("impersonate", "", "users", name="jane"),
                     id="what is never listed"),
        pytest.param(Words("create", "tokenreviews"), Request("create", "authentication.k8s.io", "tokenreviews"),
                     id="with its group"),
        pytest.param(Words("get", "namespaces", "", "shop"),
                     Request("get", "", "namespaces", name="shop", namespace="shop"), id="a namespace is in itself"),
        pytest.param(Words("get", "namespaces", "", "shop", "shop"),
                     Request("get", "", "namespaces", name="shop", namespace="shop"), id="and may be said to be"),
    ],
)  # fmt: skip
def test_words_mean_a_request(words: Words, expected: Request) -> None:
    """Types are kubectl's words; the request has the plural, the group and the namespace that the apiserver sees."""
    meant = request_of(CATALOGUE, words, "prod")
    assert meant.request == expected
    assert meant.remarks == ()


@pytest.mark.parametrize(
    ("words", "expected", "remark"),
    [
        (Words("get", "nodes", "", "", "shop"), Request("get", "", "nodes"), "nodes have no namespace, so that shop"),
        (Words("get", "namespaces", "", "", "shop"), Request("get", "", "namespaces"), "namespaces have no namespace"),
        (
            Words("get", "pods.metrics.k8s.io", "", "", "shop"),
            Request("get", "metrics.k8s.io", "pods", namespace="shop"),
            "no resource type pods.metrics.k8s.io that the graph knows",
        ),
    ],
)
def test_words_that_are_taken_otherwise_are_remarked(words: Words, expected: Request, remark: str) -> None:
    """A namespace that means nothing, and a type that the graph does not know, are told with the answer."""
    meant = request_of(CATALOGUE, words, "prod")
    assert meant.request == expected
    assert remark in meant.remarks[0]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param(Words("", "pods"), "verb is empty", id="no verb"),
        pytest.param(Words("get", "pods/log"), "write pods, and log as subresource", id="part in the type"),
        pytest.param(Words("get", "/metrics", "", "web"), "neither a name", id="named path"),
        pytest.param(Words("get", "pood"), "did you mean pods", id="typo"),
        pytest.param(Words("get", "things"), "things.a.com, things.b.com", id="ambiguous"),
    ],
)
def test_words_that_cannot_be_understood_are_refused(words: Words, expected: str) -> None:
    """The refusal says which word it is, and what may be written."""
    with pytest.raises(BadUserInput, match=expected):
        request_of(CATALOGUE, words, "prod")


@pytest.mark.parametrize(
    ("account", "namespace"),
    [("shop/web", ""), ("web", "shop"), ("system:serviceaccount:shop:web", ""), ("shop/web", "other")],
)
def test_an_account_may_be_named_in_several_ways(account: str, namespace: str) -> None:
    """With its namespace, in the namespace that is asked about, or as the user that it is."""
    assert identity_of("", (), account, namespace).user == "system:serviceaccount:shop:web"


@pytest.mark.parametrize(
    ("user", "groups", "account", "expected"),
    [
        ("", (), "", "who?"),
        ("jane", (), "shop/web", "name none beside it"),
        ("", ("devs",), "shop/web", "name none beside it"),
        ("", (), "web", "namespace/name"),
        ("", (), "a/b/c", "namespace/name"),
        ("", (), "shop/", "namespace/name"),
        ("", (), "/web", "namespace/name"),
    ],
)
def test_nobody_or_two_at_once_are_refused(user: str, groups: tuple[str, ...], account: str, expected: str) -> None:
    """One who asks must be named, and only one."""
    with pytest.raises(BadUserInput, match=expected):
        identity_of(user, groups, account, "")
