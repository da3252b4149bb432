"""Who owns an object, and who owns its fields."""

from collections.abc import Mapping
from typing import Any

from kgraph.kube.ownership import NEVER_DECLARED, compact
from kgraph.sync.start import maps


def controller(metadata: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The owner reference of the controller that made the object; None where nobody's did."""
    return next((owner for _, owner in maps(metadata.get("ownerReferences")) if owner.get("controller") is True), None)


def managers(obj: Mapping[str, Any], kind: str) -> str:
    """The field managers of an object that somebody may keep a manifest of, as `kgraph.kube.ownership` has them.

    What a controller made is compared with no manifest: "" for it, as for an object whose managers are not known.
    """
    metadata = obj.get("metadata")
    if type(metadata) is not dict or "managedFields" not in metadata or kind in NEVER_DECLARED:
        return ""
    return "" if controller(metadata) else compact(metadata["managedFields"])
