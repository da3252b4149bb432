"""What a node has for `search` and for `drift`: images, short annotations, and who owns which fields."""

import json
from typing import Any

from kgraph.kube.objects import LAST_APPLIED
from kgraph.sync.searchable import ANNOTATION_CHARACTERS_MOST, ANNOTATIONS_MOST, short_annotations
from tests.unit.sync.graphs import extract_one

POD = """
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, annotations: {team: shop}%s}
spec:
  containers: [{name: a, image: "nginx:1.27"}, {name: b, image: envoy}]
  initContainers: [{name: c, image: "nginx:1.27"}]
"""
OWNED = ", ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web, uid: u, controller: true}]"
MANAGED = ', managedFields: [{manager: hpa, fieldsV1: {"f:spec": {"f:replicas": {}}}, time: "%s"}]'


def properties(text: str) -> dict[str, Any]:
    """The properties of the node."""
    return dict(extract_one(text).resource.properties)


def test_images_are_in_full_and_once() -> None:
    """Each image of an object stands once among its properties, as its node is called; other kinds have none."""
    assert properties(POD % "")["images"] == ["docker.io/library/envoy:latest", "docker.io/library/nginx:1.27"]
    assert "images" not in properties("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}")


def test_annotations_are_few_and_short() -> None:
    """Annotations come from outside: long values, the applied manifest, and more than some are left out."""
    assert properties(POD % "")["annotations"] == ["team=shop"]
    long = {"long": "x" * (ANNOTATION_CHARACTERS_MOST + 1), LAST_APPLIED: "{}", "number": 3, "b": "2", "a": "1"}
    assert short_annotations(long) == ["a=1", "b=2"]
    assert len(short_annotations({str(number): "x" for number in range(1000)})) == ANNOTATIONS_MOST
    assert short_annotations(["junk"]) == []


def test_field_managers_are_kept_of_what_no_controller_made() -> None:
    """What somebody may keep a manifest of has its managers; what a controller made, and a Lease, has none."""
    managed = MANAGED % "2026-01-01T00:00:00Z"
    assert json.loads(properties(POD % managed)["managers"]) == {"hpa": ["spec.replicas"]}
    assert "managers" not in properties(POD % (managed + OWNED))
    assert "managers" not in properties(POD % "")
    lease = "{apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {name: a%s}}"
    assert "managers" not in properties(lease % managed)


def test_a_new_owner_is_a_change_and_a_new_time_is_none() -> None:
    """An object is written again when a field changes hands, and not when the same manager writes it once more."""
    before = properties(POD % (MANAGED % "2026-01-01T00:00:00Z"))["fingerprint"]
    assert properties(POD % (MANAGED % "2026-02-02T00:00:00Z"))["fingerprint"] == before
    other = MANAGED.replace("hpa", "keda") % "2026-01-01T00:00:00Z"
    assert properties(POD % other)["fingerprint"] != before
