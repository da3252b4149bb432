"""The DictaMesh form of a resource."""

from typing import Any

import pytest

from kgraph.api.entity import entity, entity_id, totals
from kgraph.api.nodes import Name, Node, read_key


def test_requests_add_up_by_resource() -> None:
    """Sums are the apiserver's own; what is no quantity is left out, and so is a container that asks for nothing."""
    parts = [{"cpu": "500m", "memory": "128Mi"}, None, {"cpu": 1, "memory": "1Gi", "example.com/gpu": "x"}]
    assert totals(parts) == {"cpu": "1500m", "memory": "1152Mi"}


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
