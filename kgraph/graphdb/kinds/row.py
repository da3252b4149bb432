"""What a row of the kinds table says."""

from collections.abc import Mapping

import msgspec

from kgraph.graphdb.model import GroupKind


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one kind.

    `pod_spec` is the path of the Pod spec in a Pod or in a kind that makes Pods of a template.
    `promote` says which node properties are filled from where: a path (`status.phase`, `spec.rules[].host` for a
    list), JSONPath where it begins with `$`, or `@name` for a function of `kgraph.sync.promote`. A property whose
    name ends in `At` is a DateTime.
    `noise` are the paths whose change alone means nothing to a reader: such an update writes nothing.
    `noise_by_name` has further ones for single objects, by their name.
    `history` is false of kinds that are a record themselves, or a heartbeat: their changes and ends are not remembered.
    """

    group: str = ""
    kind: str
    plural: str
    namespaced: bool = True
    singular: str = ""
    short_names: tuple[str, ...] = ()
    pod_spec: str = ""
    promote: Mapping[str, str] = {}
    noise: tuple[str, ...] = ()
    noise_by_name: Mapping[str, tuple[str, ...]] = {}
    history: bool = True

    def __hash__(self) -> int:
        return hash(self.group_kind)

    @property
    def group_kind(self) -> GroupKind:
        """The kind with its group."""
        return GroupKind(self.group, self.kind)


def row(group: str, kind: str, plural: str, *short_names: str, **facts: object) -> Kind:
    """A row, with the singular that all of Kubernetes' own kinds have."""
    return msgspec.convert(
        {
            "group": group,
            "kind": kind,
            "plural": plural,
            "singular": kind.lower(),
            "short_names": short_names,
            **facts,
        },
        Kind,
    )
