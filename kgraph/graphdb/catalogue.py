"""What one cluster's kinds are called and which of them have a namespace: the tables' rows and the discovered kinds."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

import msgspec

from kgraph.graphdb.kinds import CUSTOM_KINDS, KINDS, Kind
from kgraph.graphdb.model import GroupKind
from kgraph.groups import todays_group

_VERSION = re.compile(r"v[0-9]+(?:(?:alpha|beta)[0-9]+)?")  # apimachinery's version.ParseKubeAware
_TABLE: Mapping[GroupKind, Kind] = {row.group_kind: row for row in (*KINDS, *CUSTOM_KINDS)}
_BUILTIN_GROUPS = frozenset(row.group for row in KINDS)


def is_builtin(group: str) -> bool:
    """Whether the group is Kubernetes' own. Custom kinds under `*.k8s.io`, such as Gateway API's, are not."""
    return group in _BUILTIN_GROUPS


class Catalogue:
    """Knowledge of kinds as a value: it never changes, `with_kinds` makes another.

    Discovered kinds win over the tables' rows for names and scope; `promote`, `noise` and `pod_spec` of the row stay
    unless the discovered one brings its own. A row of a custom kind says what the kind is like, its discovery that it
    is there: until then nobody can mean it by a name alone.
    """

    __slots__ = ("_by_kind", "_by_plural", "_by_spelling", "_kinds", "_present", "_served")

    def __init__(self, discovered: Iterable[Kind] = (), *, _base: Mapping[GroupKind, Kind] = _TABLE) -> None:
        kinds = dict(_base)
        for kind in discovered:
            group_kind = GroupKind(todays_group(kind.group, kind.kind), kind.kind)
            kinds[group_kind] = _merged(kinds.get(group_kind), msgspec.structs.replace(kind, group=group_kind.group))
        self._kinds: Mapping[GroupKind, Kind] = kinds
        self._present = tuple(row for key, row in kinds.items() if is_builtin(row.group) or row is not _TABLE.get(key))
        self._served = frozenset(row.group_kind for row in self._present)
        self._by_plural = {(row.group, row.plural): row for row in self._present}
        # Where several groups have a name, Kubernetes' own wins, then the first by the alphabet.
        ordered = sorted(self._present, key=lambda row: (not is_builtin(row.group), row.group, row.kind))
        self._by_kind: dict[str, Kind] = {}
        self._by_spelling: dict[str, list[Kind]] = {}
        for row in ordered:
            self._by_kind.setdefault(row.kind, row)
            spellings = {row.plural, row.singular or row.kind.lower(), row.kind.lower(), *row.short_names}
            for spelling in spellings:
                self._by_spelling.setdefault(spelling.lower(), []).append(row)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Catalogue) and self._kinds == other._kinds

    def __hash__(self) -> int:
        return hash(frozenset(self._kinds))

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """All kinds of Kubernetes itself, and those that were discovered."""
        return self._present

    def with_kinds(self, discovered: Iterable[Kind]) -> "Catalogue":
        """A catalogue that knows these kinds too."""
        return Catalogue(discovered, _base=self._kinds)

    def get(self, group: str, kind: str) -> Kind | None:
        """What is known of a kind; groups of old are today's."""
        return self._kinds.get(GroupKind(todays_group(group, kind), kind))

    def is_namespaced(self, group: str, kind: str) -> bool | None:
        """Whether resources of the kind have a namespace; None while the kind is unknown."""
        row = self.get(group, kind)
        return row.namespaced if row else None

    def serves(self, group: str, kind: str) -> bool:
        """Whether the kind is Kubernetes' own or was discovered."""
        return GroupKind(todays_group(group, kind), kind) in self._served

    def by_plural(self, group: str, plural: str) -> Kind | None:
        """The kind behind a resource name of the API: `("apps", "deployments")`."""
        return self._by_plural.get((group, plural))

    def named(self, kind: str, own_group: str = "") -> GroupKind | None:
        """The kind that a reference without a group means: of the own group, else core, else whoever has the name."""
        for group in (own_group, ""):
            if GroupKind(group, kind) in self._kinds:
                return GroupKind(group, kind)
        row = self._by_kind.get(kind)
        return row.group_kind if row else None

    def called(self, name: str, group: str) -> GroupKind | None:
        """The kind of a group that is called so, whatever its capitals: `configMap`."""
        rows = self._by_spelling.get(name.lower(), ())
        return next((row.group_kind for row in rows if row.group == group and row.kind.lower() == name.lower()), None)

    def resolve(self, spelling: str) -> Kind | None:
        """The kind that kubectl would understand: `po`, `Pods`, `deployments.apps`, `ingress.v1.networking.k8s.io`."""
        name, _, group = spelling.strip().lower().partition(".")
        rows = self._by_spelling.get(name, [])
        if not group:
            return rows[0] if rows else None
        version, _, versioned_group = group.partition(".")
        candidates = [group]
        if _VERSION.fullmatch(version):
            candidates.append(versioned_group)
        for candidate in candidates:
            for row in rows:
                if row.group == todays_group(candidate, row.kind):
                    return row
        return None


@lru_cache(maxsize=256)
def catalogue_of(discovered: tuple[Kind, ...]) -> Catalogue:
    """The tables with what was discovered: one for all clusters of which that is the same, some 150 kB."""
    return Catalogue(discovered)


def _merged(known: Kind | None, discovered: Kind) -> Kind:
    if known is None:
        return discovered
    return msgspec.structs.replace(
        discovered,
        singular=discovered.singular or known.singular,
        short_names=discovered.short_names or known.short_names,
        pod_spec=discovered.pod_spec or known.pod_spec,
        promote={**known.promote, **discovered.promote},
        noise=(*known.noise, *(path for path in discovered.noise if path not in known.noise)),
        noise_by_name={**known.noise_by_name, **discovered.noise_by_name},
        history=known.history and discovered.history,
    )
