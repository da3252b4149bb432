"""Changes over REST through a real apiserver: what is done, what is answered, what is refused, and why."""

import base64
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import pytest

from kgraph.graphdb.store import Store
from kgraph.kube.sealing import VARIABLE
from tests.client import asking
from tests.integration.api.changing import CLUSTER, Changing
from tests.servers import Cluster
from tests.workers import cluster_settings, running

pytestmark = [pytest.mark.neo4j, pytest.mark.kubernetes]

CONTAINER = {"name": "c", "image": "nginx:1"}
LABELS = {"app": "web"}
SPECS: Mapping[str, Mapping[str, Any]] = {
    "pods": {"containers": [CONTAINER]},
    "deployments": {
        "replicas": 1,
        "selector": {"matchLabels": LABELS},
        "template": {"metadata": {"labels": LABELS}, "spec": {"containers": [CONTAINER]}},
    },
    "services": {"selector": LABELS, "ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}]},
}
GROUPS = {"deployments": "apps"}
EVERYTHING = "get list create update patch delete"


class Rest:
    """REST's paths of one namespace, as a user asks them; the administrator unless told."""

    def __init__(self, changing: Changing) -> None:
        self.changing = changing
        self.root = f"/api/v1/clusters/{CLUSTER}/namespaces/{changing.namespace}"

    async def __call__(self, method: str, path: str, by: str = "admin", **given: Any) -> httpx.Response:
        return await self.changing.by(by).send(method, f"{self.root}/{path}", **given)

    async def there(self, plural: str, name: str = "web") -> dict[str, Any] | None:
        """The object as the apiserver has it."""
        return await self.changing.api.get(self.changing.path(plural, name, GROUPS.get(plural, "")))


def new(plural: str, name: str = "web", **metadata: Any) -> dict[str, Any]:
    """What is sent to make an object."""
    return {"metadata": {"name": name, **metadata}, "spec": SPECS[plural]}


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem document that an answer is."""
    found: dict[str, Any] = answer.json()
    assert (answer.status_code, found["status"], found["code"]) == (status, status, code), found
    assert answer.headers["content-type"] == "application/problem+json"
    return found


@pytest.fixture
async def rest(store: Store, control_plane: Cluster, namespace: str) -> AsyncIterator[Rest]:
    """An empty namespace; users are known, and have no rights yet."""
    async with Changing.over(store, control_plane, namespace) as changing:
        yield Rest(changing)


@pytest.mark.parametrize("plural", SPECS)
async def test_objects_live_and_end(rest: Rest, plural: str) -> None:
    """Each kind is made, replaced as a whole, and deleted; the answers are the apiserver's own objects."""
    made = await rest("POST", plural, json=new(plural, labels={"a": "b", "c": "d"}), params={"form": "object"})
    assert made.status_code == 201, made.text
    assert made.headers["location"] == f"{rest.root}/{plural}/web"
    there = await rest.there(plural)
    assert there is not None
    assert made.json()["metadata"]["uid"] == there["metadata"]["uid"]
    assert "managedFields" not in made.json()["metadata"]
    assert made.headers["etag"] == f'"{made.json()["metadata"]["resourceVersion"]}"'

    kept = {"kind": there["kind"], "apiVersion": there["apiVersion"], "spec": there["spec"]}
    body = {**kept, "metadata": {"name": "web", "labels": {"a": "z"}}}
    replaced = await rest("PUT", f"{plural}/web", json=body)
    assert replaced.status_code == 200, replaced.text
    assert replaced.json()["attributes"]["labels"] == {"a": "z"}
    assert replaced.json()["id"] == f"{CLUSTER}:{rest.changing.namespace}:web"
    there = await rest.there(plural)
    assert there is not None
    assert there["metadata"]["labels"] == {"a": "z"}

    gone = await rest("DELETE", f"{plural}/web", params={"gracePeriodSeconds": 0})
    assert (gone.status_code, gone.content) == (204, b"")
    assert await rest.there(plural) is None
    trail = [(entry["mutation"], entry["verb"], entry["outcome"]) for entry in await rest.changing.trail()]
    kind = made.json()["kind"]
    assert trail == [
        (f"create{kind}", "create", "SUCCEEDED"),
        (f"replace{kind}", "update", "SUCCEEDED"),
        (f"delete{kind}", "delete", "SUCCEEDED"),
    ]


async def test_what_is_not_gone_at_once_is_accepted(rest: Rest) -> None:
    """A deletion that has to wait for somebody is 202, with the object as it is until then."""
    body = new("services", finalizers=["example.com/hold"])
    assert (await rest("POST", "services", json=body)).status_code == 201
    accepted = await rest("DELETE", "services/web", params={"form": "object", "propagationPolicy": "Foreground"})
    assert accepted.status_code == 202, accepted.text
    assert accepted.json()["metadata"]["deletionTimestamp"]
    await rest.changing.api.merge(rest.changing.path("services", "web"), metadata={"finalizers": []})


async def test_namespaces_are_made_and_deleted(rest: Rest) -> None:
    """A Namespace has no namespace in its path; its deletion is accepted, for its contents go first."""
    root, name = f"/api/v1/clusters/{CLUSTER}/namespaces", f"{rest.changing.namespace}-more"
    admin = rest.changing.by("admin")
    made = await admin.send("POST", root, json={"metadata": {"name": name}})
    assert (made.status_code, made.headers["location"]) == (201, f"{root}/{name}")
    assert made.json()["type"] == "kubernetes.namespace"
    assert (await admin.send("DELETE", f"{root}/{name}")).status_code == 202


async def test_deployments_are_scaled_and_restarted(rest: Rest) -> None:
    """Scaling sets the replicas, restarting the annotation of kubectl; who may do these may do nothing else."""
    await rest.changing.allow(
        "alice", ("apps", "deployments/scale", "patch"), ("apps", "deployments", "get")
    )  # fmt: skip
    await rest("POST", "deployments", json=new("deployments"))
    scaled = await rest("PATCH", "deployments/web/scale", "alice", json={"replicas": 3}, params={"form": "object"})
    assert (scaled.status_code, scaled.json()["spec"]["replicas"]) == (200, 3)
    problem(await rest("POST", "deployments/web/restart", "alice"), 403, "FORBIDDEN")
    restarted = await rest("POST", "deployments/web/restart", params={"form": "object"})
    annotations = restarted.json()["spec"]["template"]["metadata"]["annotations"]
    assert "kubectl.kubernetes.io/restartedAt" in annotations
    for wrong in ({"replicas": -1}, {"replicas": "three"}, {"replicas": 3, "more": 1}, {}):
        problem(await rest("PATCH", "deployments/web/scale", json=wrong), 400, "BAD_USER_INPUT")


async def test_what_may_not_be_seen_is_done_without_being_shown(rest: Rest) -> None:
    """Who may scale and not get is told that it is done, and no more."""
    await rest.changing.allow("alice", ("apps", "deployments/scale", "patch"))
    await rest("POST", "deployments", json=new("deployments"))
    scaled = await rest("PATCH", "deployments/web/scale", "alice", json={"replicas": 3})
    assert (scaled.status_code, scaled.content) == (204, b"")
    there = await rest.there("deployments")
    assert there is not None
    assert there["spec"]["replicas"] == 3


async def test_dry_run_changes_nothing(rest: Rest) -> None:
    """Each answer is as it would be, without an ETag, and the cluster is as it was."""
    dry = {"dryRun": "true", "form": "object"}
    made = await rest("POST", "deployments", json=new("deployments"), params=dry)
    assert (made.status_code, made.json()["metadata"]["name"]) == (201, "web")
    assert {"etag", "location"}.isdisjoint(made.headers)
    assert await rest.there("deployments") is None
    await rest("POST", "services", json=new("services"))
    before = await rest.there("services")
    replaced = await rest("PUT", "services/web", json=new("services", labels={"a": "b"}), params=dry)
    assert (replaced.status_code, replaced.json()["metadata"]["labels"]) == (200, {"a": "b"})
    assert (await rest("DELETE", "services/web", params=dry)).status_code in (202, 204)
    assert await rest.there("services") == before


@pytest.mark.parametrize("plural", ["deployments", "services"])
async def test_if_match_is_of_one_version_alone(rest: Rest, plural: str) -> None:
    """With another version than the object's a PUT or DELETE is 412 and does nothing; with its own it is done."""
    old = (await rest("POST", plural, json=new(plural))).headers["etag"]
    path = rest.changing.path(plural, "web", GROUPS.get(plural, ""))
    changed = await rest.changing.api.merge(path, metadata={"labels": {"by": "another"}})
    wanted: dict[str, dict[str, Any]] = {"PUT": {"json": new(plural)}, "DELETE": {}}
    for method, given in wanted.items():
        refused = await rest(method, f"{plural}/web", headers={"If-Match": old}, **given)
        assert problem(refused, 412, "CONFLICT")["reason"] == "Conflict"
        there = await rest.there(plural)
        assert there is not None
        assert there["metadata"]["labels"] == {"by": "another"}
        problem(await rest(method, f"{plural}/web", headers={"If-Match": "latest"}, **given), 400, "BAD_USER_INPUT")
    stale = new(plural, resourceVersion=old.strip('"'))
    problem(await rest("PUT", f"{plural}/web", json=stale), 409, "CONFLICT")
    problem(await rest("PUT", f"{plural}/web", json=stale, headers={"If-Match": '"1"'}), 400, "BAD_USER_INPUT")

    now = await rest.there(plural)  # a controller may have written a status since
    assert now is not None
    assert now["metadata"]["uid"] == changed["metadata"]["uid"]
    replaced = await rest(
        "PUT", f"{plural}/web", json=new(plural), headers={"If-Match": f'W/"{now["metadata"]["resourceVersion"]}"'}
    )
    assert replaced.status_code in (200, 412), replaced.text
    assert (await rest("PUT", f"{plural}/web", json=new(plural), headers={"If-Match": "*"})).status_code == 200


async def test_an_own_version_is_matched(rest: Rest) -> None:
    """The ETag of an answer is taken by the next request, and by a deletion after it."""
    made = await rest("POST", "services", json=new("services"))
    replaced = await rest(
        "PUT", "services/web", json=new("services", labels={"a": "b"}), headers={"If-Match": made.headers["etag"]}
    )
    assert replaced.status_code == 200, replaced.text
    assert replaced.headers["etag"] != made.headers["etag"]
    gone = await rest("DELETE", "services/web", headers={"If-Match": replaced.headers["etag"]})
    assert gone.status_code == 204, gone.text


@pytest.mark.parametrize("plural", SPECS)
async def test_nothing_is_made_by_replacing(rest: Rest, plural: str) -> None:
    """A PUT of what is not there is 404, of a Service too, which the apiserver itself would make."""
    problem(await rest("PUT", f"{plural}/web", json=new(plural)), 404, "NOT_FOUND")
    assert await rest.there(plural) is None


async def test_a_body_agrees_with_its_path(rest: Rest) -> None:
    """What a body says of kind, name and namespace is what the path says, or 400; so is what is no object."""
    await rest("POST", "services", json=new("services"))
    for wrong, words in (
        (new("services", name="other"), "metadata.name is 'other'"),
        (new("services", namespace="other"), "metadata.namespace is 'other'"),
        ({**new("services"), "kind": "Pod"}, "kind is 'Pod'"),
        ({**new("services"), "apiVersion": "v2"}, "apiVersion is 'v2'"),
        ({**new("services"), "metadata": "web"}, "metadata"),
        ([], "data"),
    ):
        found = problem(await rest("PUT", "services/web", json=wrong), 400, "BAD_USER_INPUT")
        assert words in found["detail"]
    for wrong in ({"metadata": {"generateName": "web-"}}, {"spec": {}}, {"metadata": {"name": "a/b"}}):
        problem(await rest("POST", "services", json=wrong), 400, "BAD_USER_INPUT")
    for text in ("{", "[" * 100_000):
        problem(await rest("POST", "services", content=text), 400, "BAD_USER_INPUT")


async def test_refusals_are_those_of_kubernetes(rest: Rest) -> None:
    """Each refusal has its status, its code, and the reason and the causes that the cluster gives."""
    denied = problem(await rest("POST", "pods", "bob", json=new("pods")), 403, "FORBIDDEN")
    assert "you may not create pods" in denied["detail"]
    await rest("POST", "services", json=new("services"))
    taken = problem(await rest("POST", "services", json=new("services")), 409, "CONFLICT")
    assert taken["reason"] == "AlreadyExists"
    wrong = {"metadata": {"name": "no"}, "spec": {"ports": [{"port": 123456}]}}
    invalid = problem(await rest("POST", "services", json=wrong), 422, "INVALID")
    assert [cause["field"] for cause in invalid["causes"]] == ["spec.ports[0].port", "spec.ports[0].targetPort"]
    unknown = {**new("services", name="no"), "spec": {"ports": [{"port": 80}], "nonsense": 1}}
    assert "nonsense" in problem(await rest("POST", "services", json=unknown), 400, "BAD_USER_INPUT")["detail"]
    problem(await rest("DELETE", "services/nobody"), 404, "NOT_FOUND")
    problem(await rest("DELETE", "services/web", params={"propagationPolicy": "Never"}), 400, "BAD_USER_INPUT")
    stranger = await rest.changing.client.send("DELETE", f"{rest.root}/services/web")
    problem(stranger, 401, "UNAUTHENTICATED")


async def test_a_quota_is_held_against_a_replacement(rest: Rest) -> None:
    """A PUT that brings more replicas than a quota has room for is 403, and names the quota."""
    await rest("POST", "deployments", json=new("deployments"))
    await rest.changing.api.make(
        rest.changing.path("resourcequotas"), metadata={"name": "few"}, spec={"hard": {"pods": "2"}}
    )
    more = {**new("deployments"), "spec": {**SPECS["deployments"], "replicas": 9}}
    refused = problem(await rest("PUT", "deployments/web", json=more), 403, "FORBIDDEN")
    assert (refused["reason"], "few" in refused["detail"]) == ("exceeded quota", True)
    assert (await rest("PUT", "deployments/web", json=new("deployments"))).status_code == 200


async def test_an_idempotency_key_makes_a_repeat_harmless(rest: Rest) -> None:
    """The same request with the same key gets the first one's answer; another one with it is 409."""
    again: dict[str, Any] = {"headers": {"Idempotency-Key": "one"}, "params": {"form": "object"}}
    first = await rest("POST", "services", json=new("services"), **again)
    second = await rest("POST", "services", json=new("services"), **again)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    problem(await rest("POST", "services", json=new("services", name="b"), **again), 409, "CONFLICT")


async def test_an_answer_is_waited_for_until_the_graph_has_it(rest: Rest, store: Store, control_plane: Cluster) -> None:
    """After `waitForGraph` the next GET has what was done, with the ETag of the answer or a later one."""
    wait = {"waitForGraph": "true"}
    async with running(store, cluster_settings(control_plane, CLUSTER)):
        made = await rest("POST", "services", json=new("services"), params=wait)
        assert made.status_code == 201, made.text
        found = await rest("GET", "services/web")
        assert (found.headers["etag"], found.json()) == (made.headers["etag"], made.json())
        assert (await rest("DELETE", "services/web", params=wait)).status_code == 204
        problem(await rest("GET", "services/web"), 404, "NOT_FOUND")


async def test_pages_from_elsewhere_change_nothing(store: Store, control_plane: Cluster, namespace: str) -> None:
    """Without authentication, a request that a browser makes for another site's page is refused; ours are not."""
    async with Changing.over(store, control_plane, namespace, users=False) as changing:
        path = f"/api/v1/clusters/{CLUSTER}/namespaces/{namespace}/services"
        for origin, status in (("https://evil.example", 403), ("null", 403), ("http://localhost:8080", 201)):
            answer = await changing.client.send("POST", path, json=new("services"), headers={"Origin": origin})
            assert answer.status_code == status, answer.text


async def test_clusters_are_added_and_removed(store: Store) -> None:
    """A cluster that is added is listed, without its login; removing it is accepted; both can be tried out first."""
    given = {"id": "new", "server": "https://new.example:6443", "token": "t0ken-marker"}
    environ = {VARIABLE: base64.urlsafe_b64encode(bytes(32)).decode()}
    async with asking(store, environ=environ, mutations=True) as client:
        tried = await client.send("POST", "/api/v1/clusters", json=given, params={"dryRun": "true"})
        assert (tried.status_code, tried.content) == (204, b""), tried.text
        added = await client.send("POST", "/api/v1/clusters", json=given)
        assert (added.status_code, added.headers["location"]) == (201, "/api/v1/clusters/new"), added.text
        assert added.json()["server"] == given["server"]
        assert "t0ken-marker" not in added.text + (await client.get("/api/v1/clusters")).text
        problem(await client.send("POST", "/api/v1/clusters", json=given), 409, "CONFLICT")
        for wrong in ({"id": "a b"}, {**given, "path": "/etc/passwd"}, {}):
            refused = await client.send("POST", "/api/v1/clusters", json=wrong)
            problem(refused, 400, "BAD_USER_INPUT")
            assert "t0ken-marker" not in refused.text
        removed = await client.send("DELETE", "/api/v1/clusters/new")
        assert (removed.status_code, removed.content) == (202, b"")
        problem(await client.send("DELETE", "/api/v1/clusters/nowhere"), 404, "NOT_FOUND")


async def test_only_operators_change_the_list_of_clusters(rest: Rest) -> None:
    """A caller whose reads are limited adds and removes none, and the attempt is in the audit."""
    admin = rest.changing.by("admin")
    added = await admin.send(
        "POST", "/api/v1/clusters", json={"id": "other", "server": "https://a.example", "token": "x"}
    )
    problem(added, 403, "FORBIDDEN")
    problem(await admin.send("DELETE", f"/api/v1/clusters/{CLUSTER}"), 403, "FORBIDDEN")
