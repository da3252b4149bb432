"""What a definition says of its kind on a real cluster: versions, scope, schema, conversion; and what users say."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from kgraph.api.app import create_app
from kgraph.api.settings import ApiSettings
from kgraph.graphdb.store import Store
from kgraph.kube.sealing import Sealer
from kgraph.sync.options import OwnEdge, OwnKind, SyncOptions
from tests.integration.sync.definitions import (
    DEFINITIONS,
    GROUP,
    definition,
    delete_definitions,
    schema,
    version,
    widget,
)
from tests.integration.sync.live import Api, core, edges, kind_errors, nodes
from tests.servers import Cluster
from tests.workers import cluster_settings, in_step, running, until

pytestmark = pytest.mark.usefixtures("no_definitions")

SMALL = SyncOptions(watch_resources=("namespaces", "configmaps", f"*.{GROUP}", "crd"))
WIDGETS = f"{DEFINITIONS}/widgets.{GROUP}"
TEXT = {"type": "string"}
PARTS = ("worker", "connection", "sync")  # what every cluster has; tests start workers that no registry knows of
COMPONENTS = "query($id: ID!) { cluster(id: $id) { status { components { name ready message } } } }"


async def widgets(store: Store, cluster: str) -> Mapping[str, str]:
    """The versions of a cluster's custom resources by their keys, without the cluster and the group."""
    found = await store.read_text(
        "MATCH (n:Resource {cluster: $cluster, kind: 'Widget'}) WHERE NOT n:Missing "
        "RETURN n.key AS key, n.version AS v",
        {"cluster": cluster},
    )
    return {row["key"].removeprefix(f"{cluster}/{GROUP}/Widget/"): row["v"] for row in found}


async def components(store: Store, cluster: str) -> list[dict[str, Any]]:
    """What the API says is wrong with a cluster's kinds."""
    transport = httpx.ASGITransport(app=create_app(store, ApiSettings(), Sealer.of({})))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        answer = await http.post("/graphql", json={"query": COMPONENTS, "variables": {"id": cluster}})
    found: list[dict[str, Any]] = answer.json()["data"]["cluster"]["status"]["components"]
    return [component for component in found if component["name"] not in PARTS]


async def test_a_version_that_is_no_longer_served_gives_way_to_the_one_that_is(
    store: Store, api: Api, control_plane: Cluster, namespace: str
) -> None:
    """A kind is read in the version that the server prefers now, though its objects did not change."""
    settings = cluster_settings(control_plane, "versions")
    await api.make(DEFINITIONS, **definition("widgets", "Widget"))
    await widget(api, namespace, "a")

    async def read_as(name: str) -> bool:
        return await widgets(store, "versions") == {f"{namespace}/a": name}

    async with running(store, settings, SMALL):
        assert await read_as("v1")
        await api.merge(WIDGETS, spec={"versions": [version(), version("v2", storage=False)]})
        await until(lambda: read_as("v2"), "the kind is read as v2, which Kubernetes prefers")
        await in_step(store, settings, SMALL)
        await api.merge(WIDGETS, spec={"versions": [version(), version("v2", storage=False, served=False)]})
        await until(lambda: read_as("v1"), "the kind is read as v1, as v2 is not served")
        await api.merge(WIDGETS, spec={"versions": [version(served=False, storage=False), version("v2")]})
        await until(lambda: read_as("v2"), "the kind is read as v2, as v1 is not served")
        await in_step(store, settings, SMALL)


async def test_the_version_that_a_user_asks_for_is_read_while_it_is_served(
    store: Store, api: Api, control_plane: Cluster, namespace: str
) -> None:
    """Paths are written for one version: it is read, and where it is not served the kind says so."""
    settings = cluster_settings(control_plane, "asked")
    options = SyncOptions(
        watch_resources=SMALL.watch_resources, own_kinds=(OwnKind(group=GROUP, plural="widgets", version="v1"),)
    )
    await api.make(DEFINITIONS, **definition("widgets", "Widget", version(), version("v2", storage=False)))
    await widget(api, namespace, "a")

    async def remarked() -> bool:
        found = await components(store, "asked")
        return [each["name"] for each in found] == [f"widgets.{GROUP}"] and "v2 is read" in found[0]["message"]

    async with running(store, settings, options):
        assert await widgets(store, "asked") == {f"{namespace}/a": "v1"}
        assert await components(store, "asked") == []
        await api.merge(WIDGETS, spec={"versions": [version(served=False, storage=False), version("v2")]})
        await until(remarked, "the cluster says that another version is read")
        assert await widgets(store, "asked") == {f"{namespace}/a": "v2"}
        await in_step(store, settings, options)


async def test_a_definition_made_again_under_another_scope_takes_all_keys_with_it(
    store: Store, api: Api, control_plane: Cluster, namespace: str
) -> None:
    """Resources of a kind that is made again cluster-scoped have no namespace, and the old ones are gone."""
    settings = cluster_settings(control_plane, "scope")
    await api.make(DEFINITIONS, **definition("widgets", "Widget"))
    await widget(api, namespace, "a")

    async def cluster_scoped() -> bool:
        return await widgets(store, "scope") == {"_/a": "v1"}

    async with running(store, settings, SMALL):
        assert await widgets(store, "scope") == {f"{namespace}/a": "v1"}
        await delete_definitions(api)
        await api.make(DEFINITIONS, **definition("widgets", "Widget", scope="Cluster"))
        await widget(api, "", "a")
        await until(cluster_scoped, "the resource has no namespace")
        await in_step(store, settings, SMALL)


async def test_a_schema_that_changes_changes_what_is_inferred(
    store: Store, api: Api, control_plane: Cluster, namespace: str
) -> None:
    """References are inferred from the schema of now, and objects that do not fit it are counted."""
    settings = cluster_settings(control_plane, "schema")
    await api.make(DEFINITIONS, **definition("widgets", "Widget", version(of=schema())))
    await widget(api, namespace, "a", spec={"configMapName": "cm", "partRef": {"kind": "ConfigMap", "name": "part"}})
    await widget(api, namespace, "b", spec={"configMapName": 7})
    start = f"{GROUP}/Widget/{namespace}/a"
    part = {"type": "object", "properties": {"name": TEXT, "kind": TEXT}, "x-kubernetes-preserve-unknown-fields": True}

    async def inferred() -> set[tuple[str, str]]:
        found = await edges(store, "schema", "USES_CONFIGMAP", "REFERS_TO")
        return {(type_, end) for begin, type_, end in found if begin == start}

    async def some() -> bool:
        return await inferred() == {
            ("USES_CONFIGMAP", f"core/ConfigMap/{namespace}/cm"),
            ("REFERS_TO", f"core/ConfigMap/{namespace}/part"),
        }

    async def none() -> bool:
        return not await inferred()

    async with running(store, settings, SMALL):
        assert await none(), "no schema, no edge"
        await api.merge(WIDGETS, spec={"versions": [version(of=schema(configMapName=TEXT, partRef=part))]})
        await until(some, "the references are inferred")
        (component,) = await components(store, "schema")
        assert (component["name"], component["ready"]) == (f"widgets.{GROUP}", True)
        assert "1 object malformed" in component["message"]
        assert "spec.configMapName names 7" in component["message"]
        await in_step(store, settings, SMALL)
    async with running(store, settings, SMALL):
        assert await some(), "and after a restart"
        assert len(await components(store, "schema")) == 1, "what the graph has is still known to be malformed"
        await api.delete(f"/apis/{GROUP}/v1/namespaces/{namespace}/widgets/b")
        await until(lambda: _no_components(store, "schema"), "the malformed object is gone")
        await api.merge(WIDGETS, spec={"versions": [version(of=schema())]})
        await until(none, "nothing is inferred any more")
        await in_step(store, settings, SMALL)


async def _no_components(store: Store, cluster: str) -> bool:
    return not await components(store, cluster)


async def test_properties_and_edges_of_a_user_s_own_are_in_the_graph(
    store: Store, api: Api, control_plane: Cluster, namespace: str
) -> None:
    """What the configuration says of a custom kind is on its nodes and edges, and goes when it is not said."""
    settings = cluster_settings(control_plane, "own")
    edge = OwnEdge(type="USES_CONFIGMAP", end="ConfigMap", path=".spec.parts[*]", name=".of", on_delete="breaks")
    said = OwnKind(group=GROUP, plural="widgets", promote={"size": ".spec.size"}, edges=(edge,))
    options = SyncOptions(watch_resources=SMALL.watch_resources, own_kinds=(said,))
    await api.make(DEFINITIONS, **definition("widgets", "Widget"))
    await api.make(DEFINITIONS, **definition("gadgets", "Gadget"))
    await api.make(core(namespace, "configmaps"), metadata={"name": "cm"})
    await widget(api, namespace, "a", spec={"size": 3, "parts": [{"of": "cm"}, {"of": None}]})
    query = (
        "MATCH (n:Resource {cluster: 'own', kind: 'Widget'}) OPTIONAL MATCH (n)-[r:USES_CONFIGMAP]->(e) "
        "RETURN n.size AS size, r.onDelete AS means, r.fields AS fields, e.name AS name"
    )
    async with running(store, settings, options):
        wanted = {"size": 3, "means": "breaks", "fields": ["spec.parts[0]"], "name": "cm"}
        assert await store.read_text(query) == [wanted]
        kinds = await store.read_text("MATCH (k:SyncedKind {cluster: 'own'}) RETURN k.plural AS plural")
        assert "gadgets" not in {row["plural"] for row in kinds}, "a custom kind that the list does not name"
        await in_step(store, settings, options)
    async with running(store, settings, SMALL):
        assert await store.read_text(query) == [{"size": None, "means": None, "fields": None, "name": None}]
        await in_step(store, settings, SMALL)


async def test_without_custom_resources_and_relationships_the_rest_is_synced(
    store: Store, api: Api, control_plane: Cluster, namespace: str
) -> None:
    """Two switches leave custom kinds and edges out; what was in the graph of them goes."""
    settings = cluster_settings(control_plane, "switches")
    await api.make(DEFINITIONS, **definition("widgets", "Widget"))
    await widget(api, namespace, "a")
    async with running(store, settings, SMALL):
        assert "a" in await nodes(store, "switches", "Widget")
    # The words name a group of which nothing is left: a `*` may be none.
    fewer = SyncOptions(watch_resources=SMALL.watch_resources, custom_resources=False, relationships=False)
    async with running(store, settings, fewer):
        assert await nodes(store, "switches", "Widget") == {}
        types = await store.read_text(
            "MATCH (n:Resource {cluster: 'switches'})-[r]->() RETURN collect(DISTINCT type(r)) AS types"
        )
        assert set(types[0]["types"]) == {"IN_NAMESPACE", "IN_CLUSTER"}
        await in_step(store, settings, fewer)


@pytest.mark.parametrize("worker", ["starts", "runs"])
async def test_a_kind_whose_conversion_webhook_is_dead_fails_alone(
    store: Store, api: Api, control_plane: Cluster, namespace: str, worker: str
) -> None:
    """A kind that the apiserver can't convert is told on the cluster, the others go on, and it comes back by itself."""
    cluster = f"webhook-{worker}"
    settings = cluster_settings(control_plane, cluster)
    options = SyncOptions(watch_resources=SMALL.watch_resources, resync_seconds=2)
    service = {"namespace": namespace, "name": "nobody", "path": "/convert"}
    webhook = {"clientConfig": {"service": service}, "conversionReviewVersions": ["v1"]}
    dead = {"strategy": "Webhook", "webhook": webhook}
    alive = {"strategy": "None", "webhook": None}
    both = definition("widgets", "Widget", version(), version("v2", storage=False))
    await api.make(DEFINITIONS, **both)
    await widget(api, namespace, "a")

    async def fails() -> bool:
        found = await components(store, cluster)
        return [(each["name"], each["ready"]) for each in found] == [(f"widgets.{GROUP}", False)]

    async def others_follow() -> bool:
        return "new" in await nodes(store, cluster, "ConfigMap")

    async def is_back() -> bool:
        return not await components(store, cluster) and await widgets(store, cluster) == {f"{namespace}/a": "v2"}

    if worker == "starts":
        await api.merge(WIDGETS, spec={"conversion": dead})
        await until(lambda: _unreadable(api, namespace), "the apiserver can't convert")
    async with running(store, settings, options):
        if worker == "runs":
            assert await is_back()
            await api.merge(WIDGETS, spec={"conversion": dead})
        await until(fails, "the cluster says that the kind fails")
        errors = await kind_errors(store, cluster)
        assert errors.keys() == {"widgets"}
        assert "conversion webhook" in errors["widgets"]
        await api.make(core(namespace, "configmaps"), metadata={"name": "new"})
        await until(others_follow, "another kind's change is in the graph")
        await api.merge(WIDGETS, spec={"conversion": alive})
        await until(is_back, "the kind is read again")
        await in_step(store, settings, options)


async def _unreadable(api: Api, namespace: str) -> bool:
    return await api.get(f"/apis/{GROUP}/v2/namespaces/{namespace}/widgets") is None
