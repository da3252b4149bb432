"""The program with the ServiceAccount, the rights, the variables and the file system that the chart gives it.

Which rights it uses is heard by an authorizer that the apiserver asks before RBAC (`tests/authorizer.py`).
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from typing import Any, NamedTuple

import httpx
import neo4j
import pytest

from kgraph.graphdb.schema import prepare
from kgraph.graphdb.store import Store
from kgraph.stack.kubernetes import ControlPlane
from kgraph.stack.kubernetes_setting import ControlPlaneOptions
from kgraph.stack.neo4j import DATABASE
from kgraph.stack.progress import silent
from tests.authorizer import Authorizer, Question
from tests.chart import NAME, NAMESPACE, Chart, Objects
from tests.conftest import EMPTY_DATABASE
from tests.integration.sync.live import Api
from tests.pod import Container, account_token, can_isolate
from tests.servers import TEST_USERS, Graph
from tests.workers import cluster_settings, graph_settings, in_step, until

pytestmark = [
    pytest.mark.neo4j,
    pytest.mark.kubernetes,
    pytest.mark.skipif(not can_isolate(), reason="no user namespaces: a Pod's file system cannot be made here"),
]

RBAC = "/apis/rbac.authorization.k8s.io/v1"
SHOWN = '{ resources(filter: {kinds: ["configmaps"], clusters: ["local"]}) { edges { node { namespace name } } } }'
APPLY = """mutation ($manifest: JSON!) { applyResource(cluster: "local", manifest: $manifest) { key } }"""
SCALE = """mutation { scaleDeployment(cluster: "local", namespace: "shop", name: "web", replicas: 2) { key } }"""


class Deployed(NamedTuple):
    """The program at work on what the chart has made."""

    plane: ControlPlane
    objects: Objects
    worker: Container
    api: Container
    http: httpx.AsyncClient
    heard: set[Question]
    tokens: dict[str, str]

    async def ask(self, user: str, query: str, **variables: Any) -> Any:
        """The data of an answer to a user."""
        body = {"query": query, "variables": variables}
        answer = (await self.http.post("/graphql", json=body, headers=self.login(user))).json()
        assert "errors" not in answer, f"{answer['errors']}\n{self.api.said()}"
        return answer["data"]

    def login(self, user: str) -> dict[str, str]:
        """The header by which the API knows a user."""
        return {"authorization": f"Bearer {self.tokens[user]}"}


@pytest.fixture(scope="module")
async def heard_control_plane(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[ControlPlane, Authorizer]]:
    """An apiserver that tells what our ServiceAccount asks for."""
    folder = tmp_path_factory.mktemp("heard")
    async with Authorizer.run(folder, f"system:serviceaccount:{NAMESPACE}:{NAME}") as authorizer:
        options = ControlPlaneOptions(minimal=True, users=TEST_USERS, authorization=authorizer.configuration)
        async with ControlPlane.start(folder / "plane", options, report=silent) as plane:
            await _populate(plane)
            yield plane, authorizer


async def _populate(plane: ControlPlane) -> None:
    """A shop that alice may work in, and a vault that she may not look into."""
    async with Api(plane) as api:
        for namespace in ("shop", "vault", NAMESPACE):
            await api.make("/api/v1/namespaces", metadata={"name": namespace})
        for namespace in ("shop", "vault"):
            await api.make(f"/api/v1/namespaces/{namespace}/configmaps", metadata={"name": "settings"})
            await api.make(f"/api/v1/namespaces/{namespace}/secrets", metadata={"name": "key"}, stringData={"a": "b"})
        await api.make(
            "/api/v1/namespaces/shop/resourcequotas", metadata={"name": "all"}, spec={"hard": {"pods": "50"}}
        )
        containers = [{"name": "web", "image": "web:1"}]
        await api.make("/api/v1/nodes", metadata={"name": "node"})
        await api.make("/api/v1/namespaces/shop/serviceaccounts", metadata={"name": "viewer"})
        await api.make(
            "/api/v1/namespaces/shop/pods",
            metadata={"name": "web"},
            spec={"containers": containers, "serviceAccountName": "viewer", "nodeName": "node"},
        )
        template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": containers}}
        await api.make(
            "/apis/apps/v1/namespaces/shop/deployments",
            metadata={"name": "web"},
            spec={"selector": {"matchLabels": {"app": "web"}}, "template": template},
        )
        verbs = ["get", "list", "create", "patch"]
        rules = [
            {"apiGroups": [""], "resources": ["configmaps", "pods", "pods/log"], "verbs": verbs},
            {"apiGroups": ["apps"], "resources": ["deployments", "deployments/scale"], "verbs": verbs},
        ]
        await api.make(f"{RBAC}/namespaces/shop/roles", metadata={"name": "works"}, rules=rules)
        group = "rbac.authorization.k8s.io"
        await api.make(
            f"{RBAC}/namespaces/shop/rolebindings",
            metadata={"name": "works"},
            roleRef={"apiGroup": group, "kind": "Role", "name": "works"},
            subjects=[
                {"kind": "User", "apiGroup": group, "name": "alice"},
                {"kind": "ServiceAccount", "namespace": "shop", "name": "viewer"},
            ],
        )


@pytest.fixture(scope="module", params=[False, True], ids=["reads", "mutations"])
async def deployed(
    request: pytest.FixtureRequest,
    heard_control_plane: tuple[ControlPlane, Authorizer],
    session_driver: neo4j.AsyncDriver,
    neo4j_server: Graph,
    chart: Chart,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Deployed]:
    """A worker and the API in step with the cluster, with mutations and without."""
    plane, authorizer = heard_control_plane
    authorizer.heard.clear()
    async with session_driver.session(database=DATABASE) as session:
        await (await session.run(EMPTY_DATABASE)).consume()
    values = {
        "neo4j": {"uri": neo4j_server.bolt_uri, "user": neo4j_server.user, "existingSecret": "neo4j"},
        "enableMutations": request.param,
        # Users of a token file are for the apiserver alone.
        "authentication": {"tokenReview": {"audiences": ["kgraph", "https://kubernetes.default.svc"]}},
    }
    await plane.kubectl(
        "apply", "--server-side", "--force-conflicts", "-f", "-", stdin=await chart.text(values, "--skip-tests")
    )
    objects = await chart.objects(values)
    secrets = {"NEO4J_PASSWORD": neo4j_server.password}
    folder = tmp_path_factory.mktemp("deployed")
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(Store.open(graph_settings(neo4j_server)))
        await prepare(store)
        worker, api = [
            await stack.enter_async_context(
                Container.run(objects, component, plane, secrets, folder / f"{component}.log")
            )
            for component in ("worker", "api")
        ]
        http = await stack.enter_async_context(
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{api.port}", trust_env=False, timeout=60)
        )

        async def ready() -> bool:
            assert api.is_running, api.said()
            assert worker.is_running, worker.said()
            try:
                return (await http.get("/health/ready")).status_code == 200
            except httpx.TransportError:
                return False

        await until(ready, "the API is ready")
        try:
            await in_step(store, cluster_settings(plane, "local"))
        except AssertionError as error:
            raise AssertionError(f"{error}\n{worker.said()}") from None
        tokens = {
            "alice": plane.token_of("alice"),
            "viewer": await account_token(plane, "shop", "viewer", "kgraph", pod="web"),
        }
        yield Deployed(plane, objects, worker, api, http, authorizer.heard, tokens)


@pytest.fixture
async def used(deployed: Deployed) -> set[Question]:
    """What the ServiceAccount has asked the apiserver for when the program has done all that it does."""
    mutations = deployed.objects.configuration["enable_mutations"]
    for user in ("alice", "viewer"):
        await deployed.ask(user, SHOWN)
        await deployed.http.get("/api/v1/clusters/local/namespaces/shop/pods/web/logs", headers=deployed.login(user))
        if mutations:
            manifest = {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"namespace": "shop", "name": f"by-{user}"},
            }
            await deployed.ask(user, APPLY, manifest=manifest)
            await deployed.ask(user, SCALE)
    return {
        question for question in deployed.heard if not question.verb.startswith(("impersonate:", "impersonate-on:"))
    }


async def test_callers_see_what_kubernetes_lets_them_see(deployed: Deployed) -> None:
    """TokenReview says who a user and a service account are, and SubjectAccessReview keeps the vault from both."""
    for user in ("alice", "viewer"):
        edges = (await deployed.ask(user, SHOWN))["resources"]["edges"]
        assert {edge["node"]["namespace"] for edge in edges} == {"shop"}
    nobody = await deployed.http.post("/graphql", json={"query": SHOWN})
    assert nobody.status_code == 401


async def test_every_right_that_is_used_is_given(deployed: Deployed, used: set[Question]) -> None:
    """RBAC allows everything that the program asks the cluster for, the impersonation of each caller included."""
    assert used
    refused = []
    for question in sorted(used):
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {
                "user": f"system:serviceaccount:{NAMESPACE}:{NAME}",
                "groups": ["system:serviceaccounts", f"system:serviceaccounts:{NAMESPACE}", "system:authenticated"],
                **question.attributes(),
            },
        }
        path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
        answer = await deployed.plane.request("POST", path, review)
        if not answer["status"]["allowed"]:
            refused.append(question)
    assert refused == []


async def test_every_right_that_is_given_is_used(deployed: Deployed, used: set[Question]) -> None:
    """Each verb on each resource of the ClusterRole is one that the program asks for."""
    rights = set(_rights(deployed.objects.one("ClusterRole")["rules"]))
    asked = {question.of_rule for question in used}
    unused = {right for right in rights if not any(_covers(right, each) for each in asked)}
    assert unused == set()


async def test_no_right_to_write_is_given(deployed: Deployed) -> None:
    """With mutations too, the ServiceAccount may change nothing: it creates reviews, which are stored nowhere."""
    rights = set(_rights(deployed.objects.one("ClusterRole")["rules"]))
    writes = {right for right in rights if right[2] not in {"get", "list", "watch", "impersonate"}}
    assert writes == {
        ("authentication.k8s.io", "tokenreviews", "create"),
        ("authorization.k8s.io", "subjectaccessreviews", "create"),
    }
    assert any(right[2] == "get" for right in rights) is deployed.objects.configuration["enable_mutations"]


async def test_a_read_only_root_is_enough(deployed: Deployed, used: set[Question]) -> None:
    """Both processes have done their work with nothing to write to but an empty /tmp."""
    for container in (deployed.worker, deployed.api):
        assert container.is_running, container.said()
        mounts = container.mounts()
        assert "ro" in mounts["/"]
        assert "rw" in mounts["/tmp"]


def _rights(rules: list[dict[str, Any]]) -> Iterator[tuple[str, str, str]]:
    for rule in rules:
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                for verb in rule["verbs"]:
                    yield group, resource, verb


def _covers(right: tuple[str, str, str], asked: tuple[str, str, str]) -> bool:
    """Whether a right is what allows a question: not a wider one that would do as well."""
    for given, wanted in zip(right, asked, strict=True):
        prefix = given.removesuffix("*")
        if given != wanted and not (given.endswith("*") and wanted.startswith(prefix)):
            return False
    return True
