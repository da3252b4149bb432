"""`search` over a hundred thousand resources, as a client of the API has it.

The data is written without a cluster: objects as an apiserver would give them go through the extractor, and into Neo4j
by the program's own statement. Health, which the extractor of a live cluster would tell, is set for some of them.
"""

import itertools
import random
import time
from collections.abc import Iterator, Mapping
from statistics import median
from typing import Any

import aiohttp
import msgspec

from kgraph.graphdb.catalogue import Catalogue
from kgraph.graphdb.schema import prepare
from kgraph.graphdb.store import Store, Transaction
from kgraph.stack.ports import free_ports
from kgraph.stack.progress import Report
from kgraph.sync.extract import Extractor
from kgraph.sync.rows import edge_row
from tests.bench.bench import Bench, quiet
from tests.bench.rows import Bar, Figure, figure
from tests.figures import percentile

CLUSTERS = ("prod", "staging")
NAMESPACES = 25
PODS = 6
ROWS = 2_000
SEED = 7
WORDS = ("cart", "checkout", "search", "payment", "invoice", "mail", "review", "stock", "price", "login")
ROLES = ("api", "web", "worker", "cache", "gateway", "cron")
IMAGES = ("nginx", "redis", "postgres", "registry.example.com/shop/api", "ghcr.io/acme/worker")
AWAIT = "CALL db.index.fulltext.awaitEventuallyConsistentIndexRefresh()"

QUERY = """
query ($text: String!) {
  search(text: $text, first: 50) { matchedOn resource { key kind namespace name cluster labels properties } }
}
"""


async def searches(bench: Bench) -> list[Figure]:
    """Many sorts of searches, one client, over HTTP."""
    total = 100_000 if bench.effort.requests > 1_000 else 2_000
    await bench.wipe()
    async with bench.store() as store:
        await prepare(store)
        await fill(store, total, bench.report)
        await store.run_alone(AWAIT, what="waiting for the index")
    quiet()
    (port,) = free_ports(1)
    seconds: dict[str, list[float]] = {}
    async with bench.api(port) as api, aiohttp.ClientSession() as http:
        await api.said("the API listens")
        for _, text in questions(bench.effort.requests // 5):  # the warm-up
            await ask(http, port, text)
        for done, (sort, text) in enumerate(questions(bench.effort.requests)):
            bench.report("search", done, bench.effort.requests)
            began = time.perf_counter()
            await ask(http, port, text)
            seconds.setdefault(sort, []).append(time.perf_counter() - began)
    await bench.wipe()
    every = sorted(itertools.chain.from_iterable(seconds.values()))
    worst = {sort: percentile(sorted(values), 99) * 1000 for sort, values in seconds.items()}
    listed = ", ".join(f"{sort} {ms:.0f}" for sort, ms in sorted(worst.items(), key=lambda item: -item[1]))
    return [
        figure(
            f"search, {total:,} resources, p99",
            percentile(every, 99) * 1000,
            "ms",
            f"{len(every)} searches over HTTP, one client, 50 hits each with labels and properties; "
            f"p50 {median(every) * 1000:.1f} ms; p99 by sort in ms: {listed}",
            bar=Bar("ours", 50),
        )
    ]


def questions(many: int) -> Iterator[tuple[str, str]]:
    """Searches of every sort in turn: what it is called, and its text."""
    chance = random.Random(SEED)
    for number in range(many):
        word, role, image = chance.choice(WORDS), chance.choice(ROLES), chance.choice(IMAGES)
        space, at = f"team-{chance.randrange(NAMESPACES):02}", chance.randrange(1, 50)
        texts = {
            "exact name": f"{word}-{role}-{at:05}",
            "beginning": f"{word}-{role}",
            "word": role,
            "part of a word": word[1:4],
            "two words": f"{word} {role} ns:{space}",
            "nothing": f"nothing-{number}",
            "kind and namespace": f"kind:pod ns:{space}",
            "image and health": f"kind:pod ns:{space} image:{image} health:degraded",
            "image alone": f"image:{image.rpartition('/')[2]}",
            "label": f"l:app.kubernetes.io/name={word}-{role}-{at:05}",
            "label's beginning": f"kind:deploy l:team={space} -canary",
            "everything of a kind": "kind:deploy,svc",
            "annotation": f"owner-{at % 40}@example.com",
        }
        sort = list(texts)[number % len(texts)]
        yield sort, texts[sort]


async def ask(http: aiohttp.ClientSession, port: int, text: str) -> Mapping[str, Any]:
    """Ask the API, and read its answer."""
    body = {"query": QUERY, "variables": {"text": text}}
    async with http.post(f"http://127.0.0.1:{port}/graphql", json=body) as answer:
        found: Mapping[str, Any] = msgspec.json.decode(await answer.read())
    if "errors" in found:
        raise RuntimeError(str(found["errors"]))
    return found


async def fill(store: Store, total: int, report: Report) -> None:
    """Write so many resources, and the images that they run."""
    for cluster in CLUSTERS:
        await store.run_alone(
            "MERGE (c:Cluster {key: $key}) SET c.id = $id",
            {"key": f"cluster:{cluster}", "id": cluster},
            what="a cluster",
        )
    extractor = {cluster: Extractor(cluster, Catalogue()) for cluster in CLUSTERS}
    chance = random.Random(SEED)
    made = itertools.islice(_apps(), total)
    done = 0
    while some := list(itertools.islice(made, ROWS)):
        rows: dict[str, list[dict[str, Any]]] = {}
        images: list[dict[str, Any]] = []
        for cluster, group, kind, value in some:
            resource = extractor[cluster].extract(value, group, "v1", kind).resource
            properties = dict(resource.properties)
            if kind in ("Pod", "Deployment"):
                properties["health"] = "DEGRADED" if chance.random() < 0.02 else "HEALTHY"
            rows.setdefault(resource.label, []).append({"key": resource.key, "properties": properties})
            if kind == "Deployment":
                images += [edge_row(resource.key, edge) for edge in resource.edges if edge.type == "RUNS_IMAGE"]

        async def work(
            transaction: Transaction, rows: dict[str, list[dict[str, Any]]] = rows, images: list[Any] = images
        ) -> None:
            for label, of_label in rows.items():
                await transaction.run("write/upsert_resources", {"label": label, "rows": of_label})
            await transaction.run("write/create_edges_to_images", {"rows": images})

        await store.write(work, what="filling the graph")
        done += len(some)
        report("Writing resources", done, total)


def _apps() -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """Applications without end, one after the other: (cluster, group, kind, object)."""
    for number, (count, word, role) in enumerate(itertools.product(range(100_000), WORDS, ROLES)):
        yield from _app(
            number, f"{word}-{role}", f"{word}-{role}-{count:05}", f"https://docs.example.com/{word}/{role}"
        )


def _app(number: int, app: str, name: str, docs: str) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    cluster, namespace = CLUSTERS[number % 2], f"team-{number // 2 % NAMESPACES:02}"
    labels = {"app.kubernetes.io/name": name, "app": app, "team": namespace}
    notes = {"owner": f"owner-{number % 40}@example.com", "docs": docs}
    image = f"{IMAGES[number % len(IMAGES)]}:1.{number % 30}"
    pod = {"containers": [{"name": "app", "image": image, "envFrom": [{"configMapRef": {"name": name}}]}]}
    template = {"metadata": {"labels": labels}, "spec": pod}

    def thing(kind: str, suffix: str = "", **more: Any) -> dict[str, Any]:
        metadata = {"name": name + suffix, "namespace": namespace, "uid": f"{number}-{kind}{suffix}"}
        return {"kind": kind, "metadata": {**metadata, "labels": labels, "annotations": notes}, **more}

    yield cluster, "apps", "Deployment", thing("Deployment", spec={"replicas": PODS, "template": template})
    yield cluster, "apps", "ReplicaSet", thing("ReplicaSet", f"-{number:08x}", spec={"template": template})
    yield cluster, "", "Service", thing("Service", spec={"selector": {"app": name}, "ports": [{"port": 80}]})
    yield cluster, "", "ConfigMap", thing("ConfigMap", data={"LEVEL": "info"})
    for at in range(PODS):
        status = {"phase": "Running", "podIP": "10.0.0.1"}
        yield cluster, "", "Pod", thing("Pod", f"-{number:08x}-{at}x", spec=pod, status=status)
