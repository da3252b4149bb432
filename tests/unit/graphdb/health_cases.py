"""Situations and the health that they are, written as `case(kind, situation, health, reason, status=…)`."""

from typing import Any, NamedTuple

from kgraph.graphdb.health import Health
from kgraph.graphdb.model import GroupKind


class Case(NamedTuple):
    """An object in a situation; `reason` is the whole reason, image included as `(image)`."""

    kind: GroupKind
    situation: str
    health: Health | None
    reason: str
    object: dict[str, Any]

    @property
    def id(self) -> str:
        """The test's id."""
        return f"{self.kind}: {self.situation}"


def case(kind: str, situation: str, health: str | None, reason: str = "", /, **sections: Any) -> Case:
    """A case; sections are those of the object."""
    metadata = {"name": "x", **sections.pop("metadata", {})}
    found = Health(health) if health else None
    return Case(GroupKind.parse(kind), situation, found, reason, {"metadata": metadata, **sections})


def conditions(*written: str, **more: Any) -> dict[str, Any]:
    """A status with conditions, each written `Type=Status`, `Type=Status:Reason` or `Type=Status:Reason:Message`."""
    return {"conditions": [condition(each) for each in written], **more}


def condition(written: str, **more: Any) -> dict[str, Any]:
    """One condition."""
    type_, _, rest = written.partition("=")
    status, reason, message = (*rest.split(":", 2), "", "")[:3]
    found = {"type": type_, "status": status, "reason": reason, "message": message}
    return {name: value for name, value in found.items() if value} | more
