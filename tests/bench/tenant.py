"""`resourceGraph` for a caller who sees twenty namespaces, beside the same for one who sees all without being asked.

Both are served by processes of the same program; the one has no authentication, so that nothing is filtered.
"""

import time
from statistics import median
from typing import Any

import aiohttp

from kgraph.stack.ports import free_ports
from tests.bench.accounts import AUTHENTICATION, account
from tests.bench.bench import Bench, quiet
from tests.bench.dataset import CLUSTER
from tests.bench.rows import Bar, Figure, figure
from tests.bench.walks import QUERY

NAMESPACES = 20
ROOTS = 100
DEPTH = 2
WARM_UPS = 2


async def tenant(bench: Bench) -> list[Figure]:
    """Deployments of those namespaces as roots, each asked of both in turn, warm."""
    await bench.synced()
    namespaces = await _namespaces(bench)
    token = await account(bench, "tenant", namespaces)
    roots = await _roots(bench, namespaces)
    quiet()
    ports = free_ports(2)
    filtered, whole, nodes = list[float](), list[float](), list[int]()
    async with (
        bench.api(ports[0], AUTHENTICATION) as one,
        bench.api(ports[1]) as other,
        aiohttp.ClientSession() as http,
    ):
        await one.said("the API listens")
        await other.said("the API listens")
        for at, variables in enumerate(roots):
            bench.report("tenant's graphs", at, len(roots))
            for _ in range(WARM_UPS):
                await _ask(http, ports[0], variables, token)
                await _ask(http, ports[1], variables)
            took, many = await _ask(http, ports[0], variables, token)
            filtered.append(took)
            nodes.append(many)
            whole.append((await _ask(http, ports[1], variables))[0])
    return [
        figure(
            f"resourceGraph of a tenant with {len(namespaces)} namespaces, warm, p50",
            median(filtered) * 1000,
            "ms",
            f"{len(roots)} Deployments, depth {DEPTH}, answers of {median(nodes):.0f} nodes in the median; one client "
            "over HTTP; the floor is the same unfiltered",
            floor=median(whole) * 1000,
            bar=Bar("ratio", 1.3),
        )
    ]


async def _namespaces(bench: Bench) -> list[str]:
    rows = await bench.query(
        "MATCH (n:Namespace) WHERE n.name STARTS WITH 'team-' AND NOT n:Missing "
        "RETURN n.name ORDER BY n.name LIMIT $many",
        many=NAMESPACES,
    )
    return [str(name) for (name,) in rows]


async def _roots(bench: Bench, namespaces: list[str]) -> list[dict[str, Any]]:
    rows = await bench.query(
        "MATCH (n:Deployment) WHERE n.namespace IN $namespaces AND NOT n:Missing "
        "RETURN n.namespace, n.name ORDER BY n.name, n.namespace LIMIT $many",
        namespaces=namespaces,
        many=ROOTS,
    )
    return [
        {"cluster": CLUSTER, "type": "deployments.apps", "namespace": namespace, "name": name, "depth": DEPTH}
        for namespace, name in rows
    ]


async def _ask(http: aiohttp.ClientSession, port: int, variables: dict[str, Any], token: str = "") -> tuple[float, int]:
    """Seconds, and how many nodes."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    body = {"query": QUERY, "variables": variables}
    began = time.perf_counter()
    async with http.post(f"http://127.0.0.1:{port}/graphql", json=body, headers=headers) as answer:
        found = await answer.json()
    took = time.perf_counter() - began
    if "errors" in found:
        raise RuntimeError(str(found["errors"]))
    return took, len(found["data"]["resourceGraph"]["nodes"])
