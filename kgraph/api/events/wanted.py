"""Which events a caller wants, of the words that they say it with."""

from collections.abc import Iterable

import msgspec

from kgraph.api.errors import BadUserInput
from kgraph.api.kinds import ClusterKinds, KindReader, resolve
from kgraph.api.listing import SELECTOR_MOST
from kgraph.feed.event import Severity
from kgraph.feed.filters import CLUSTER_EVENTS, EventFilter, spelled, type_of
from kgraph.graphdb.catalogue import Catalogue
from kgraph.graphdb.model import CORE
from kgraph.kube.field_selectors import FieldSelector
from kgraph.kube.selectors import LabelSelector, SelectorError

# A stream may be opened before there is any cluster: the kinds of each are Kubernetes' own at least.
_TO_COME = ClusterKinds(Catalogue(), frozenset())
NAMES_MOST = 100  # of clusters, namespaces and types


class Words(msgspec.Struct, frozen=True):
    """What was said; empty parts take all. `resource_types` are kubectl's words, and `*.group`."""

    clusters: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    resource_types: tuple[str, ...] = ()
    label_selector: str = ""
    field_selector: str = ""
    minimum_severity: str = Severity.INFO.value


async def event_filter(kinds: KindReader, words: Words) -> EventFilter:
    """The filter that is meant; NotFound and BadUserInput say which part of it is not understood."""
    for what in (words.clusters, words.namespaces, words.resource_types):
        if len(what) > NAMES_MOST:
            raise BadUserInput(f"{len(what)} names are given; {NAMES_MOST} are allowed")
    clusters = await kinds.named_clusters(words.clusters) if words.clusters else ()
    known = await kinds.clusters()
    inside = {name: known[name] for name in clusters or known} or {"to come": _TO_COME}
    types = {written for spelling in words.resource_types for written in _types(inside, spelling)}
    severities = {each.value: each for each in Severity}
    if words.minimum_severity.lower() not in severities:
        raise BadUserInput(f"minSeverity {words.minimum_severity!r} is none of {', '.join(severities)}")
    try:
        for text in (words.label_selector, words.field_selector):
            if len(text) > SELECTOR_MOST:
                raise BadUserInput(f"a selector has {len(text):,} characters; {SELECTOR_MOST:,} are allowed")
        labels, fields = LabelSelector.parse(words.label_selector), FieldSelector.parse(words.field_selector)
    except SelectorError as cause:
        raise BadUserInput(str(cause)) from cause
    return EventFilter(
        clusters=tuple(sorted(set(clusters))),
        namespaces=tuple(sorted(set(words.namespaces))),
        resource_types=tuple(sorted(types)),
        label_selector=labels,
        field_selector=fields,
        minimum_severity=severities[words.minimum_severity.lower()],
    )


def _types(inside: dict[str, ClusterKinds], spelling: str) -> Iterable[str]:
    """The types that are meant in any of the clusters; BadUserInput where there is none."""
    word = spelled(spelling)
    if word == CLUSTER_EVENTS or word.startswith("*"):
        return [word]
    word = word.removesuffix(f".{CORE}")  # of two kinds of one name Kubernetes' own is meant
    found = {
        type_of(resolve(each.catalogue, word, cluster))
        for cluster, each in inside.items()
        if each.catalogue.resolve(word) is not None
    }
    if not found:
        cluster, each = next(iter(inside.items()))
        resolve(each.catalogue, word, cluster)  # says what comes near
    return found
