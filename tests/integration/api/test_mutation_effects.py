"""What mutations are to the graph, to quotas, and to an apiserver that dies."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from kgraph.api.changing import mutations, waiting
from kgraph.api.changing.audit import Audit
from kgraph.graphdb.errors import GraphUnavailable
from kgraph.graphdb.store import Store
from kgraph.kube import changing as kube_changing
from kgraph.stack.kubernetes import ControlPlane
from tests.integration.api.changing import APPLY, CLUSTER, DELETE, PATCH, RBAC, SCALE, TRAIL, Changing
from tests.servers import Cluster
from tests.workers import cluster_settings, in_step, running, until

pytestmark = [pytest.mark.neo4j, pytest.mark.kubernetes]

CREATE = """mutation ($ns: String!, $name: String!, $input: DeploymentInput!) {
  createDeployment(cluster: "changed", namespace: $ns, name: $name, input: $input) { key manifest health }
}"""
CREATE_CONFIG = """mutation ($ns: String!, $key: String) {
  createConfigMap(cluster: "changed", namespace: $ns, name: "a", input: {}, idempotencyKey: $key) { key }
}"""
LINKS = "MATCH (n:Resource {key: $key}) MATCH (a:AuditEntry {of: n.key}) RETURN count(a) AS links"


@pytest.fixture
async def changing(store: Store, control_plane: Cluster, namespace: str) -> AsyncIterator[Changing]:
    """A namespace in which alice may do everything with ConfigMaps and Deployments."""
    async with Changing.over(store, control_plane, namespace) as found:
        rules = ("apps", "deployments", "get list create patch delete"), ("apps", "deployments/scale", "patch")
        await found.allow("alice", ("", "configmaps", "get list create patch delete"), *rules)
        yield found


async def test_an_answer_is_waited_for_until_the_graph_has_it(
    changing: Changing, store: Store, control_plane: Cluster
) -> None:
    """After `waitForGraph` the next question sees what was done; entries have their resource's key, and outlive it."""
    settings = cluster_settings(control_plane, CLUSTER)
    key = f"{CLUSTER}/core/ConfigMap/{changing.namespace}/a"
    shown = "MATCH (n:ConfigMap {key: $key}) RETURN n.manifest CONTAINS $text AS shown"
    alice = changing.by("alice")
    async with running(store, settings):
        for text in ("first", "second"):
            asked = {"manifest": changing.config("a", x=text), "wait": True}
            await alice.ask(APPLY, **asked)
            assert await store.read_text(shown, {"key": key, "text": text}) == [{"shown": True}]
            await alice.ask(APPLY, **asked)  # nothing changes, so nothing comes: it is there already
        assert await store.read_text(LINKS, {"key": key}) == [{"links": 4}]
        await in_step(store, settings)
        await alice.ask(DELETE, ns=changing.namespace, type="cm", name="a", wait=True)
        assert await store.read_text(shown, {"key": key, "text": ""}) == []
    assert [entry["mutation"] for entry in await changing.trail(keys=[key])][-2:] == ["applyResource", "deleteResource"]


async def test_a_graph_that_is_behind_is_no_failure_of_the_mutation(
    changing: Changing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a sync the wait ends in TIMEOUT, which says that it happened; so does the audit."""
    monkeypatch.setattr(waiting, "WAIT_SECONDS", 0.1)
    error = await changing.by("alice").refused(APPLY, manifest=changing.config("a", x="1"), wait=True)
    assert (error["code"], error["message"].startswith("it happened")) == ("TIMEOUT", True)
    assert await changing.api.get(changing.path("configmaps", "a"))
    assert [entry["outcome"] for entry in await changing.trail()] == ["SUCCEEDED"]


async def test_no_room_in_a_quota_is_said_before(changing: Changing) -> None:
    """What Kubernetes would take and then not run is refused, with the quota's name and numbers; less is let in."""
    await changing.api.make(
        changing.path("resourcequotas"), metadata={"name": "small"}, spec={"hard": {"requests.cpu": "1", "pods": "5"}}
    )
    container = {"name": "c", "image": "nginx", "resources": {"requests": {"cpu": "250m"}}}
    asked: dict[str, Any] = {"ns": changing.namespace, "name": "web"}
    alice = changing.by("alice")
    error = await alice.refused(CREATE, **asked, input={"replicas": 6, "containers": [container]})
    assert error["code"] == "FORBIDDEN"
    assert "quota small: pods: 6 more asked for, 0 of 5 used" in error["message"]
    assert "quota small: requests.cpu: 1500m more asked for, 0 of 1 used" in error["message"]
    made = (await alice.ask(CREATE, **asked, input={"replicas": 2, "containers": [container]}))["createDeployment"]
    assert made["manifest"]["spec"]["template"]["metadata"]["labels"] == {"app": "web"}

    async def used() -> bool:
        quota = await changing.api.get(changing.path("resourcequotas", "small"))
        return bool(quota and quota["status"].get("used", {}).get("pods") == "2")

    await until(used, "two Pods are counted")
    error = await alice.refused(SCALE, **asked, replicas=5)
    assert "quota small: requests.cpu: 750m more asked for, 500m of 1 used" in error["message"]
    patch = {
        "ns": changing.namespace,
        "type": "deploy",
        "name": "web",
        "patch": {"spec": {"replicas": 5}},
        "as": "MERGE",
    }
    assert "quota small: requests.cpu: 750m more" in (await alice.refused(PATCH, **patch))["message"]
    await alice.ask(SCALE, **asked, replicas=4)
    outcomes = [(entry["outcome"], entry["code"]) for entry in await changing.trail()]
    refused, done = ("REFUSED", "FORBIDDEN"), ("SUCCEEDED", None)
    assert outcomes == [refused, done, refused, refused, done]


async def test_without_authentication_requests_go_out_as_ourselves(
    store: Store, control_plane: Cluster, namespace: str
) -> None:
    """On loopback whoever asks acts with this server's own login, as with `kubectl proxy`; the audit says nobody."""
    async with Changing.over(store, control_plane, namespace, users=False) as anyone:
        await anyone.client.ask(APPLY, manifest=anyone.config("a", x="1"))
        (entry,) = (await anyone.client.ask(TRAIL, filter={"namespaces": [namespace]}))["auditTrail"]["items"]
    assert (entry["user"], entry["actingAs"], entry["authentication"], entry["decision"]) == (
        "", None, "none", "NOT_ASKED",
    )  # fmt: skip


async def test_service_accounts_act_by_their_tokens(changing: Changing) -> None:
    """A service account's token is known with its uid, groups and extra, all of which the apiserver is told again."""
    await changing.api.make(changing.path("serviceaccounts"), metadata={"name": "robot"})
    await changing.api.make(
        f"{RBAC}/namespaces/{changing.namespace}/rolebindings",
        metadata={"name": "robots"},
        roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edit"},
        subjects=[{"kind": "Group", "name": f"system:serviceaccounts:{changing.namespace}"}],
    )
    token = await changing.api.make(changing.path("serviceaccounts", "robot/token"), spec={})
    robot = changing.client.by(token["status"]["token"])
    asked = {"manifest": changing.config("a", x="1")}

    async def applied() -> bool:
        return "errors" not in await robot.answer(APPLY, **asked)

    await until(applied, "the role binding is known")
    *_, entry = await changing.trail()
    assert entry["user"] == entry["actingAs"] == f"system:serviceaccount:{changing.namespace}:robot"
    assert f"system:serviceaccounts:{changing.namespace}" in entry["groups"]


async def test_what_cannot_be_put_on_record_is_not_done(changing: Changing, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the graph takes no entry nothing is sent, and the line says so."""

    async def refuse(*_: object) -> None:
        raise GraphUnavailable("Neo4j does not answer")

    monkeypatch.setattr(Audit, "begin", refuse)
    error = await changing.by("alice").refused(APPLY, manifest=changing.config("a", x="1"))
    assert error["code"] == "INTERNAL"
    assert await changing.api.get(changing.path("configmaps", "a")) is None
    assert [entry["outcome"] for entry in await changing.trail()] == ["REFUSED"]


async def test_who_goes_away_takes_nothing_back(changing: Changing, monkeypatch: pytest.MonkeyPatch) -> None:
    """A caller who hangs up while the cluster is asked leaves no half-known change: it ends, and is in the audit."""
    sending, hung_up = asyncio.Event(), asyncio.Event()

    async def send(*arguments: Any, **named: Any) -> bytes:
        sending.set()
        await hung_up.wait()
        return await kube_changing.send(*arguments, **named)

    monkeypatch.setattr(mutations, "send", send)
    task = asyncio.create_task(changing.by("alice").ask(APPLY, manifest=changing.config("a", x="1")))
    await sending.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    hung_up.set()

    async def done() -> bool:
        return [entry["outcome"] for entry in await changing.trail()] == ["SUCCEEDED"]

    await until(done, "the change is over")
    assert await changing.api.get(changing.path("configmaps", "a"))


@pytest.fixture
async def dying(
    changing: Changing, control_plane: Cluster, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[ControlPlane]:
    """The next change meets an apiserver that has stopped: it reads the request no more, and is killed then."""
    if not isinstance(control_plane, ControlPlane):
        pytest.skip("the apiserver is in a container of its own")
    plane, send, armed = control_plane, kube_changing.send, asyncio.Event()

    async def send_to_a_stopped_server(*arguments: Any, **named: Any) -> bytes:
        if not armed.is_set():
            plane.pause("kube-apiserver")
            armed.set()
        return await send(*arguments, **named)

    monkeypatch.setattr(mutations, "send", send_to_a_stopped_server)
    monkeypatch.setattr(kube_changing, "PAUSES_SECONDS", (1.0,) * 60)
    yield plane
    assert armed.is_set()


async def _killed_in_the_middle(changing: Changing, store: Store, plane: ControlPlane, task: asyncio.Task[Any]) -> None:
    underway = "MATCH (a:AuditEntry {outcome: 'UNDERWAY', namespace: $ns}) RETURN a.key AS key"
    await until(lambda: store.read_text(underway, {"ns": changing.namespace}), "the attempt is on record")
    await asyncio.wait({task}, timeout=0.5)  # the request is on its way: nothing tells of that
    await plane.kill("kube-apiserver")
    await plane.start_again("kube-apiserver")


async def test_a_server_that_dies_in_the_middle_leaves_no_lie(
    changing: Changing, store: Store, dying: ControlPlane
) -> None:
    """What cannot be repeated safely is TIMEOUT, which says that nobody knows; the key says the same again."""
    asked = {"ns": changing.namespace, "key": "k"}
    task = asyncio.create_task(changing.by("alice").refused(CREATE_CONFIG, **asked))
    await _killed_in_the_middle(changing, store, dying, task)
    error = await task
    assert (error["code"], "it is not known whether this happened" in error["message"]) == ("TIMEOUT", True)
    assert "look before you send it again" in error["message"]
    (entry,) = await changing.trail()
    assert (entry["outcome"], entry["code"]) == ("UNKNOWN", "TIMEOUT")
    again = await changing.by("alice").refused(CREATE_CONFIG, **asked)
    assert (again["code"], "ask again with a new key" in again["message"]) == ("TIMEOUT", True)


async def test_what_is_safe_twice_survives_a_dying_server(
    changing: Changing, store: Store, dying: ControlPlane
) -> None:
    """An apply whose answer is lost is sent again, and is done when the server is back."""
    task = asyncio.create_task(changing.by("alice").ask(APPLY, manifest=changing.config("a", x="1")))
    await _killed_in_the_middle(changing, store, dying, task)
    assert (await task)["applyResource"]["manifest"]["data"] == {"x": "1"}
    (entry,) = await changing.trail()
    assert entry["outcome"] == "SUCCEEDED"
