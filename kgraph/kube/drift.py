"""Desired against actual: the manifests of a Git checkout beside what is in a cluster.

`drift` goes through what is desired kind by kind and asks for its like in the actual state, whose two sources, the
graph and the cluster itself, are behind `Actual`.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Any, NamedTuple, Protocol

import msgspec

from kgraph.kube.field_drift import FieldDrift, field_drift
from kgraph.kube.ownership import NEVER_DECLARED, Ownership

# Objects of one kind that are compared at once: their manifests are in memory, 10 kB each.
AT_ONCE = 500


class Change(Enum):
    """What is the matter with a resource. One that is only OWNED has not drifted."""

    ADDED = "added"
    MISSING = "missing"
    CHANGED = "changed"
    OWNED = "owned"


class Name(NamedTuple):
    """A resource within its cluster; `namespace` is "" where it has none."""

    group: str
    kind: str
    namespace: str
    name: str


class State(msgspec.Struct, frozen=True):
    """One object, and who owns its fields: what `ownership.compact` gave, "" where that is not known."""

    name: Name
    object: Mapping[str, Any]
    managers: str = ""


class ResourceDrift(msgspec.Struct, frozen=True):
    """One resource that is not as desired: the fields that drifted, and those that are another manager's."""

    name: Name
    change: Change
    fields: tuple[FieldDrift, ...] = ()
    owned: tuple[FieldDrift, ...] = ()


class Drift(msgspec.Struct, frozen=True):
    """Every resource that is not as desired, by kind, namespace and name; how many were compared; whether it is all.

    `unread` are kinds that could not be compared, each with the reason.
    """

    resources: tuple[ResourceDrift, ...]
    compared: int
    truncated: bool = False
    unread: tuple[str, ...] = ()

    @property
    def drifted(self) -> bool:
        """Whether anything is not as desired but for what is another manager's."""
        return any(one.change is not Change.OWNED for one in self.resources)


class Desired(Protocol):
    """The desired state, wherever it is read from."""

    async def kinds(self) -> Sequence[tuple[str, str]]:
        """The groups and kinds of which anything is desired."""

    async def namespaces(self) -> Sequence[str]:
        """The namespaces in which anything is desired."""

    async def of(self, group: str, kind: str) -> Sequence[State]:
        """All that is desired of one kind."""


class Manifests:
    """A desired state that is in memory."""

    def __init__(self, states: Iterable[State]) -> None:
        self._states: dict[tuple[str, str], dict[Name, State]] = {}
        for state in states:
            self._states.setdefault((state.name.group, state.name.kind), {})[state.name] = state

    async def kinds(self) -> Sequence[tuple[str, str]]:
        """The groups and kinds of which anything is desired."""
        return tuple(self._states)

    async def namespaces(self) -> Sequence[str]:
        """The namespaces in which anything is desired."""
        return sorted({name.namespace for states in self._states.values() for name in states if name.namespace})

    async def of(self, group: str, kind: str) -> Sequence[State]:
        """All that is desired of one kind."""
        return tuple(self._states[group, kind].values())


class Actual(Protocol):
    """The actual state, wherever it is read from."""

    async def objection(self, group: str, kind: str) -> str:
        """Why nothing can be said of a kind; "" where all of it can be read."""

    async def named(self, names: Sequence[Name]) -> Mapping[Name, State]:
        """Those of these objects, all of one kind, that are there."""

    async def beside(self, group: str, kind: str, namespaces: Sequence[str]) -> Iterable[Name]:
        """All objects of a kind in these namespaces but those that a controller owns or Kubernetes made by itself."""


async def drift(desired: Desired, actual: Actual, *, most: int) -> Drift:
    """Compare; at most `most` resources are told.

    What is there and not desired is ADDED where its kind and its namespace are among the desired ones. Of kinds without
    a namespace nothing is: a checkout that holds one ClusterRole does not speak for the cluster's others.
    """
    namespaces = await desired.namespaces()
    found: list[ResourceDrift] = []
    unread: list[str] = []
    compared = 0
    for group, kind in sorted(await desired.kinds(), key=lambda each: (each[1], each[0])):
        states = {state.name: state for state in await desired.of(group, kind)}
        if objection := await actual.objection(group, kind):
            unread.append(f"{kind}.{group}: {objection}" if group else f"{kind}: {objection}")
            continue
        of_kind: list[ResourceDrift] = []
        for some in _pieces(sorted(states)):
            there = await actual.named(some)
            of_kind += [one for name in some if (one := compare(states[name], there.get(name)))]
        if any(name.namespace for name in states) and kind not in NEVER_DECLARED:
            beside = await actual.beside(group, kind, namespaces)
            of_kind += [ResourceDrift(name, Change.ADDED) for name in beside if name not in states]
        compared += len(states)
        found += sorted(of_kind, key=lambda one: one.name)
        if len(found) > most:
            return Drift(tuple(found[:most]), compared, truncated=True, unread=tuple(unread))
    return Drift(tuple(found), compared, unread=tuple(unread))


def compare(desired: State, actual: State | None) -> ResourceDrift | None:
    """What is the matter with one desired resource; None where nothing is."""
    if actual is None:
        return ResourceDrift(desired.name, Change.MISSING)
    ownership = Ownership.read(actual.managers) if actual.managers else None
    found = field_drift(desired.object, actual.object, ownership)
    fields = tuple(one for one in found if not one.manager)
    owned = tuple(one for one in found if one.manager)
    if not found:
        return None
    return ResourceDrift(desired.name, Change.CHANGED if fields else Change.OWNED, fields, owned)


# What Kubernetes and Helm make by themselves, in every namespace or beside what was asked for.
_MADE_NAMES = frozenset({("ConfigMap", "kube-root-ca.crt"), ("ServiceAccount", "default")})
_MADE_SECRETS = frozenset(
    {"kubernetes.io/service-account-token", "bootstrap.kubernetes.io/token", "helm.sh/release.v1"}
)


def is_made_by_itself(kind: str, name: str, secret_type: str) -> bool:
    """Whether an object is one that nobody keeps a manifest of, though no controller owns it."""
    return (kind, name) in _MADE_NAMES or (kind == "Secret" and secret_type in _MADE_SECRETS)


def _pieces(names: Sequence[Name]) -> Iterable[Sequence[Name]]:
    return (names[start : start + AT_ONCE] for start in range(0, len(names), AT_ONCE))
