"""Mutations through the API, beside the same requests sent directly to the apiserver with the caller's own token.

What is beyond the direct request is what the API does for it: the SubjectAccessReview, what is there before, the
namespace's quotas, both entries of the audit, and the answer's own resource in the graph.
"""

import ssl
import time
from collections.abc import Iterator, Mapping
from statistics import median
from typing import Any

import aiohttp
import msgspec

from kgraph.stack.ports import free_ports
from tests.bench.accounts import AUTHENTICATION, account
from tests.bench.bench import Bench, quiet
from tests.bench.dataset import CLUSTER
from tests.bench.rows import Bar, Figure, figure
from tests.figures import percentile

NAMESPACE = "mutated"
DEPLOYMENTS = 220
WARM_UPS = 20  # the first of them
OVER_MOST_MS = 15.0
APPS = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments"
QUOTA = {"metadata": {"name": "room"}, "spec": {"hard": {"pods": "1000", "requests.cpu": "1000"}}}
PATCH = """
mutation ($cluster: String!, $namespace: String!, $name: String!, $patch: JSON!) {
  done: patchResource(
    cluster: $cluster, resourceType: "deployments.apps", namespace: $namespace, name: $name, patch: $patch, type: MERGE
  ) { key }
}
"""
SCALE = """
mutation ($cluster: String!, $namespace: String!, $name: String!, $replicas: Int!) {
  done: scaleDeployment(cluster: $cluster, namespace: $namespace, name: $name, replicas: $replicas) { key }
}
"""


class Kind(msgspec.Struct, frozen=True):
    """One sort of mutation: its name, its document, and what follows an object's path where it is sent directly."""

    name: str
    document: str
    path: str = ""

    def variables(self, at: int) -> dict[str, Any]:
        """What an object is changed to in turn `at`, for the API."""
        return {"replicas": 1 + at % 2} if self.path else {"patch": self.body(at)}

    def body(self, at: int) -> dict[str, Any]:
        """The same as a merge patch."""
        return {"spec": {"replicas": 1 + at % 2}} if self.path else {"metadata": {"annotations": {"turn": str(at)}}}


KINDS = (Kind("patchResource", PATCH), Kind("scaleDeployment", SCALE, "/scale"))


class Ways(msgspec.Struct, frozen=True):
    """The two ways to the cluster, with one caller's token."""

    http: aiohttp.ClientSession
    api: str
    server: str
    trusted: ssl.SSLContext

    async def ours(self, kind: Kind, name: str, at: int) -> float:
        """Ask the API; seconds."""
        named = {"cluster": CLUSTER, "namespace": NAMESPACE, "name": name}
        body = {"query": kind.document, "variables": {**named, **kind.variables(at)}}
        began = time.perf_counter()
        async with self.http.post(self.api, json=body) as answer:
            found = await answer.json()
        took = time.perf_counter() - began
        if "errors" in found:
            raise RuntimeError(str(found["errors"]))
        return took

    async def directly(self, kind: Kind, name: str, at: int) -> float:
        """Ask the apiserver; seconds."""
        headers = {"Content-Type": "application/merge-patch+json"}
        body = msgspec.json.encode(kind.body(at))
        began = time.perf_counter()
        url = f"{self.server}{APPS}/{name}{kind.path}"
        async with self.http.patch(url, data=body, headers=headers, ssl=self.trusted) as answer:
            answer.raise_for_status()
            await answer.read()
        return time.perf_counter() - began


async def mutations(bench: Bench) -> list[Figure]:
    """Each Deployment patched and scaled both ways, once: no verdict of the cluster is kept of the one before."""
    await bench.synced()
    token = await _made(bench)
    quiet()
    (port,) = free_ports(1)
    # What is measured is one mutation, not how many a deployment lets through: that is its own to say, by qps.
    clusters = f"[{{id: {CLUSTER}, kubeconfig_path: {bench.plane.kubeconfig}, qps: 0}}]"
    settings = f"enable_mutations: true\n{AUTHENTICATION}"
    login = {"Authorization": f"Bearer {token}"}
    found = []
    async with bench.api(port, settings, clusters=clusters) as api, aiohttp.ClientSession(headers=login) as http:
        await api.said("the API listens")
        trusted = ssl.create_default_context(cafile=bench.plane.ca_file)
        ways = Ways(http, f"http://127.0.0.1:{port}/graphql", bench.plane.server, trusted)
        for kind in KINDS:
            ours, directly = list[float](), list[float]()
            for at, name in enumerate(_names()):
                bench.report(kind.name, at, DEPLOYMENTS)
                directly.append(await ways.directly(kind, name, 1))
                ours.append(await ways.ours(kind, name, 2))
            found += _figures(kind, ours[WARM_UPS:], directly[WARM_UPS:])
    await bench.plane.request("DELETE", f"/api/v1/namespaces/{NAMESPACE}")
    return found


def _figures(kind: Kind, ours: list[float], directly: list[float]) -> list[Figure]:
    through, floor = median(ours) * 1000, median(directly) * 1000
    data = (
        f"{len(ours)} Deployments of a namespace with a ResourceQuota, each once, so that the cluster is asked of each "
        f"whether the caller may, by a service account; one client; p99 {percentile(sorted(ours), 99) * 1000:.0f} ms, "
        f"floor's {percentile(sorted(directly), 99) * 1000:.0f} ms; the floor is sent to the apiserver with its token"
    )
    return [
        figure(f"{kind.name} through the API, p50", through, "ms", data, floor=floor),
        figure(
            f"{kind.name}, what the API adds, p50",
            through - floor,
            "ms",
            f"{through:.1f} ms through the API, {floor:.1f} ms directly; as the row above",
            bar=Bar("ours", OVER_MOST_MS),
        ),
    ]


def _names() -> Iterator[str]:
    return (f"d{at:03}" for at in range(DEPLOYMENTS))


async def _made(bench: Bench) -> str:
    """A namespace with a quota and Deployments that are paused, so that none has Pods; the token of its owner."""
    await bench.plane.request("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
    await bench.plane.request("POST", f"/api/v1/namespaces/{NAMESPACE}/resourcequotas", QUOTA)
    for name in _names():
        await bench.plane.request("POST", APPS, _deployment(name))
    return await account(bench, "owner", [NAMESPACE])


def _deployment(name: str) -> Mapping[str, Any]:
    labels = {"app": name}
    container = {"name": "web", "image": "nginx:1.27", "resources": {"requests": {"cpu": "100m"}}}
    return {
        "metadata": {"name": name},
        "spec": {
            "paused": True,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }
