"""Health on a real control plane: what controllers write as status becomes health, and rolls up through the API."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
import pytest_asyncio

from kgraph.api.app import create_app
from kgraph.api.settings import ApiSettings
from kgraph.graphdb.store import Store
from kgraph.kube.sealing import Sealer
from kgraph.sync.options import SyncOptions
from tests.integration.api.conftest import Client
from tests.integration.sync.live import Api, core, login
from tests.servers import Cluster
from tests.workers import in_step, running, until

pytestmark = [pytest.mark.kubernetes, pytest.mark.neo4j]

CLUSTER = "well"
OPTIONS = SyncOptions(watch_resources=("-events",))
NOWHERE = {"kubernetes.io/hostname": "nowhere"}
GROUP = "health.example.com"
CRD = {
    "metadata": {"name": f"baskets.{GROUP}"},
    "spec": {
        "group": GROUP,
        "scope": "Namespaced",
        "names": {"plural": "baskets", "singular": "basket", "kind": "Basket", "listKind": "BasketList"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "subresources": {"status": {}},
                "schema": {
                    "openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                },
            }
        ],
    },
}
QUERY = """query ($type: String!, $namespace: String!, $name: String!) {
  resource(cluster: "well", resourceType: $type, namespace: $namespace, name: $name) {
    health healthReason rollup { health reason } } }"""


@pytest_asyncio.fixture(loop_scope="session")
async def graphql(store: Store) -> AsyncIterator[Client]:
    """The API over the graph."""
    transport = httpx.ASGITransport(app=create_app(store, ApiSettings(default_namespace="default"), Sealer.of({})))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        yield Client(http, store)


@pytest_asyncio.fixture(loop_scope="session")
async def healths(store: Store, control_plane: Cluster, namespace: str) -> AsyncIterator[Callable[..., Awaitable[Any]]]:
    """A worker on the cluster, and the wait until a resource's node has a health; returns its reason."""
    settings = login(control_plane, CLUSTER)

    async def becomes(kind: str, name: str, health: str | None, reason: str = "") -> str:
        where = "n.kind = $kind AND n.name = $name AND n.namespace = $namespace AND n.cluster = $cluster"
        text = f"MATCH (n:Resource) WHERE {where} RETURN n.health AS health, coalesce(n.healthReason, '') AS reason"
        asked = {"kind": kind, "name": name, "namespace": namespace, "cluster": CLUSTER}

        async def there() -> Any:
            found = await store.read_text(text, asked)
            return [row for row in found if row["health"] == health and row["reason"].startswith(reason)]

        (row,) = await until(there, f"{kind} {name} is {health}: {reason}", 60)
        return str(row["reason"])

    async with running(store, settings, OPTIONS):
        yield becomes
        await in_step(store, settings, OPTIONS)


def deployment(name: str, replicas: int, **pod: Any) -> dict[str, Any]:
    """A Deployment of an image that is not there."""
    spec = {"containers": [{"name": "web", "image": "nginx:1.99"}], **pod}
    return {
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "progressDeadlineSeconds": 600,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": spec},
        },
    }


async def of(graphql: Client, kind: str, namespace: str, name: str) -> dict[str, Any]:
    """A resource's health and its roll-up, as the API shows them."""
    found: dict[str, Any] = (await graphql.ask(QUERY, type=kind, namespace=namespace, name=name))["resource"]
    return found


async def test_deployment_is_scaled_and_one_of_its_pods_loses_its_image(
    graphql: Client, healths: Any, api: Api, namespace: str
) -> None:
    """HEALTHY with two, HEALTHY with three, and then a Pod in back-off is named with its image."""
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    await api.make(path, **deployment("web", 2))
    await healths("Deployment", "web", "HEALTHY")
    await api.merge(f"{path}/web", spec={"replicas": 3})

    async def three() -> Any:
        found = await of(graphql, "deploy", namespace, "web")
        properties = '{ resources(filter: {kinds: ["deploy"], namespaces: ["%s"]}) { nodes { properties } } }'
        counted = (await graphql.ask(properties % namespace))["resources"]["nodes"][0]["properties"]
        return found["rollup"]["health"] == "HEALTHY" and counted.get("readyReplicas") == 3

    await until(three, "three replicas are ready", 60)
    pods = (await api.get(f"{core(namespace, 'pods')}?labelSelector=app%3Dweb") or {})["items"]
    victim = pods[0]["metadata"]["name"]
    waiting = {"reason": "ImagePullBackOff", "message": 'Back-off pulling image "nginx:1.99"'}
    await api.merge(
        f"{core(namespace, 'pods', victim)}/status",
        status={
            "conditions": [{"type": "Ready", "status": "False"}, {"type": "ContainersReady", "status": "False"}],
            "containerStatuses": [
                {
                    "name": "web", "image": "nginx:1.99", "imageID": "", "ready": False, "restartCount": 0,
                    "state": {"waiting": waiting},
                }
            ],
        },
    )  # fmt: skip
    await healths("Pod", victim, "DEGRADED", "ImagePullBackOff")
    await healths("Deployment", "web", "PROGRESSING", "2 of 3 replicas available")
    found = await of(graphql, "deploy", namespace, "web")
    assert found["rollup"] == {
        "health": "DEGRADED",
        "reason": f"2 of 3 replicas ready: ImagePullBackOff on {victim} (nginx:1.99)",
    }
    found = await of(graphql, "ns", namespace, namespace)
    assert found["health"] == "HEALTHY"
    assert found["rollup"]["health"] == "DEGRADED"
    assert found["rollup"]["reason"].endswith(f": ImagePullBackOff on {victim} (nginx:1.99)")
    (cluster,) = (await graphql.ask("{ clusters { id health } }"))["clusters"]
    assert cluster == {"id": CLUSTER, "health": "DEGRADED"}


async def test_deployment_that_fits_on_no_node(graphql: Client, healths: Any, api: Api, namespace: str) -> None:
    """PROGRESSING until its deadline, then DEGRADED; the roll-up says that its Pod is not scheduled."""
    impossible = deployment("far", 1, nodeSelector=NOWHERE)
    impossible["spec"]["progressDeadlineSeconds"] = 1
    await api.make(f"/apis/apps/v1/namespaces/{namespace}/deployments", **impossible)
    await healths("Deployment", "far", "DEGRADED", "ProgressDeadlineExceeded")

    async def rolled_up() -> Any:
        found = await of(graphql, "deploy", namespace, "far")
        return found["rollup"] if "Unschedulable" in (found["rollup"]["reason"] or "") else None

    found = await until(rolled_up, "the reason is the Pod's", 60)
    assert found["health"] == "DEGRADED"
    assert found["reason"].startswith("0 of 1 replica ready: Unschedulable on far-")


async def test_job_that_fails(graphql: Client, healths: Any, api: Api, namespace: str) -> None:
    """PROGRESSING while its Pod waits, DEGRADED when it has failed for good; its Pod is not held against it twice."""
    pod = {"nodeSelector": NOWHERE, "restartPolicy": "Never", "containers": [{"name": "c", "image": "nginx"}]}
    await api.make(
        f"/apis/batch/v1/namespaces/{namespace}/jobs",
        metadata={"name": "migrate"},
        spec={"backoffLimit": 0, "template": {"spec": pod}},
    )
    await healths("Job", "migrate", "PROGRESSING", "0 of 1 done, 1 active")
    (item,) = (await api.get(f"{core(namespace, 'pods')}?labelSelector=job-name%3Dmigrate") or {})["items"]
    await api.merge(f"{core(namespace, 'pods', item['metadata']['name'])}/status", status={"phase": "Failed"})
    await healths("Job", "migrate", "DEGRADED", "BackoffLimitExceeded")
    found = await of(graphql, "job", namespace, "migrate")
    assert found["rollup"]["health"] == "DEGRADED"
    assert found["rollup"]["reason"].startswith("BackoffLimitExceeded")


async def test_claim_that_waits_and_object_that_is_on_its_way_out(healths: Any, api: Api, namespace: str) -> None:
    """A claim that nothing provisions is PROGRESSING; deletion comes first, even of what has no health."""
    await api.make(
        core(namespace, "persistentvolumeclaims"),
        metadata={"name": "data"},
        spec={
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "",
            "resources": {"requests": {"storage": "1Gi"}},
        },
    )
    await healths("PersistentVolumeClaim", "data", "PROGRESSING", "Pending")
    await api.make(core(namespace, "configmaps"), metadata={"name": "kept", "finalizers": ["example.com/keep"]})
    await healths("ConfigMap", "kept", None)
    await api.delete(core(namespace, "configmaps", "kept"))
    await healths("ConfigMap", "kept", "PROGRESSING", "being deleted, waits for example.com/keep")
    await api.merge(core(namespace, "configmaps", "kept"), metadata={"finalizers": None})


async def test_custom_resource_is_read_by_its_conditions(healths: Any, api: Api, namespace: str) -> None:
    """No status, no health; then kstatus: not ready is PROGRESSING, stalled DEGRADED, ready HEALTHY."""
    definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    await api.make(definitions, **CRD)
    try:
        path = f"/apis/{GROUP}/v1/namespaces/{namespace}/baskets"

        async def served() -> Any:
            return await api.get(path)

        await until(served, "the kind is served", 60)
        kind = {"apiVersion": f"{GROUP}/v1", "kind": "Basket"}
        await api.make(path, **kind, metadata={"name": "one"})
        await healths("Basket", "one", None)
        for health, reason, conditions in (
            ("PROGRESSING", "Filling: 1 of 2", [("Ready", "False", "Filling", "1 of 2")]),
            ("DEGRADED", "Full", [("Ready", "False", "Filling", ""), ("Stalled", "True", "Full", "")]),
            ("HEALTHY", "", [("Ready", "True", "Filled", "")]),
        ):
            names = ("type", "status", "reason", "message")
            status = {"conditions": [dict(zip(names, each, strict=True)) for each in conditions]}
            await api.merge(f"{path}/one/status", status=status)
            await healths("Basket", "one", health, reason)
    finally:
        await api.delete(f"{definitions}/baskets.{GROUP}")
