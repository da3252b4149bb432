"""What a user says of custom kinds: paths in JSONPath, promoted properties, edges, and which kinds are synced."""

from typing import Any

import pytest

from kgraph.graphdb.catalogue import Catalogue
from kgraph.graphdb.kinds import Kind
from kgraph.graphdb.model import GroupKind
from kgraph.kube import jsonpath
from kgraph.kube.discovery import ApiResource, Discovery
from kgraph.sync.custom import extractor, select_kinds, unserved, with_promoted
from kgraph.sync.definitions import Definition, definition_of
from kgraph.sync.extract import Extracted
from kgraph.sync.options import OwnEdge, OwnKind, SyncOptions
from tests.unit.sync.graphs import written

DATABASE = Kind(group="db.example.com", kind="Database", plural="databases")
OBJECT: dict[str, Any] = {
    "metadata": {"name": "orders", "namespace": "shop", "labels": {"app.kubernetes.io/name": "orders"}},
    "spec": {
        "engine": "postgres",
        "replicas": [{"host": "a", "zone": 1}, {"host": "b"}],
        "credentials": [{"name": "admin"}, {"name": "reader", "namespace": "infra"}, "plain", 7, {"name": "a/b"}, {}],
        "storage": {"className": "fast"},
        "backup": {"bucket": "b", "bucketNamespace": "backups"},
        "secretName": "by-schema",
    },
    "status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "Old", "status": "False"}]},
}


def _definition() -> Definition:
    schema = {"properties": {"spec": {"properties": {"secretName": {"type": "string"}}}}}
    names = {"kind": "Database", "plural": "databases"}
    versions = [{"name": "v1", "schema": {"openAPIV3Schema": schema}}]
    found = definition_of({"spec": {"group": "db.example.com", "names": names, "versions": versions}})
    assert found is not None
    return found


def _extract(options: SyncOptions) -> Extracted:
    catalogue = Catalogue(with_promoted([DATABASE], options))
    reader = extractor("c", catalogue, options, [_definition()], {DATABASE.group_kind: "v1"})
    return reader.extract(OBJECT, "db.example.com", "v1", "Database")


def _own(**said: Any) -> SyncOptions:
    return SyncOptions(own_kinds=(OwnKind(group="db.example.com", plural="databases", **said),))


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("{.spec.engine}", "postgres"),
        ("spec.engine", "postgres"),
        ("$.spec.engine", "postgres"),
        (r".metadata.labels.app\.kubernetes\.io/name", "orders"),
        (".metadata.labels['app.kubernetes.io/name']", "orders"),
        ('.status.conditions[?(@.type=="Ready")].status', "True"),
        ('.status.conditions[?(@.type=="None")].status', None),
        (".spec.replicas[0].host", "a"),
        (".spec.replicas[-1].host", "b"),
        (".spec.replicas[*].host", ["a", "b"]),
        (".spec.replicas[:1].host", ["a"]),
        ("..host", ["a", "b"]),
        (".spec.replicas[*].zone", [1]),
        (".spec.nothing", None),
        (".spec.nothing[*]", []),
    ],
)
def test_a_path_as_kubectl_writes_it_is_read(path: str, wanted: object) -> None:
    """What works in `kubectl get -o jsonpath` and in a definition's columns works here."""
    assert jsonpath.reader(jsonpath.normalised(path))(OBJECT) == wanted


@pytest.mark.parametrize(
    "path", ["", ".", ".a[", ".a b", "{.a}{.b}", ".a[?@.b =~ /c/]", "$.a | $.b", "." + "(" * 3_000]
)
def test_what_is_no_path_is_refused_in_words(path: str) -> None:
    """A path that cannot be read is a ValueError of one line, whatever the library raised."""
    with pytest.raises(ValueError, match=r"^.+$"):
        jsonpath.normalised(path)


def test_promoted_properties_are_the_user_s() -> None:
    """Properties of one's own stand on the node in Neo4j's types; what an object does not say is absent."""
    promote = {
        "engine": "{.spec.engine}",
        "hosts": ".spec.replicas[*].host",
        "storage": ".spec.storage",
        "none": ".spec.none",
        "zone": ".spec.replicas[0].zone",
    }
    properties = _extract(_own(promote=promote)).resource.properties
    assert {name: properties[name] for name in promote if name in properties} == {
        "engine": "postgres",
        "hosts": ["a", "b"],
        "storage": '{"className":"fast"}',
        "zone": 1,
    }


def test_promoting_another_property_is_a_change() -> None:
    """Nodes are written again when the user wants other properties of them."""
    assert (
        _extract(_own(promote={"engine": ".spec.engine"})).resource.fingerprint != _extract(_own()).resource.fingerprint
    )


def test_a_user_s_edges_are_read_by_their_paths() -> None:
    """Texts are names, objects have one; namespaces stand beside them or anywhere; what is malformed is reported."""
    edges = (
        OwnEdge(type="USES_SECRET", end="Secret", path=".spec.credentials[*]", namespace=".namespace"),
        OwnEdge(type="HAS_STORAGE_CLASS", end="StorageClass.storage.k8s.io", path="{.spec.storage.className}"),
        OwnEdge(
            type="REFERS_TO", end="Bucket.db.example.com", path=".spec.backup", name=".bucket",
            namespace="$.spec.backup.bucketNamespace", optional=True, on_delete="breaks", on_failure="degrades",
        ),
        OwnEdge(type="USES_CONFIGMAP", end="ConfigMap", path=".spec.nothing"),
    )  # fmt: skip
    extracted = _extract(_own(edges=edges))
    assert written(extracted.resource.edges) == {
        "USES_SECRET core/Secret/shop/admin",
        "USES_SECRET core/Secret/infra/reader",
        "USES_SECRET core/Secret/shop/plain",
        "HAS_STORAGE_CLASS storage.k8s.io/StorageClass/_/fast",
        "REFERS_TO db.example.com/Bucket/backups/b optional",
    }
    by_end = {edge.end: edge for edge in extracted.resource.edges}
    assert by_end["c/core/Secret/infra/reader"].fields == ("spec.credentials[1]",)
    assert by_end["c/db.example.com/Bucket/backups/b"].properties == {"onDelete": "breaks", "onFailure": "degrades"}
    assert extracted.problems == (
        "spec.credentials[3] is 7 where a name or an object with one was expected",
        "spec.credentials[4] names 'a/b', which can be no name",
    )


def test_a_user_s_edges_take_the_place_of_guesses() -> None:
    """What is inferred stands until the user says what a kind refers to, even that it refers to nothing."""
    guessed = {"USES_SECRET core/Secret/shop/by-schema inferred"}
    assert written(_extract(SyncOptions()).resource.edges) == guessed
    assert written(_extract(_own()).resource.edges) == guessed
    assert written(_extract(_own(edges=())).resource.edges) == set()


def test_without_relationships_only_the_place_of_a_resource_is_an_edge() -> None:
    """`enable_relationships: false` leaves the edges to namespace and cluster, and asks nothing of others."""
    edges = (OwnEdge(type="USES_SECRET", end="Secret", path=".spec.secretName"),)
    extracted = _extract(SyncOptions(relationships=False, own_kinds=_own(edges=edges).own_kinds))
    assert [edge.type for edge in extracted.resource.edges] == ["IN_NAMESPACE"]
    assert extracted.queries == ()


def test_what_is_said_of_one_kind_changes_the_digest_of_that_kind_alone() -> None:
    """Objects are read again when what their own kind becomes has changed, and no others are."""
    catalogue = Catalogue([DATABASE])

    def digests(options: SyncOptions) -> list[str]:
        reader = extractor("c", Catalogue(with_promoted([DATABASE], options)), options, [], {})
        return [reader.digest("db.example.com", "Database"), reader.digest("", "Pod")]

    said = digests(_own(edges=(OwnEdge(type="REFERS_TO", end="Secret", path=".a"),)))
    assert said[0] not in ("", digests(_own(promote={"a": ".a"}))[0])
    assert said[1] == digests(SyncOptions())[1] == ""
    assert (
        extractor("c", catalogue, SyncOptions(), [_definition()], {DATABASE.group_kind: "v1"}).digest(
            "db.example.com", "Database"
        )
        != ""
    ), "what is inferred counts too"


def _served(group: str, plural: str, kind: str, version: str = "v1") -> ApiResource:
    return ApiResource(group=group, version=version, kind=kind, plural=plural, verbs=("list", "watch"))


FOUND = Discovery((
    _served("", "pods", "Pod"),
    _served("networking.k8s.io", "ingresses", "Ingress"),
    _served("db.example.com", "databases", "Database"),
    _served("gateway.networking.k8s.io", "gateways", "Gateway"),
))  # fmt: skip
BUILT_IN = {"pods", "ingresses.networking.k8s.io"}


@pytest.mark.parametrize(
    ("options", "custom"),
    [
        (SyncOptions(), {"databases.db.example.com", "gateways.gateway.networking.k8s.io"}),
        (SyncOptions(custom_resources=False), set()),
        (_own(), {"databases.db.example.com"}),
        (SyncOptions(custom_resources=False, own_kinds=_own().own_kinds), set()),
    ],
    ids=["all", "none", "those that are named", "none, though some are named"],
)
def test_custom_kinds_are_chosen_apart_from_kubernetes_own(options: SyncOptions, custom: set[str]) -> None:
    """A list names the custom kinds to sync, a switch leaves all of them out; Kubernetes' own kinds stay."""
    assert {str(resource) for resource in select_kinds(FOUND, options)} == BUILT_IN | custom


def test_a_version_that_is_not_served_is_remarked() -> None:
    """Paths may be wrong for another version than they were written for, so the kind says which one is read."""
    remarks = unserved(_own(version="v2"), FOUND.resources)
    assert remarks == {
        GroupKind("db.example.com", "Database"): "custom_resource_definitions asks for version v2 of "
        "databases.db.example.com, which is not served: v1 is read"
    }
    assert unserved(_own(version="v1"), FOUND.resources) == {}
