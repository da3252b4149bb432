"""A small graph that a worker's own writer changes at random, and every sort of question that is kept about it."""

import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from kgraph.api.errors import ApiError
from kgraph.api.graphql.loaders import KeyWanted, Loaders, MembersWanted, RelatedWanted, RelationsWanted, Step
from kgraph.api.impact import impact
from kgraph.api.listing import Conditions, count, page
from kgraph.api.nodes import Wanted, named
from kgraph.api.path import Search, shortest_path
from kgraph.api.reading.reader import Reader
from kgraph.api.settings import Limits
from kgraph.api.walk import Walk, neighbourhood
from kgraph.graphdb.health import Health
from kgraph.graphdb.model import Edge, GroupKind, Resource
from kgraph.graphdb.store import Store
from kgraph.sync.batch import Batch
from kgraph.sync.writer import Writer

CLUSTER = "busy"
KINDS = (("core", "Pod"), ("apps", "ReplicaSet"), ("core", "ConfigMap"))
SPACES = tuple(f"{CLUSTER}/core/Namespace/_/{name}" for name in ("a", "b"))
KEYS = tuple(
    f"{CLUSTER}/{group}/{kind}/{space}/{name}" for group, kind in KINDS for space in ("a", "b") for name in ("x", "y")
)
IMAGES = ("image:docker.io/library/one:1", "image:docker.io/library/two:2")
SECONDS = 20.0
EVERYTHING = Wanted(facts=True, properties=True, manifests=True)
Question = Callable[[Reader], Awaitable[Any]]


class Busy:
    """Changes the graph as a worker does, one transaction at a time."""

    def __init__(self, writer: Writer, seed: int) -> None:
        self._writer = writer
        self._random = random.Random(seed)
        self._there: dict[str, tuple[str, tuple[Edge, ...]]] = {}  # key -> uid, edges
        self._matched: set[tuple[str, str]] = set()
        self._count = 0

    @classmethod
    async def starting(cls, store: Store, seed: int) -> "Busy":
        """In an empty graph."""
        return cls(await Writer.claim(store, CLUSTER, {}), seed)

    async def change(self) -> None:
        """Write one to four changes in one transaction."""
        batch = Batch()
        for key in self._random.sample((*KEYS, *SPACES), self._random.randint(1, 4)):
            if key in self._there and self._random.random() < 0.3:
                self._remove(batch, key)
            else:
                self._put(batch, key)
        if self._random.random() < 0.3:
            self._select(batch)
        await self._writer.write(batch, {"resourceCount": self._count})

    def _put(self, batch: Batch, key: str) -> None:
        self._count += 1
        before = self._there.get(key)
        is_same = before is not None and self._random.random() < 0.7
        uid = before[0] if before and is_same else f"u{self._count}"
        edges = before[1] if before and is_same and self._random.random() < 0.5 else self._edges(key)
        self._there[key] = uid, edges
        kind = key.split("/")[2]
        batch.put(
            Resource(key, kind, uid, str(self._count), str(self._count), self._properties(key, uid), edges, str(edges)),
            edges_changed=before is None or before[1] != edges,
            fresh=before is None,
        )

    def _properties(self, key: str, uid: str) -> dict[str, Any]:
        cluster, group, kind, namespace, name = key.split("/")
        manifest = {"metadata": {"name": name, "uid": uid, "resourceVersion": str(self._count)}}
        found = {
            "key": key, "cluster": cluster, "group": "" if group == "core" else group, "kind": kind, "name": name,
            "version": "v1", "uid": uid, "resourceVersion": str(self._count), "labels": [f"n={self._count % 3}"],
            "health": self._random.choice(list(Health)).value, "phase": f"p{self._count % 2}",
            "manifest": msgspec.json.encode(manifest).decode(),
        }  # fmt: skip
        return found if namespace == "_" else {**found, "namespace": namespace}

    def _edges(self, key: str) -> tuple[Edge, ...]:
        _, _, kind, space, _ = key.split("/")
        if space == "_":
            return ()
        found = [Edge("IN_NAMESPACE", f"{CLUSTER}/core/Namespace/_/{space}", ())]
        owner = self._random.choice([one for one in KEYS if "/ReplicaSet/" in one])
        if kind == "Pod":
            uid = self._there.get(owner, ("gone", ()))[0]
            found.append(
                Edge("OWNED_BY", owner, ("metadata.ownerReferences",), uid=self._random.choice([uid, "other"]))
            )
            found.append(Edge("RUNS_IMAGE", self._random.choice(IMAGES), ("spec.containers",)))
        if kind != "ConfigMap":
            configs = [one for one in KEYS if "/ConfigMap/" in one]
            found += [
                Edge("USES_CONFIGMAP", one, ("spec.volumes",), optional=self._random.random() < 0.5)
                for one in self._random.sample(configs, self._random.randint(0, 2))
            ]
        return tuple(found)

    def _remove(self, batch: Batch, key: str) -> None:
        del self._there[key]
        self._matched = {pair for pair in self._matched if key not in pair}
        batch.remove(key, key.split("/")[2])

    def _select(self, batch: Batch) -> None:
        """An edge that follows both ends comes, or goes."""
        if self._matched and self._random.random() < 0.5:
            start, end = self._random.choice(sorted(self._matched))
            self._matched.discard((start, end))
            batch.unmatch(start, "SELECTS", end)
        elif len(there := sorted(key for key in self._there if key in KEYS)) > 1:
            start, end = self._random.sample(there, 2)
            self._matched.add((start, end))
            batch.match(start, Edge("SELECTS", end, ("spec.selector",)))


def questions() -> dict[str, Question]:
    """By name: what asks a reader, and gives something that can be compared."""
    found: dict[str, Question] = {}
    prefixes = [f"{CLUSTER}/", f"{CLUSTER}/core/Pod/", f"{CLUSTER}/core/Pod/a/", f"{CLUSTER}/core/Namespace/"]
    for prefix in prefixes:
        found[f"list {prefix}"] = _page(prefix)
        found[f"count {prefix}"] = _count(prefix)
        found[f"members {prefix}"] = _members(prefix)
    walks = {
        "near": Walk(depth=1),
        "two": Walk(depth=2, fields=True),
        "three": Walk(depth=3, types=("OWNED_BY", "USES_CONFIGMAP", "SELECTS")),
        "dense": Walk(depth=2, fanout=1),
        "cut": Walk(depth=2, limit=4),
        "contained": Walk(depth=2, types=("IN_NAMESPACE",), fanout=2),
        "kinds": Walk(depth=2, kinds=(GroupKind("", "Pod"), GroupKind("", "ConfigMap"))),
    }
    for key in (*KEYS, *SPACES, *IMAGES):
        for name, walk in walks.items():
            found[f"{name} {key}"] = _walked(key, walk)
        found[f"related {key}"] = _related(key)
    found["impact"] = lambda reader: impact(reader, KEYS[-1], "delete", timeout=SECONDS)
    found["path"] = lambda reader: shortest_path(
        reader, KEYS[0], KEYS[-1], Search(("OWNED_BY", "USES_CONFIGMAP", "SELECTS")), timeout=SECONDS
    )
    found["namespaces"] = lambda reader: reader.read_one(
        "read/namespaces", {"of": {"clusters": [CLUSTER]}}, timeout=SECONDS
    )
    return found


async def answer(question: Question, reader: Reader) -> Any:
    """The answer, or what the error says."""
    try:
        return await question(reader)
    except ApiError as error:
        return str(error)


def _conditions(prefix: str) -> Conditions:
    labels: Mapping[str, Any] = {"one_of": [], "none_of": ["n=0"], "present": [], "absent": [], "compared": []}
    return Conditions((prefix,), labels, ({"property": "phase", "value": "p1", "equal": False},), None)


def _page(prefix: str) -> Question:
    return lambda reader: page(
        reader, _conditions(prefix), first=3, after=f"{CLUSTER}/a", wanted=EVERYTHING, timeout=SECONDS
    )


def _count(prefix: str) -> Question:
    return lambda reader: count(reader, _conditions(prefix), timeout=SECONDS)


def _members(prefix: str) -> Question:
    return lambda reader: Loaders(reader, Limits()).members.load(MembersWanted(prefix, "", 3, EVERYTHING))


def _walked(key: str, walk: Walk) -> Question:
    return lambda reader: neighbourhood(reader, key, walk, timeout=SECONDS)


def _related(key: str) -> Question:
    async def ask(reader: Reader) -> Any:
        loaders = Loaders(reader, Limits())
        place = (await named(reader, key, timeout=SECONDS)).place
        owned = Step("OWNED_BY", False, GroupKind("", "Pod"))
        using = (Step("OWNED_BY", True, GroupKind("apps", "ReplicaSet")), Step("USES_CONFIGMAP", True, None))
        return [
            await loaders.related.load(RelatedWanted(place, (owned,), "", 5, False, EVERYTHING)),
            await loaders.related.load(RelatedWanted(place, using, "", 5, False, EVERYTHING)),
            await loaders.relations.load(RelationsWanted(place, True, ("OWNED_BY", "USES_CONFIGMAP", "SELECTS"), 2)),
            await loaders.relations.load(RelationsWanted(place, False, ("OWNED_BY", "IN_NAMESPACE", "SELECTS"), 2)),
            await loaders.manifests.load(place),
            await loaders.histories.load(place),
            await loaders.parts.load(place[0]),
            await loaders.by_key.load(KeyWanted(key, EVERYTHING)),
            await reader.read_one("read/labels", {"of": {"keys": [*SPACES]}}, timeout=SECONDS),
        ]

    return ask
