"""Operators' kinds on a real apiserver, by the projects' own definitions."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from kgraph.graphdb.store import Store
from kgraph.sync.check import picture_of_graph
from kgraph.sync.options import SyncOptions
from tests.definitions import installed
from tests.integration.sync.live import Api, core
from tests.integration.sync.operators import EDGES, MANIFEST, STATUS
from tests.servers import Cluster
from tests.workers import cluster_settings, in_step, running, until_same

OPERATORS = (
    "cert-manager", "external-secrets", "sealed-secrets", "argo-cd", "argo-rollouts", "flux-helm", "flux-kustomize",
    "flux-sources", "keda", "vertical-pod-autoscaler", "jobset", "prometheus", "olm",
)  # fmt: skip
WATCHED = SyncOptions(
    watch_resources=(
        "namespaces", "pods", "services", "secrets", "configmaps", "ingresses", "crd",
        *(f"*.{group}" for group in (
            "cert-manager.io", "acme.cert-manager.io", "external-secrets.io", "bitnami.com", "argoproj.io",
            "helm.toolkit.fluxcd.io", "kustomize.toolkit.fluxcd.io", "source.toolkit.fluxcd.io", "keda.sh",
            "autoscaling.k8s.io", "jobset.x-k8s.io", "monitoring.coreos.com", "operators.coreos.com",
        )),
    ),
    clusters={"second": "second"},
)  # fmt: skip
# Those that every resource has.
OTHERS = ("IN_NAMESPACE", "IN_CLUSTER", "INSTANCE_OF", "OWNED_BY")
ALL_EDGES = """
MATCH (s:Resource {cluster: $cluster})-[r]->(e)
WHERE NOT s:Pod AND NOT type(r) IN $others
  AND (s.namespace IN $namespaces OR (s.namespace IS NULL AND s.name ENDS WITH $namespaces[0]))
RETURN s.key AS start, type(r) AS type, e.key AS end, coalesce(r.optional, false) AS optional,
  coalesce(r.inferred, false) AS inferred
"""
APPLICATION = "argoproj.io/Application/shop/app-shop"
RELEASE = "release:operators/infra/web"


@pytest_asyncio.fixture(loop_scope="session", scope="module", autouse=True)
async def definitions(control_plane: Cluster) -> AsyncIterator[None]:
    """All definitions of these tests, served."""
    async with installed(control_plane, *OPERATORS):
        yield


@pytest.fixture
async def infra(control_plane: Cluster, namespace: str) -> AsyncIterator[str]:
    """A second namespace, with a label that one can choose it by."""
    name = f"infra-{namespace}"
    metadata = {"name": name, "labels": {"watched": "yes"}}
    await control_plane.request("POST", "/api/v1/namespaces", {"metadata": metadata})
    yield name
    await control_plane.request("DELETE", f"/api/v1/namespaces/{name}")


async def test_every_kind_s_edges_are_there_and_follow_both_ends(
    store: Store, api: Api, control_plane: Cluster, namespace: str, infra: str
) -> None:
    """Each kind's objects have exactly the edges that its project's reference describes, and these follow both ends."""

    async def found() -> set[str]:
        parameters = {"cluster": "operators", "others": OTHERS, "namespaces": [namespace, infra]}
        lines = set()
        for row in await store.read_text(ALL_EDGES, parameters):
            marks = " optional" * row["optional"] + " inferred" * row["inferred"]
            start, end = (row[each].removeprefix("operators/") for each in ("start", "end"))
            lines.add(f"{start} {row['type']} {end}{marks}".replace(infra, "infra").replace(namespace, "shop"))
        return lines

    async def is_now(wanted: set[str]) -> None:
        await until_same(found, wanted, "the edges are as they should be")

    def path(api_version: str, plural: str, name: str = "", of: str = namespace) -> str:
        return f"/apis/{api_version}/namespaces/{of}/{plural}/{name}".rstrip("/")

    settings = cluster_settings(control_plane, "operators")
    await control_plane.kubectl("apply", "-f", "-", stdin=MANIFEST.replace("INFRA", infra).replace("SHOP", namespace))
    for api_version, plural, name, status in STATUS:
        said = msgspec.json.decode(msgspec.json.encode(status).replace(b"SHOP", namespace.encode()))
        await api.merge(f"{path(api_version, plural, name)}/status", status=said)
    wanted = {line.strip() for line in EDGES.replace("\\\n", "").strip().splitlines()}
    async with running(store, settings, WATCHED):
        await is_now(wanted)
        await in_step(store, settings, WATCHED)

        # A Namespace's label decides which monitors a Prometheus takes.
        monitor: dict[str, Any] = {"selector": {}, "podMetricsEndpoints": []}
        body = {"apiVersion": "monitoring.coreos.com/v1", "kind": "PodMonitor", "spec": monitor}
        await api.make(path("monitoring.coreos.com/v1", "podmonitors", of=infra), metadata={"name": "own"}, **body)
        wanted |= {"monitoring.coreos.com/PodMonitor/infra/own SELECTS core/Pod/infra/web"}
        await is_now(wanted)
        await api.merge(f"/api/v1/namespaces/{infra}", metadata={"labels": {"watched": namespace}})
        chosen = "monitoring.coreos.com/Prometheus/infra/main SELECTS monitoring.coreos.com/PodMonitor/infra/own"
        await is_now(wanted | {chosen})
        await api.merge(f"/api/v1/namespaces/{infra}", metadata={"labels": {"watched": "no"}})
        await is_now(wanted)

        # With an Application, what is part of it by its name is part of nothing; and again when it is back.
        application = path("argoproj.io/v1alpha1", "applications", f"app-{namespace}")
        before = await api.get(application)
        assert before is not None
        await api.delete(application)
        without = {line for line in wanted if APPLICATION not in line}
        assert len(wanted) == len(without) + 4
        await is_now(without)
        metadata = {"name": f"app-{namespace}", "namespace": namespace}
        await api.make(path("argoproj.io/v1alpha1", "applications"), **{**before, "metadata": metadata})
        await is_now(wanted)

        # A label that changes takes a Secret from what is pushed, and an object from what deploys it.
        await api.merge(core(namespace, "secrets", "to-push"), metadata={"labels": {"tier": None}})
        wanted -= {"external-secrets.io/PushSecret/shop/selected USES_SECRET core/Secret/shop/to-push"}
        unlabelled = {"metadata": {"labels": None, "annotations": None}}
        await api.merge(core(infra, "configmaps", "of-flux"), **unlabelled)
        wanted = {line for line in wanted if not line.startswith("core/ConfigMap/infra/of-flux ")}
        await is_now(wanted)
        await in_step(store, settings, WATCHED)

        # What only another cluster refers to is not for that cluster's check to explain.
        assert (await picture_of_graph(store, "second")).missing == set()

    # A worker that starts again takes the edges over as they are.
    async with running(store, settings, WATCHED):
        assert await found() == wanted
        # The release's node goes with the last that is part of it.
        await api.delete(core(infra, "secrets", "sh.helm.release.v1.web.v2"))
        await api.delete(path("helm.toolkit.fluxcd.io/v2", "helmreleases", "web"))
        wanted = {line for line in wanted if RELEASE not in line and "/HelmRelease/shop/web " not in line}
        await is_now(wanted)
        await in_step(store, settings, WATCHED)
        assert await store.read_text("MATCH (n:HelmRelease) RETURN n.key AS key") == []
