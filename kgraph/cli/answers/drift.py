"""A drift as the API answers it and as a folder's comparison gives it: one form for both, printed by `drift_report`."""

from typing import Any

import msgspec

from kgraph.cli.answers.client import Client
from kgraph.kube.drift import Drift, ResourceDrift
from kgraph.kube.field_drift import FieldDrift


class Field(msgspec.Struct, frozen=True):
    """One field that is not as desired."""

    path: str
    desired: Any = None
    actual: Any = None
    manager: str | None = None


class Drifted(msgspec.Struct, frozen=True):
    """One resource that is not as desired; `change` is ADDED, MISSING, CHANGED or OWNED."""

    kind: str
    group: str
    namespace: str | None
    name: str
    change: str
    fields: tuple[Field, ...]
    owned: tuple[Field, ...]


class DriftAnswer(msgspec.Struct, frozen=True):
    """All of them."""

    resources: tuple[Drifted, ...]
    drifted: bool
    compared: int
    truncated: bool
    unread: tuple[str, ...]


_DRIFT = """
query Drift($desired: String!, $actual: String!, $first: Int!) {
  drift(desired: $desired, actual: $actual, first: $first) {
    resources {
      kind group namespace name change
      fields { path desired actual manager } owned { path desired actual manager }
    }
    drifted compared truncated unread
  }
}"""


def ask_drift(client: Client, desired: str, actual: str, *, most: int) -> DriftAnswer:
    """Two clusters of the graph, compared by the API."""
    answer = client.ask(_DRIFT, desired=desired, actual=actual, first=most)["drift"]
    return msgspec.convert(answer, DriftAnswer)


def answer_of(drift: Drift) -> DriftAnswer:
    """What was compared here, in the API's form."""
    return DriftAnswer(
        tuple(_drifted(one) for one in drift.resources), drift.drifted, drift.compared, drift.truncated, drift.unread
    )


def _drifted(one: ResourceDrift) -> Drifted:
    group, kind, namespace, name = one.name
    fields, owned = (tuple(_field(each) for each in some) for some in (one.fields, one.owned))
    return Drifted(kind, group, namespace or None, name, one.change.name, fields, owned)


def _field(one: FieldDrift) -> Field:
    return Field(one.path, one.desired, one.actual, one.manager or None)
