"""Gateway API, meshes, OpenShift Routes and snapshots on a real apiserver, by the projects' own definitions."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from kgraph.graphdb.store import Store
from kgraph.sync.options import SyncOptions
from tests.definitions import installed
from tests.integration.sync.live import Api, core
from tests.integration.sync.traffic import EDGES, MANIFEST
from tests.servers import Cluster
from tests.workers import cluster_settings, in_step, running, until_same

PROJECTS = ("gateway-api", "envoy-gateway", "openshift", "istio", "linkerd", "snapshots")
WATCHED = SyncOptions(
    watch_resources=(
        "namespaces", "pods", "services", "secrets", "configmaps", "persistentvolumeclaims", "crd", "csidrivers",
        "*.gateway.networking.k8s.io", "*.gateway.networking.x-k8s.io", "*.gateway.envoyproxy.io",
        "*.route.openshift.io", "*.networking.istio.io", "*.security.istio.io", "*.telemetry.istio.io",
        "*.extensions.istio.io", "*.linkerd.io", "*.snapshot.storage.k8s.io",
    )
)  # fmt: skip
# Those that every resource has, and those of kinds that are there without this test.
OTHERS = ("IN_NAMESPACE", "IN_CLUSTER", "INSTANCE_OF", "RUNS_ON", "RUNS_AS", "RUNS_IMAGE", "CALLS", "OWNED_BY")
ALL_EDGES = """
MATCH (s:Resource {cluster: $cluster})-[r]->(e)
WHERE NOT s:Pod AND NOT type(r) IN $others AND (s.namespace IN $namespaces OR s.namespace IS NULL)
RETURN s.key AS start, type(r) AS type, e.key AS end, r.granted AS granted, coalesce(r.optional, false) AS optional
"""
PLACEHOLDERS = "MATCH (n:Missing {kind: 'Service', namespace: $namespace}) RETURN n.name AS name"
GATEWAY_API = "/apis/gateway.networking.k8s.io"
GRANT = "gateway.networking.k8s.io/ReferenceGrant/infra/routes"
BACKEND = "gateway.networking.k8s.io/HTTPRoute/shop/web ROUTES_TO core/Service/infra/api"
GATE = "networking.istio.io/Gateway/shop/gate"
SHORT = "networking.istio.io/VirtualService/shop/short"


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def definitions(control_plane: Cluster) -> AsyncIterator[None]:
    """All definitions of these tests, served."""
    async with installed(control_plane, *PROJECTS):
        yield


@pytest.fixture
async def infra(control_plane: Cluster, namespace: str) -> AsyncIterator[str]:
    """A second namespace."""
    name = f"{namespace}-infra"
    await control_plane.request("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    yield name
    await control_plane.request("DELETE", f"/api/v1/namespaces/{name}")


def _lines(text: str) -> set[str]:
    return {line.strip() for line in text.strip().splitlines()}


async def test_every_kind_s_edges_are_there_and_follow_both_ends(
    store: Store, api: Api, control_plane: Cluster, namespace: str, infra: str
) -> None:
    """Each kind's objects have exactly the edges that its project's reference describes, and these follow both ends."""

    async def found() -> set[str]:
        parameters = {"cluster": "traffic", "others": OTHERS, "namespaces": [namespace, infra]}
        lines = set()
        for row in await store.read_text(ALL_EDGES, parameters):
            marks = {True: " granted", False: " refused", None: ""}[row["granted"]] + " optional" * row["optional"]
            line = f"{row['start']} {row['type']} {row['end']}{marks}".replace("traffic/", "")
            lines.add(line.replace(infra, "infra").replace(namespace, "shop"))
        return lines

    async def is_now(wanted: set[str]) -> None:
        await until_same(found, wanted, "the edges are as they should be")

    settings = cluster_settings(control_plane, "traffic")
    manifest = MANIFEST.replace("INFRA", infra).replace("SHOP", namespace)
    await control_plane.kubectl("apply", "-f", "-", stdin=manifest)
    snapshot = f"/apis/snapshot.storage.k8s.io/v1/namespaces/{namespace}/volumesnapshots/nightly"
    await api.merge(f"{snapshot}/status", status={"boundVolumeSnapshotContentName": f"content-{namespace}"})
    wanted = _lines(EDGES)
    async with running(store, settings, WATCHED):
        await is_now(wanted)
        await in_step(store, settings, WATCHED)

        # A grant that goes takes back what it allowed, and the edge stays.
        await api.delete(f"{GATEWAY_API}/v1beta1/namespaces/{infra}/referencegrants/routes")
        wanted -= {f"{GRANT} GRANTS core/Namespace/_/shop", f"{BACKEND} granted"}
        wanted |= {f"{BACKEND} refused"}
        await is_now(wanted)

        # A Gateway's last Pod in a namespace takes the place of its certificate with it.
        await api.merge(core(infra, "pods", "gate"), metadata={"labels": {"istio": None}})
        wanted -= {f"{GATE} SELECTS core/Pod/infra/gate", f"{GATE} USES_SECRET core/Secret/infra/credential"}
        await is_now(wanted)

        # What an object says stands whether its end is there or not; what it may have meant does not.
        await api.delete(core(infra, "services", "api"))
        meant = {f"{SHORT} {type_} core/Service/infra/api" for type_ in ("CONFIGURES", "ROUTES_TO")}
        await is_now(wanted - meant)
        assert await store.read_text(PLACEHOLDERS, {"namespace": infra}) == [{"name": "api"}]
        await in_step(store, settings, WATCHED)

        await api.make(core(infra, "services"), metadata={"name": "api"}, spec={"ports": [{"port": 80}]})
        await is_now(wanted)
        await in_step(store, settings, WATCHED)

    # A worker that starts again takes the edges over as they are.
    async with running(store, settings, WATCHED):
        assert await found() == wanted
        await in_step(store, settings, WATCHED)
