"""What `search` looks up beside names and labels: the images that an object runs, and its annotations.

Annotations come from outside and hold anything: only short ones are kept, and not many.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from kgraph.graphdb.model import Edge
from kgraph.kube.objects import LAST_APPLIED

# Longer values are documents: JSON, templates, certificates. Nobody types them into a search.
ANNOTATION_CHARACTERS_MOST = 120
ANNOTATIONS_MOST = 32
_IMAGE = "image:"
# What tools write into every object, and nobody looks for.
_NEVER = frozenset({LAST_APPLIED, "deployment.kubernetes.io/revision", "kubectl.kubernetes.io/restartedAt"})


def searchable(metadata: Mapping[str, Any], edges: Iterable[Edge]) -> dict[str, list[str]]:
    """The properties `images`, references in full, and `annotations`, as `key=value`; sorted, absent where empty."""
    found = {}
    if images := [edge.end.removeprefix(_IMAGE) for edge in edges if edge.type == "RUNS_IMAGE"]:
        found["images"] = images  # in the order of the edges, which is that of their ends
    if annotations := short_annotations(metadata.get("annotations")):
        found["annotations"] = annotations
    return found


def short_annotations(annotations: Any) -> list[str]:
    """The annotations that are worth looking up, the first by their names."""
    if type(annotations) is not dict:
        return []
    pairs = [
        f"{name}={value}"
        for name, value in annotations.items()
        if type(name) is str and type(value) is str and name not in _NEVER and len(value) <= ANNOTATION_CHARACTERS_MOST
    ]
    return sorted(pairs)[:ANNOTATIONS_MOST]
