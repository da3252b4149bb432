"""The load suite on a little data, in seconds: the whole mix is answered, by tenants too, and its figures are told."""

import json
import random
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import msgspec
import pytest

from kgraph.graphdb.store import Store
from kgraph.stack.kubernetes import ControlPlane
from kgraph.stack.ports import free_ports
from tests.asking import Asker
from tests.bench.dataset import CLUSTER, SMALL, objects
from tests.chaos.stage import ApiProcess
from tests.integration.conftest import store
from tests.load.client import Load
from tests.load.mix import MIX, Asking, World
from tests.load.processes import Processes
from tests.load.report import Report, markdown
from tests.load.scenarios import offered_by_process, phase_of
from tests.servers import Graph
from tests.workers import WorkerProcess, cluster_settings, graph_settings, until

__all__ = ["store"]

pytestmark = [pytest.mark.kubernetes, pytest.mark.neo4j]

SECONDS = 4.0
CLIENTS = 4
PER_SECOND = 5.0
NAMESPACES = ("team-00", "team-01")
TENANT = "alice"


@pytest.fixture
async def load(
    store: Store, own_control_plane: ControlPlane, neo4j_server: Graph, tmp_path: Path
) -> AsyncIterator[tuple[Load, dict[str, int]]]:
    """A load on an API that knows its callers, over the small data set, and the processes that bear it."""
    plane = own_control_plane
    for namespace in NAMESPACES:
        await plane.request("POST", "/api/v1/namespaces", {"metadata": {"name": namespace}})
    for path, value in objects(SMALL):
        await plane.request("POST", path, value)
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin"}
    subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": TENANT}
    bindings = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{NAMESPACES[0]}/rolebindings"
    await plane.request("POST", bindings, {"metadata": {"name": TENANT}, "subjects": [subject], "roleRef": role})
    graph, settings = graph_settings(neo4j_server), cluster_settings(plane, CLUSTER)
    configuration = {
        "clusters": [{"id": CLUSTER, "kubeconfig_path": str(plane.kubeconfig)}],
        "authentication": {"token_review": [{"cluster": CLUSTER}]},
        "enable_mutations": True,
    }
    environ = {
        "CLUSTERS_CONFIG": json.dumps(configuration),
        "NEO4J_URI": graph.uri,
        "NEO4J_USER": graph.user,
        "NEO4J_PASSWORD": graph.password,
        "XDG_RUNTIME_DIR": str(tmp_path),
    }
    async with WorkerProcess.run(tmp_path, graph, settings) as worker:
        await worker.synced(store)
        pods = "MATCH (p:Pod {cluster: $c}) WHERE p.namespace IN $ns RETURN p.namespace AS namespace, p.name AS name"

        async def all_pods() -> list[dict[str, str]]:
            found = await store.read_text(pods, {"c": CLUSTER, "ns": list(NAMESPACES)})
            return found if len(found) >= SMALL.pods else []

        found = await until(all_pods, "all Pods are in the graph")
        api = ApiProcess(tmp_path / "api.log", free_ports(1)[0], environ)
        await api.start()
        try:
            await until(api.is_ready, "the API is ready")
            world = World(
                apps=[
                    (namespace, f"app-{number:02}") for namespace in NAMESPACES for number in range(SMALL.deployments)
                ],
                pods=[(one["namespace"], one["name"]) for one in found],
                everything=plane.admin_token,
                tenants=[(plane.token_of(TENANT), [NAMESPACES[0]])],
                replicas=SMALL.replicas,
            )
            yield Load([api.url], world, CLIENTS, 0, SECONDS, 7), {"API": api.pid, "worker": worker.pid}
        finally:
            await api.kill()
            for namespace in NAMESPACES:
                await plane.request("DELETE", f"/api/v1/namespaces/{namespace}")


async def test_a_short_load(load: tuple[Load, dict[str, int]]) -> None:
    """Each question of the mix has an answer that a healthy API gives, whoever asks it, alone and in a crowd.

    The crowd is a process of its own, closed and open, and its figures are told.
    """
    given, pids = load
    asking = Asking(random.Random(given.seed), given.world)
    async with aiohttp.ClientSession() as http:
        asker = Asker(http, given.urls)
        for row in MIX:
            await asker.ask(asking.question(row))
    assert {one.operation: one.failed for one in asker.asked} == dict.fromkeys((row.operation for row in MIX), "")
    phases = []
    for name, rate in (("closed", 0.0), ("open", PER_SECOND)):
        async with Processes.sampled(pids) as processes:
            heard = await offered_by_process(msgspec.structs.replace(given, rate=rate))
        phases.append(phase_of(name, heard, processes))
    report = Report(title="Short", machine="", data="", phases=phases)
    print(markdown(report))  # noqa: T201 - pytest shows it where the test fails
    assert not report.wrong(failed_most=0), report.wrong(failed_most=0)
    assert all(phase.operations[-1].asked >= CLIENTS for phase in phases)
    assert all(one.resident > 0 for phase in phases for one in phase.used)
