"""Objects as nobody would write them, in a real graph and from a real apiserver: each is there, and is counted."""

import asyncio
import json
from collections import defaultdict
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kgraph.graphdb.kinds import Kind
from kgraph.graphdb.store import Store
from kgraph.kube.discovery import ApiResource
from kgraph.sync.check import compare, picture_of, picture_of_graph
from kgraph.sync.extract import Extractor
from kgraph.sync.feed import Feed
from kgraph.sync.intake import Intake
from kgraph.sync.options import OwnEdge, OwnKind, SyncOptions
from kgraph.sync.pipeline import Pipeline
from kgraph.sync.writer import Writer
from tests.integration.sync.definitions import DEFINITIONS, GROUP, definition, widget
from tests.integration.sync.live import Api, core, nodes
from tests.servers import Cluster
from tests.unit.sync.graphs import CATALOGUE
from tests.unit.sync.malformed import JUNK, REFERENCES, looked_at, named, plant, spoil
from tests.workers import cluster_settings, in_step, running, until

LOOKED_AT = looked_at()
STATUS = "MATCH (k:SyncedKind {cluster: $cluster, plural: $plural}) RETURN k.leftOut AS out, k.malformed AS malformed"
# Half of what an apiserver takes, which is 10,000; ten times what the decoders of Python take.
LEVELS = 4_900
clusters = iter(range(10**9))


@st.composite
def spoilt(draw: st.DrawFn) -> tuple[Kind, dict[str, Any]]:
    """An object with junk at a path that the tables look at, and elsewhere."""
    kind, path = draw(st.sampled_from(LOOKED_AT))
    obj: dict[str, Any] = {"metadata": {"uid": "u"}, "spec": {}}
    plant(obj, path, draw(REFERENCES | JUNK))
    spoil(draw, obj)
    return kind, named(draw, obj)


def resource_of(kind: Kind) -> ApiResource:
    """A kind as a cluster serves it."""
    return ApiResource(
        group=kind.group,
        version="v1",
        kind=kind.kind,
        plural=kind.plural,
        namespaced=kind.namespaced,
        verbs=("list", "watch"),
    )


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(found=st.lists(spoilt(), min_size=1, max_size=40))
async def test_neo4j_takes_whatever_is_made_of_malformed_objects(
    store: Store, found: list[tuple[Kind, dict[str, Any]]]
) -> None:
    """Nothing is refused and nothing left out: the graph is what extraction says, and counts what was malformed."""
    cluster = f"junk{next(clusters)}"
    extractor = Extractor(cluster, CATALOGUE)
    by_key = {str(extractor.key(obj, kind.group, kind.kind)): (kind, obj) for kind, obj in found}
    by_kind: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for kind, obj in by_key.values():
        by_kind[str(kind.group_kind)].append(obj)
    kinds = {str(kind.group_kind): kind for kind, _ in by_key.values()}
    writer = await Writer.claim(store, cluster, {})
    pipeline = Pipeline(cluster, writer.write)
    writing = asyncio.create_task(pipeline.run())
    intake = Intake(store, cluster, extractor, pipeline, extraction="test", feed=Feed(), on_kinds_changed=lambda: None)
    intake.expect(resource_of(kind) for kind in kinds.values())
    for name, objects in by_kind.items():
        resource = resource_of(kinds[name])
        await intake.begin(resource)
        await intake.put_objects(resource, objects)
        await intake.complete(resource, "")
    await intake.settled()
    await pipeline.flush()
    writing.cancel()
    extracted = [extractor.extract(obj, kind.group, "v1", kind.kind) for kind, obj in by_key.values()]
    assert pipeline.refused == {}
    assert list(compare(picture_of(extracted), await picture_of_graph(store, cluster), {})) == []
    counts = await store.read_text(
        "MATCH (k:SyncedKind {cluster: $cluster}) RETURN sum(k.leftOut) AS out, sum(k.malformed) AS malformed",
        {"cluster": cluster},
    )
    assert counts == [{"out": 0, "malformed": sum(bool(each.problems) for each in extracted)}]


ANYTHING = {
    "a-null-list": {"parts": None},
    "a-number-for-a-text": {"parts": [{"name": 7}], "size": "3"},
    "an-empty-reference": {"parts": [{}, {"name": ""}, None, []]},
    "a-text-for-a-map": {"parts": "text", "size": {"is": ["a", {"map": None}]}},
    "no-name": {"parts": [{"name": "a/b"}, {"name": "../.."}, {"name": "ü \u0000"}]},
    "huge": {"size": 2**63 - 1, "parts": [{"name": "x" * 5_000}]},
    "deep": {"parts": [{"name": "good"}], "more": "DEEP"},
    "good": {"parts": [{"name": "good"}], "size": 1},
}


@pytest.mark.usefixtures("no_definitions")
async def test_a_kind_whose_objects_are_anything_is_synced_all_the_same(
    store: Store, api: Api, control_plane: Cluster, namespace: str
) -> None:
    """What an apiserver lets through under a schema without words is in the graph, listed or watched, and counted."""
    cluster = cluster_settings(control_plane, "anything")
    edge = OwnEdge(type="USES_CONFIGMAP", end="ConfigMap", path=".spec.parts[*]")
    said = OwnKind(group=GROUP, plural="widgets", promote={"size": ".spec.size", "all": "..name"}, edges=(edge,))
    options = SyncOptions(watch_resources=("namespaces", "configmaps", f"*.{GROUP}", "crd"), own_kinds=(said,))
    await api.make(DEFINITIONS, **definition("widgets", "Widget"))
    await widget(api, namespace, "first", spec={})

    async def make_all(prefix: str) -> None:
        for name, spec in ANYTHING.items():
            metadata = {"name": f"{prefix}{name}"}
            obj = {"apiVersion": f"{GROUP}/v1", "kind": "Widget", "metadata": metadata, "spec": spec}
            text = json.dumps(obj).replace('"DEEP"', '{"a":[' * LEVELS + "]}" * LEVELS)
            await api.make_of(f"/apis/{GROUP}/v1/namespaces/{namespace}/widgets", text)

    async def all_there() -> bool:
        names = {"first", *ANYTHING, *(f"again-{name}" for name in ANYTHING)}
        return names == (await nodes(store, "anything", "Widget")).keys()

    async def counted() -> bool:
        return await store.read_text(STATUS, {"cluster": "anything", "plural": "widgets"}) == [
            {"out": 0, "malformed": 2 * len(wrong)}
        ]

    wrong = {"a-number-for-a-text", "an-empty-reference", "no-name", "deep"}
    await make_all("")
    async with running(store, cluster, options):
        assert (await nodes(store, "anything", "Widget")).keys() == {"first", *ANYTHING}
        await make_all("again-")
        await api.make(core(namespace, "configmaps"), metadata={"name": "good"})
        await until(all_there, "all objects are in the graph")
        await until(counted, "the malformed ones are counted")
        rows = await store.read_text(
            "MATCH (n:Resource {cluster: 'anything', kind: 'Widget'}) WHERE n.problems IS NOT NULL "
            "RETURN n.name AS name, n.problems AS problems, n.manifest AS manifest"
        )
        problems = {row["name"]: row["problems"] for row in rows}
        assert problems.keys() == wrong | {f"again-{name}" for name in wrong}
        assert problems["a-number-for-a-text"] == ["spec.parts[0] names 7, which can be no name"]
        assert "nested more than" in problems["deep"][0]
        manifests = {row["name"]: json.loads(row["manifest"]) for row in rows}
        assert manifests["deep"]["spec"]["parts"] == [{"name": "good"}]
        await in_step(store, cluster, options)
