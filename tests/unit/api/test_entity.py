"""The DictaMesh form of a resource, and the quantities in it."""

from typing import Any

import pytest

from kgraph.api import quantities
from kgraph.api.entity import entity, entity_id
from kgraph.api.nodes import Name, Node, read_key


@pytest.mark.parametrize(
    ("parts", "total"),
    [
        pytest.param(["500m", "1"], "1500m", id="cpu"),
        pytest.param(["500m", "500m"], "1", id="whole"),
        pytest.param(["128Mi", "1Gi"], "1152Mi", id="binary"),
        pytest.param(["1Gi", "1G"], "2073741824", id="mixed"),
        pytest.param(["1e3", "1k"], "2k", id="exponent"),
        pytest.param(["0.5Gi", "512Mi"], "1Gi", id="fraction"),
        pytest.param(["100n", "1u"], "1100n", id="nano"),
        pytest.param(["0", "0"], "0", id="zero"),
        pytest.param([".5", "1."], "1500m", id="points"),
    ],
)
def test_quantities_add_up(parts: list[str], total: str) -> None:
    """Sums are written as Kubernetes writes quantities."""
    assert quantities.total({"x": part} for part in parts) == {"x": total}


@pytest.mark.parametrize("text", ["", "x", "1 Gi", "1gi", "--1", "1e", "Gi"])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    """Nonsense is a ValueError, and is left out of sums."""
    with pytest.raises(ValueError, match="no quantity"):
        quantities.parse(text)
    assert quantities.total([{"x": text}]) == {}


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("prod/apps/Deployment/shop/web", Name("prod", "apps", "Deployment", "shop", "web")),
        ("prod/core/Node/_/node-1", Name("prod", "", "Node", None, "node-1")),
        ("image:docker.io/library/nginx:1.27", Name(None, "", "Image", None, "docker.io/library/nginx:1.27")),
        ("image:reg:5000/a/b/c/d@sha256:1", Name(None, "", "Image", None, "reg:5000/a/b/c/d@sha256:1")),
        ("host:shop.example.com", Name(None, "", "Host", None, "shop.example.com")),
        ("cluster:prod", Name("prod", "", "Cluster", None, "prod")),
        ("subject:prod/Group/a/b", Name("prod", "rbac.authorization.k8s.io", "Group", None, "a/b")),
    ],
)
def test_keys_are_taken_apart(key: str, name: Name) -> None:
    """Every key in the graph has its parts."""
    assert read_key(key) == name


def test_id_of_a_cluster_scoped_resource_has_an_empty_namespace() -> None:
    """`cluster::name`."""
    assert entity_id(read_key("prod/core/Node/_/node-1")) == "prod::node-1"


@pytest.mark.parametrize(
    ("labels", "namespace_labels", "pii"),
    [({"dictamesh.io/pii": "true"}, {}, True), ({}, {"dictamesh.io/pii": ""}, True), ({}, {}, False)],
)
def test_pii_is_a_label_of_the_resource_or_its_namespace(
    labels: dict[str, str], namespace_labels: dict[str, str], *, pii: bool
) -> None:
    """Personal data is marked on the object or on its namespace."""
    node = Node("", "prod/core/ConfigMap/shop/a")
    found = entity(node, {"metadata": {"labels": labels}}, [], namespace_labels=namespace_labels)
    assert found["metadata"]["pii"] is pii


@pytest.mark.parametrize(
    "manifest",
    [{}, {"spec": None, "status": None}, {"metadata": {"labels": None}}, {"spec": {"containers": None}}, {"status": 3}],
)
@pytest.mark.parametrize("key", ["p/core/Pod/n/a", "p/core/Node/_/a", "p/apps/Deployment/n/a", "p/core/Secret/n/a"])
def test_sparse_manifests_have_entities(key: str, manifest: dict[str, Any]) -> None:
    """An object with hardly anything in it is no error."""
    assert entity(Node("", key), manifest, [])["attributes"]["name"] == "a"
