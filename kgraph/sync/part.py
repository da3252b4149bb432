"""Parts of a cluster: which kinds one writer writes, where a cluster is too much for one.

A cluster is one part unless its settings split it. Each part is a shard of its own, with its own epoch and its own rows
of the outbox, and has the cluster's node, its lock and its sequence in common with the others: what they write comes
one transaction after the other, and what they tell is numbered in one order.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from kgraph.graphdb.catalogue import Catalogue, is_builtin
from kgraph.graphdb.edges import EDGE_ROWS
from kgraph.graphdb.edges.row import ANY
from kgraph.graphdb.model import NAMESPACE, GroupKind
from kgraph.kube.discovery import ApiResource
from kgraph.kube.selection import named
from kgraph.kube.settings import ClusterSettings
from kgraph.sync.facts import OFFERS_MORE
from kgraph.sync.plan import Starts
from kgraph.sync.served import group_kind, todays_kind

# What no cluster's id has in it; read/shards knows it too.
BETWEEN = "~"
# What objects ask of others: an end is looked for among what is there, so whoever writes the start has to know it.
_ASKING = Starts([row for row in EDGE_ROWS if row.follow or row.selects])
_CATALOGUE = Catalogue()


class Part(msgspec.Struct, frozen=True):
    """One part of a cluster: the kinds that `split` gives to its `name`, or as the first, "", all that it gives nobody.

    `split` is that of the whole cluster: by the names of the parts the kinds, as kubectl takes them. Without a group a
    kind is Kubernetes' own: which of two custom ones is meant would change with what is served just now.
    """

    name: str = ""
    split: Mapping[str, tuple[str, ...]] = {}

    @property
    def is_first(self) -> bool:
        """Whether it is the part that does what is done once for a cluster."""
        return not self.name

    @property
    def division(self) -> str:
        """The split as one text, equal where splits are; "" for a cluster that is one part."""
        return msgspec.json.encode(self.split, order="sorted").decode() if self.split else ""

    def shard(self, cluster: str) -> str:
        """The name of the shard: `prod`, or `prod~events`."""
        return self.of(cluster)

    def of(self, name: str) -> str:
        """A name that each part has its own of, such as a property of the cluster's node: `epoch`, `epoch~events`."""
        return f"{name}{BETWEEN}{self.name}" if self.name else name

    def shards(self, cluster: str) -> frozenset[str]:
        """The names of all shards of the cluster."""
        return frozenset(Part(name).shard(cluster) for name in ("", *self.split))

    def said(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        """Properties of the cluster's node that each part has its own of."""
        return {self.of(name): value for name, value in properties.items()}

    def names(self, *names: str) -> dict[str, str]:
        """What such properties are called of this part, by what they are."""
        return {name: self.of(name) for name in names}

    def own(self, resources: Sequence[ApiResource]) -> tuple[ApiResource, ...]:
        """Those of a cluster's kinds that are this part's; a kind that two parts name is the earlier one's."""
        taken: set[GroupKind] = set()
        for name, words in sorted(self.split.items()):
            found = {_kind(resource) for word in words for resource in named(_meant(resources, word), word)} - taken
            if name == self.name:
                return tuple(resource for resource in resources if _kind(resource) in found)
            taken |= found
        return tuple(resource for resource in resources if _kind(resource) not in taken)

    def known(self, own: Iterable[ApiResource], resources: Iterable[ApiResource]) -> tuple[ApiResource, ...]:
        """Those of the others' kinds that this part has to know: what its own objects may ask for, and Namespaces."""
        mine = {_kind(resource) for resource in own}
        rows = (row for kind in mine for row in _ASKING.of(kind, _CATALOGUE.get(*kind)))
        asked = {GroupKind.parse(row.end) for row in rows if row.end != ANY}
        wanted = (asked | OFFERS_MORE | {NAMESPACE}) - mine
        return tuple(resource for resource in resources if _kind(resource) in wanted)


WHOLE = Part()


def all_parts(settings: ClusterSettings) -> tuple[Part, ...]:
    """All parts of a cluster, the first one first."""
    return (Part(split=settings.parts), *(Part(name, settings.parts) for name in sorted(settings.parts)))


def _meant(resources: Sequence[ApiResource], word: str) -> Sequence[ApiResource]:
    """Those among which a word is looked for."""
    return resources if "." in word else [each for each in resources if is_builtin(_kind(each).group)]


def _kind(resource: ApiResource) -> GroupKind:
    return todays_kind(group_kind(resource))
