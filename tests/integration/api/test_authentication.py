"""Callers of the API who are known by a real cluster's tokens, by an issuer's, or not at all."""

import asyncio
import io
import json
import logging
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
import neo4j
import pytest
import pytest_asyncio
import structlog

from kgraph.api.callers import token_reviews
from kgraph.api.settings import IssuerSettings, TokenReviewSettings
from kgraph.graphdb.store import Store
from kgraph.kube.reviews import token_review
from kgraph.kube.settings import AuthMethod, ClusterSettings
from kgraph.stack.kubernetes import ControlPlane
from kgraph.stack.kubernetes_setting import ControlPlaneOptions
from kgraph.stack.progress import silent
from tests.client import http_client
from tests.integration.api.graphs import opened_on
from tests.issuer import CLIENT, Issuer, signed_by, unsigned
from tests.servers import TEST_USERS, Graph
from tests.workers import cluster_settings, running, until

pytestmark = pytest.mark.kubernetes

HERE, OTHER = "here", "other"
AUDIENCE = "kgraph"
ACCOUNTS = "/api/v1/namespaces/team-a/serviceaccounts"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
SEEN = """query Seen($clusters: [String!]) {
  resources(filter: {clusters: $clusters, kinds: ["configmaps"]}) { totalCount nodes { namespace name } }
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def plane(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ControlPlane]:
    """An apiserver with two teams, of which the user alice and the account `viewer` see the first.

    Carol, an auditor, may be alice and `viewer`, and may be in the group `developers`.
    """
    options = ControlPlaneOptions(minimal=True, users=TEST_USERS)
    async with ControlPlane.start(tmp_path_factory.mktemp("authentication"), options, report=silent) as started:
        for team in ("team-a", "team-b"):
            await started.request("POST", "/api/v1/namespaces", {"metadata": {"name": team}})
            settings = {"metadata": {"name": f"of-{team}"}}
            await started.request("POST", f"/api/v1/namespaces/{team}/configmaps", settings)
        await started.request("POST", ACCOUNTS, {"metadata": {"name": "viewer"}})
        rule = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list"]}
        await role(started, "team-a", "viewers", [rule], user("alice"), user(f"{issuer_name}:jane"), account("viewer"))
        may_be = [
            {"apiGroups": [""], "resources": ["users"], "verbs": ["impersonate"], "resourceNames": ["alice"]},
            {"apiGroups": [""], "resources": ["groups"], "verbs": ["impersonate"], "resourceNames": ["developers"]},
        ]
        await role(started, "", "may-be-alice", may_be, user("carol"))
        may_be = [{"apiGroups": [""], "resources": ["serviceaccounts"], "verbs": ["impersonate"]}]
        await role(started, "team-a", "may-be-accounts", may_be, user("carol"))
        yield started


issuer_name = "sso"


def user(name: str) -> dict[str, str]:
    """A user as a binding's subject."""
    return {"kind": "User", "name": name, "apiGroup": "rbac.authorization.k8s.io"}


def account(name: str) -> dict[str, str]:
    """A service account of the first team as a binding's subject."""
    return {"kind": "ServiceAccount", "name": name, "namespace": "team-a"}


async def role(plane: ControlPlane, namespace: str, name: str, rules: list[Any], *subjects: Mapping[str, str]) -> None:
    """A role with its binding; without a namespace it holds everywhere."""
    kind, path = (
        ("Role", f"{RBAC}/namespaces/{namespace}/roles") if namespace else ("ClusterRole", f"{RBAC}/clusterroles")
    )
    await plane.request("POST", path, {"metadata": {"name": name}, "rules": rules})
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name}
    binding = {"metadata": {"name": name}, "roleRef": reference, "subjects": list(subjects)}
    await plane.request("POST", path.replace("roles", "rolebindings"), binding)


async def account_token(plane: ControlPlane, *audiences: str, name: str = "viewer") -> str:
    """A token of a service account, by TokenRequest."""
    request = {"spec": {"expirationSeconds": 600, "audiences": list(audiences)}}
    found: str = (await plane.request("POST", f"{ACCOUNTS}/{name}/token", request))["status"]["token"]
    return found


class NoGraph:
    """A store that is not asked: the questions here are about who asks."""


def asked(
    plane: ControlPlane, store: Store | None = None, audiences: tuple[str, ...] = (), **more: Any
) -> AbstractAsyncContextManager[httpx.AsyncClient]:
    """A client of an API that asks the cluster who callers are."""
    given: Any = store or NoGraph()
    reviews = (TokenReviewSettings(HERE, audiences),)
    return http_client(given, [cluster_settings(plane, HERE)], **({"token_reviews": reviews} | more))


def both(plane: ControlPlane, graph: Store) -> AbstractAsyncContextManager[httpx.AsyncClient]:
    """A client of an API over two clusters, of which the other one says who callers are."""
    clusters = [cluster_settings(plane, HERE), cluster_settings(plane, OTHER)]
    return http_client(graph, clusters, token_reviews=(TokenReviewSettings(OTHER),))


def one_away(plane: ControlPlane, issuer: Issuer) -> AbstractAsyncContextManager[httpx.AsyncClient]:
    """A client of an API that asks an issuer and two clusters, of which one does not answer."""
    away = ClusterSettings(
        id="away",
        auth_method=AuthMethod.TOKEN,
        api_server_url="https://127.0.0.1:1",
        service_account_token="x",
        timeout=1,
    )
    given: Any = NoGraph()
    return http_client(
        given,
        [away, cluster_settings(plane, HERE)],
        token_reviews=(TokenReviewSettings("away"), TokenReviewSettings(HERE)),
        issuers=(IssuerSettings(issuer_url=issuer.url, audiences=(CLIENT,), ca_file=str(issuer.ca_file)),),
    )


async def post(http: httpx.AsyncClient, token: str, query: str = "{ __typename }", **more: Any) -> httpx.Response:
    """A question with a token; `more` are variables, and headers in `headers`."""
    headers = list(more.pop("headers", [])) + ([("Authorization", f"Bearer {token}")] if token else [])
    return await http.post("/graphql", json={"query": query, "variables": more}, headers=headers)


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """The status and the code of an answer in GraphQL's shape that has no data."""
    (error,) = answer.json()["errors"]
    assert "data" not in answer.json()
    return answer.status_code, error["extensions"]["code"]


async def test_without_a_token_nobody_asks_anything(plane: ControlPlane) -> None:
    """401 says that a bearer token is wanted, in GraphQL's shape; the page where one can be put is open."""
    async with asked(plane) as http:
        answer = await post(http, "")
        assert refusal(answer) == (401, "UNAUTHENTICATED")
        assert answer.headers["www-authenticate"] == "Bearer"
        for wrong in ("Basic amFuZTpwdw==", "Bearer", "Bearer  ", "bearer \tx\x7f"):
            assert refusal(await post(http, "", headers=[("Authorization", wrong)])) == (401, "UNAUTHENTICATED")
        assert refusal(await post(http, "a.wrong.token")) == (401, "UNAUTHENTICATED")
        assert refusal(await post(http, "x" * 40_000)) == (401, "UNAUTHENTICATED")
        twice = [("Authorization", "Bearer a"), ("Authorization", f"Bearer {plane.token_of('alice')}")]
        assert refusal(await post(http, "", headers=twice)) == (400, "BAD_USER_INPUT")
        assert (await http.get("/graphql", headers={"Accept": "text/html"})).status_code == 200


async def test_probes_need_no_token_and_learn_nothing(plane: ControlPlane, graph: Store) -> None:
    """A kubelet asks by the Pod's address; it hears whether the graph answers, and no cluster's name."""
    async with asked(plane, graph) as http:
        answer = await http.get("/health/ready", headers={"Host": "10.1.2.3:8080"})
        assert answer.json() == {"ready": True, "message": "the graph answers", "clusters": []}
        assert (await http.get("/health/live", headers={"Host": "kgraph.example.com"})).status_code == 421


async def test_a_cluster_says_who_has_a_token(plane: ControlPlane) -> None:
    """Users and service accounts of the cluster are let in, and a token for another audience is not."""
    async with asked(plane) as http:
        assert (await post(http, plane.token_of("alice"))).json() == {"data": {"__typename": "Query"}}
        assert (await post(http, await account_token(plane))).status_code == 200
        assert refusal(await post(http, await account_token(plane, AUDIENCE))) == (401, "UNAUTHENTICATED")
    async with asked(plane, audiences=(AUDIENCE,)) as http:
        assert (await post(http, await account_token(plane, AUDIENCE))).status_code == 200
        assert refusal(await post(http, await account_token(plane))) == (401, "UNAUTHENTICATED")


async def test_an_ended_token_lets_nobody_in(plane: ControlPlane) -> None:
    """A service account's token that the cluster has signed is refused once it has ended."""
    uid = (await plane.request("GET", f"{ACCOUNTS}/viewer"))["metadata"]["uid"]
    key = plane._setting.signing_key

    async def signed(ends: float) -> str:
        claims = {
            "iss": "https://kubernetes.default.svc", "aud": ["https://kubernetes.default.svc"],
            "sub": "system:serviceaccount:team-a:viewer", "iat": int(ends) - 900, "nbf": int(ends) - 900,
            "exp": int(ends),
            "kubernetes.io": {"namespace": "team-a", "serviceaccount": {"name": "viewer", "uid": uid}},
        }  # fmt: skip
        return await signed_by(key, {"alg": "RS256"}, claims)

    async with asked(plane) as http:
        assert (await post(http, await signed(time.time() + 300))).status_code == 200
        assert refusal(await post(http, await signed(time.time() - 60))) == (401, "UNAUTHENTICATED")


async def test_a_deleted_account_is_forgotten(plane: ControlPlane, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tokens of an account end with it, as soon as the cluster knows of it."""
    monkeypatch.setattr(token_reviews, "KEPT_SECONDS", 0.0)
    await plane.request("POST", ACCOUNTS, {"metadata": {"name": "passing"}})
    token = await account_token(plane, name="passing")
    async with asked(plane) as http:
        assert (await post(http, token)).status_code == 200
        await plane.request("DELETE", f"{ACCOUNTS}/passing")

        async def is_refused() -> bool:
            return (await post(http, token)).status_code == 401

        await until(is_refused, "the account is forgotten", 60)


async def test_a_token_is_reviewed_once_by_many_requests(plane: ControlPlane, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifty requests at once with one token are one TokenReview."""
    reviewed: list[object] = []
    review = token_review

    async def counted(*given: Any) -> Any:
        reviewed.append(given)
        return await review(*given)

    monkeypatch.setattr(token_reviews, "token_review", counted)
    async with asked(plane) as http:
        answers = await asyncio.gather(*(post(http, plane.token_of("bob")) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {200}
    assert len(reviewed) == 1


async def test_several_know_callers_and_one_that_is_away_keeps_out_only_its_own(
    plane: ControlPlane, issuer: Issuer
) -> None:
    """A cluster that does not answer costs nobody else their login; its own callers hear that it is not their fault."""
    async with one_away(plane, issuer) as http:
        assert (await post(http, plane.token_of("alice"))).status_code == 200
        assert (await post(http, await issuer.token())).status_code == 200
        answer = await post(http, "unknown")
        assert refusal(answer) == (503, "CLUSTER_UNAVAILABLE")
        assert answer.headers["retry-after"]
        assert "away" not in answer.text
        assert "127.0.0.1" not in answer.text
        assert refusal(await post(http, await issuer.token(aud="other"))) == (401, "UNAUTHENTICATED")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def graph(plane: ControlPlane, session_driver: neo4j.AsyncDriver, neo4j_server: Graph) -> AsyncIterator[Store]:
    """The cluster in a graph, twice: under a name of its own, and as another one that has all the same names."""
    async with (
        opened_on(session_driver, neo4j_server, [], []) as store,
        running(store, cluster_settings(plane, HERE)),
        running(store, cluster_settings(plane, OTHER)),
    ):
        yield store


async def seen(http: httpx.AsyncClient, token: str, *headers: tuple[str, str], cluster: str = HERE) -> Any:
    """The ConfigMaps that a caller sees, or the code of their error."""
    answer = (await post(http, token, SEEN, clusters=[cluster], headers=headers)).json()
    if answer.get("errors"):
        return answer["errors"][0]["extensions"]["code"]
    found = answer["data"]["resources"]
    assert found["totalCount"] == len(found["nodes"])
    return {f"{node['namespace']}/{node['name']}" for node in found["nodes"]}


async def test_callers_see_by_whichever_way_they_are_known(plane: ControlPlane, issuer: Issuer, graph: Store) -> None:
    """A user's token, an account's, and an issuer's all lead to what the cluster lets these names see, no further."""
    trusted = IssuerSettings(
        issuer_url=issuer.url, audiences=(CLIENT,), ca_file=str(issuer.ca_file), username_prefix=f"{issuer_name}:"
    )
    async with asked(plane, graph, issuers=(trusted,)) as http:
        for token in (plane.token_of("alice"), await account_token(plane), await issuer.token()):
            assert await seen(http, token) == {"team-a/of-team-a"}
        assert await seen(http, plane.token_of("bob")) == set()
        everything = await seen(http, plane.admin_token)
        assert {"team-a/of-team-a", "team-b/of-team-b"} <= everything


async def test_an_account_is_nobody_in_another_cluster(plane: ControlPlane, graph: Store) -> None:
    """A service account, and Kubernetes' own groups, mean nothing in a cluster that has not said them; users do."""
    async with both(plane, graph) as http:
        assert await seen(http, await account_token(plane)) == set()
        assert await seen(http, plane.token_of("alice")) == {"team-a/of-team-a"}
        assert await seen(http, plane.admin_token) == set(), "system:masters is of the other cluster"


AS_ALICE = ("Impersonate-User", "alice")


async def test_who_may_be_somebody_sees_what_they_see(plane: ControlPlane, graph: Store) -> None:
    """Impersonation that the cluster allows shows what the other sees; an account brings its groups along."""
    carol = plane.token_of("carol")
    async with asked(plane, graph) as http:
        assert await seen(http, carol) == set()
        assert await seen(http, carol, AS_ALICE) == {"team-a/of-team-a"}
        assert await seen(http, carol, AS_ALICE, ("Impersonate-Group", "developers")) == {"team-a/of-team-a"}
        viewer = ("Impersonate-User", "system:serviceaccount:team-a:viewer")
        assert await seen(http, carol, viewer) == {"team-a/of-team-a"}


@pytest.mark.parametrize(
    ("who", "headers"),
    [
        ("alice", [("Impersonate-User", "carol")]),
        ("carol", [("Impersonate-User", "bob")]),
        ("carol", [AS_ALICE, ("Impersonate-Group", "system:masters")]),
        ("carol", [AS_ALICE, ("Impersonate-Group", "developers"), ("Impersonate-Group", "auditors")]),
        ("carol", [AS_ALICE, ("Impersonate-Uid", "1")]),
        ("carol", [AS_ALICE, ("Impersonate-Extra-Scopes", "view")]),
        ("carol", [("Impersonate-User", "system:serviceaccount:team-b:default")]),
    ],
)
async def test_who_may_not_be_somebody_is_refused(
    plane: ControlPlane, graph: Store, who: str, headers: list[tuple[str, str]]
) -> None:
    """User, each group, uid and each extra value is asked for by itself; one that is not allowed refuses it all."""
    async with asked(plane, graph) as http:
        answer = await post(http, plane.token_of(who), SEEN, clusters=[HERE], headers=headers)
        (error,) = answer.json()["errors"]
        assert error["extensions"]["code"] == "FORBIDDEN"
        assert f"cluster {HERE} does not let {who} impersonate" in error["message"]
        assert not answer.json()["data"]


async def test_impersonation_is_asked_of_the_cluster_that_is_asked_about(plane: ControlPlane, graph: Store) -> None:
    """Who may be somebody where they are known may not be them where they are nobody."""
    account_may = [{"apiGroups": [""], "resources": ["users"], "verbs": ["impersonate"]}]
    await role(plane, "", "accounts-may-be-anybody", account_may, account("viewer"))
    async with both(plane, graph) as http:
        token = await account_token(plane)
        assert await seen(http, token, AS_ALICE, cluster=OTHER) == {"team-a/of-team-a"}
        assert await seen(http, token, AS_ALICE) == "FORBIDDEN"


@pytest.mark.parametrize(
    "headers",
    [
        [("Impersonate-Group", "developers")],
        [("Impersonate-Uid", "1")],
        [("Impersonate-Extra-Scopes", "view")],
        [("Impersonate-User", "")],
        [AS_ALICE, ("Impersonate-User", "bob")],
        [AS_ALICE, ("Impersonate-Everything", "yes")],
        [AS_ALICE, ("Impersonate-Extra-", "view")],
        [("Impersonate-User", b"\xff\xfe")],
    ],
)
async def test_impersonation_that_makes_no_sense_is_refused(plane: ControlPlane, headers: list[Any]) -> None:
    """Headers that cannot be meant are an error, never left out."""
    async with asked(plane) as http:
        assert refusal(await post(http, plane.token_of("carol"), headers=headers)) == (400, "BAD_USER_INPUT")


async def test_impersonation_that_nobody_can_check_is_refused(plane: ControlPlane) -> None:
    """Without authentication, or where reads are not limited, whoever asks to be somebody else is told so."""
    async with asked(plane, token_reviews=()) as http:
        assert (await post(http, "")).status_code == 200
        assert refusal(await post(http, "", headers=[AS_ALICE])) == (403, "FORBIDDEN")
    async with asked(plane, rbac=False) as http:
        assert refusal(await post(http, plane.token_of("carol"), headers=[AS_ALICE])) == (403, "FORBIDDEN")


async def test_tokens_are_nowhere_but_in_the_request(
    plane: ControlPlane, issuer: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever becomes of a request, its token is in no answer, no log line, and nothing that can be printed."""
    said = io.StringIO()
    tokens = [
        plane.token_of("alice"), await issuer.token(), await issuer.token(aud="other"), await issuer.token(exp=1),
        "a.wrong.token-that-nobody-knows", f"{unsigned({'alg': 'none'}, {'iss': issuer.url})}.c2lnbmF0dXJl",
    ]  # fmt: skip
    before = structlog.get_config()
    structlog.configure(
        processors=[structlog.processors.JSONRenderer()], logger_factory=structlog.PrintLoggerFactory(said)
    )
    caplog.set_level(logging.DEBUG)
    try:
        async with one_away(plane, issuer) as http:
            for token in tokens:
                for query in ("{ __typename }", "{ clusters { id } }", "{ nonsense"):
                    answer = await post(http, token, query, headers=[AS_ALICE])
                    said.write(answer.text + json.dumps(dict(answer.headers)))
    finally:
        structlog.configure(**before)
    everything = said.getvalue() + caplog.text
    assert "a cluster cannot be asked who a caller is" in everything
    for token in tokens:
        for part in token.split("."):
            assert len(part) < 6 or part not in everything
