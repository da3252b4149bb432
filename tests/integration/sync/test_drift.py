"""Desired against actual on a real cluster: what was changed, deleted and added by hand, and nothing else."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import yaml

from kgraph.api.app import create_app
from kgraph.api.settings import ApiSettings
from kgraph.graphdb.store import Store
from kgraph.kube.sealing import Sealer
from kgraph.kube.settings import AuthMethod, ClusterSettings
from tests.integration.sync.live import Api, core
from tests.servers import Cluster, Graph
from tests.workers import cluster_settings, running, until

pytestmark = [pytest.mark.kubernetes, pytest.mark.neo4j]

DRIFT = """query ($desired: String!, $actual: String!) {
  drift(desired: $desired, actual: $actual) {
    resources { kind name change fields { path desired actual } owned { path manager } }
    drifted compared unread } }"""


def manifests(namespace: str) -> list[dict[str, Any]]:
    """A small application as a Git checkout has it: with less than the cluster will say of it."""
    metadata = {"namespace": namespace, "labels": {"app": "web"}}
    container = {
        "name": "web", "image": "nginx:1.27", "env": [{"name": "B", "value": "2"}, {"name": "A", "value": "1"}],
        "ports": [{"containerPort": 80}], "resources": {"requests": {"cpu": 1, "memory": "1024Mi"}},
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
    }  # fmt: skip
    template = {
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [container], "volumes": [{"name": "tmp", "emptyDir": {}}], "hostNetwork": False},
    }
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}, "template": template}
    return [
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", **metadata}, "spec": spec},
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "quiet", **metadata}, "spec": spec},
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", **metadata},
         "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 80}]}},
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kept", **metadata}, "data": {"a": "1"}},
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "deleted", **metadata}, "data": {"a": "1"}},
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "login", **metadata},
         "stringData": {"password": "never-shown"}},
    ]  # fmt: skip


@pytest.fixture
async def drifted(api: Api, namespace: str, tmp_path: Path) -> Path:
    """The manifests, applied, and then changed by others: an autoscaler, and hands."""
    for value in manifests(namespace):
        await apply(api, value, manager="kubectl")
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "all.yaml").write_text(yaml.safe_dump_all(manifests(namespace)))
    deployment = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    await patch(api, f"{deployment}/web/scale", {"spec": {"replicas": 3}}, manager="horizontal-pod-autoscaler")
    injected = {"spec": {"template": {"spec": {"containers": [{"name": "side", "image": "envoy"}]}}}}
    strategic = "strategic-merge-patch+json"
    await patch(api, f"{deployment}/quiet", injected, manager="injector", sort=strategic)
    ports = [{"port": 80, "targetPort": 8080}]
    await patch(api, core(namespace, "services", "web"), {"spec": {"ports": ports}}, manager="kubectl-edit")
    await api.delete(core(namespace, "configmaps", "deleted"))
    await api.make(core(namespace, "configmaps"), metadata={"name": "added"})
    return tmp_path / "app"


async def apply(api: Api, value: dict[str, Any], *, manager: str) -> None:
    """Server-side apply."""
    metadata = value["metadata"]
    group = "apis/apps/v1" if value["kind"] == "Deployment" else "api/v1"
    path = f"/{group}/namespaces/{metadata['namespace']}/{value['kind'].lower()}s/{metadata['name']}"
    await patch(api, path, value, manager=manager, sort="apply-patch+yaml")


async def patch(api: Api, path: str, body: Any, *, manager: str, sort: str = "merge-patch+json") -> None:
    """A patch by a manager."""
    answer = await api._client.patch(
        path,
        content=msgspec.json.encode(body),
        params={"fieldManager": manager},
        headers={"content-type": f"application/{sort}"},
    )
    assert answer.is_success, answer.text


EXPECTED = {
    ("ConfigMap", "added"): ("ADDED", [], []),
    ("ConfigMap", "deleted"): ("MISSING", [], []),
    ("Deployment", "quiet"): ("OWNED", [], [("spec.template.spec.containers[name=side]", "injector")]),
    ("Deployment", "web"): ("OWNED", [], [("spec.replicas", "horizontal-pod-autoscaler")]),
    ("Service", "web"): ("CHANGED", [("spec.ports[port=80,protocol=TCP].targetPort", 80, 8080)], []),
}


def told(resources: list[dict[str, Any]]) -> dict[tuple[str, str], Any]:
    """An answer in the form of EXPECTED."""
    return {
        (one["kind"], one["name"]): (
            one["change"],
            [(field["path"], field["desired"], field["actual"]) for field in one["fields"]],
            [(field["path"], field["manager"]) for field in one["owned"]],
        )
        for one in resources
    }


def kgraph(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The command, as a user who runs nothing else."""
    return subprocess.run(
        [sys.executable, "-m", "kgraph.cli.main", *words],
        env={**os.environ, "XDG_RUNTIME_DIR": str(folder), "KUBECONFIG": str(folder / "none"), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


async def test_drift_is_exactly_what_was_changed(
    store: Store, control_plane: Cluster, neo4j_server: Graph, namespace: str, drifted: Path
) -> None:
    """Through GraphQL, the command on the graph and the command on the cluster: the same five resources, no other."""
    live = cluster_settings(control_plane, "drift-live")
    git = ClusterSettings(id="drift-git", auth_method=AuthMethod.SNAPSHOT, snapshot_path=str(drifted))
    app = create_app(store, ApiSettings(), Sealer.of({}))
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]  # Litestar words ASGI its own way
    client = httpx.AsyncClient(transport=transport, base_url="http://localhost")
    password = drifted.parent / "password"
    password.write_text(neo4j_server.password)
    async with running(store, live), running(store, git), client:

        async def asked() -> dict[str, Any]:
            variables = {"desired": "drift-git", "actual": "drift-live"}
            answer = (await client.post("/graphql", json={"query": DRIFT, "variables": variables})).json()
            assert "errors" not in answer, answer
            found: dict[str, Any] = answer["data"]["drift"]
            return found

        async def in_step() -> bool:
            return told((await asked())["resources"]) == EXPECTED

        await until(in_step, "the graph has seen every change", seconds=30)
        found = await asked()
        assert (found["drifted"], found["compared"], found["unread"]) == (True, 6, [])
        by_graph = kgraph(
            drifted.parent, "diff", "-f", str(drifted), "--cluster", "drift-live", "-o", "json",
            "--neo4j-uri", neo4j_server.bolt_uri, "--neo4j-password-file", str(password),
        )  # fmt: skip
    assert by_graph.returncode == 1, by_graph.stderr
    assert told(json.loads(by_graph.stdout)["resources"]) == EXPECTED
    by_cluster = kgraph(drifted.parent, "diff", "-f", str(drifted), "--kubeconfig", str(control_plane.kubeconfig))
    assert by_cluster.returncode == 1, by_cluster.stderr
    assert [line for line in by_cluster.stdout.splitlines() if not line.startswith(" ")] == [
        f"+ ConfigMap {namespace}/added  is not desired",
        f"- ConfigMap {namespace}/deleted  is not there",
        f"= Deployment {namespace}/quiet",
        f"= Deployment {namespace}/web",
        f"~ Service {namespace}/web",
    ]
    assert "spec.replicas: 1 → 3  owned by horizontal-pod-autoscaler" in by_cluster.stdout
    assert "never-shown" not in by_graph.stdout + by_cluster.stdout + json.dumps(found)


async def test_exit_codes_are_kubectls(api: Api, control_plane: Cluster, namespace: str, tmp_path: Path) -> None:
    """No drift is 0; what could not be compared is 2: a broken manifest, a folder without any, no cluster."""
    kubeconfig = ["--kubeconfig", str(control_plane.kubeconfig)]
    folder = tmp_path / "app"
    folder.mkdir()
    assert kgraph(tmp_path, "diff", "-f", str(folder), *kubeconfig).returncode == 2
    (config,) = [value for value in manifests(namespace) if value["metadata"]["name"] == "kept"]
    await apply(api, config, manager="kubectl")
    (folder / "config.json").write_text(json.dumps(config))
    ended = kgraph(tmp_path, "diff", "-f", str(folder), *kubeconfig)
    assert ended.returncode == 0, ended.stderr
    assert "no drift" in ended.stderr
    (folder / "broken.yaml").write_text("a: [")
    ended = kgraph(tmp_path, "diff", "-f", str(folder), *kubeconfig)
    assert (ended.returncode, "no YAML" in ended.stderr) == (2, True)
    assert kgraph(tmp_path, "diff", "-f", str(folder)).returncode == 2
