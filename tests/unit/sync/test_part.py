"""Which kinds a part of a cluster writes, and which it has to know."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgraph.graphdb.edges import EDGE_ROWS
from kgraph.graphdb.model import NAMESPACE, GroupKind
from kgraph.kube.discovery import ApiResource
from kgraph.kube.settings import ClusterSettings
from kgraph.sync.part import WHOLE, Part, all_parts
from kgraph.sync.served import READ_VERBS, group_kind

KINDS = {
    "Namespace": "", "Pod": "", "Node": "", "Service": "", "ConfigMap": "", "Event": "", "Deployment": "apps",
    "ReplicaSet": "apps", "NetworkPolicy": "networking.k8s.io", "Lease": "coordination.k8s.io",
    "CustomResourceDefinition": "apiextensions.k8s.io", "Widget": "example.com",
}  # fmt: skip


def served(kind: str) -> ApiResource:
    """A kind as discovery has it."""
    plural = f"{kind.lower().removesuffix('y')}ies" if kind.endswith("y") else f"{kind.lower()}s"
    return ApiResource(
        group=KINDS[kind], version="v1", kind=kind, plural=plural, singular=kind.lower(), namespaced=True,
        verbs=READ_VERBS,
    )  # fmt: skip


SERVED = tuple(map(served, KINDS))
WORDS = st.sampled_from([*(each.plural for each in SERVED), *(each.kind for each in SERVED), "*.apps", "nothing"])
SPLITS = st.dictionaries(st.sampled_from(["a", "b", "c"]), st.lists(WORDS, min_size=1).map(tuple))


@given(SPLITS)
def test_every_kind_is_one_parts(split: dict[str, tuple[str, ...]]) -> None:
    """However a cluster is split, each kind that it serves is written by exactly one of its parts."""
    parts = all_parts(ClusterSettings(id="prod", parts=split))
    owned = [resource for part in parts for resource in part.own(SERVED)]
    assert sorted(owned, key=SERVED.index) == list(SERVED)


@given(SPLITS)
def test_each_part_knows_what_its_objects_may_ask_for(split: dict[str, tuple[str, ...]]) -> None:
    """The ends of its kinds' edges that follow both ends are its own or known to it, and so are the Namespaces."""
    for part in all_parts(ClusterSettings(id="prod", parts=split)):
        own = part.own(SERVED)
        kinds = {group_kind(each) for each in (*own, *part.known(own, SERVED))}
        assert NAMESPACE in kinds
        for row in EDGE_ROWS:
            asks = any(str(group_kind(each)) in row.start for each in own) and (row.follow or row.selects)
            if asks and (end := GroupKind.parse(row.end)) in map(group_kind, SERVED):
                assert end in kinds, row.id


def test_a_whole_cluster_knows_nothing_that_is_not_its_own() -> None:
    """Where nothing is split there is one part, which has all kinds and the cluster's own name."""
    assert all_parts(ClusterSettings(id="prod")) == (WHOLE,)
    assert WHOLE.known(WHOLE.own(SERVED), SERVED) == ()
    assert (WHOLE.shard("prod"), WHOLE.division, WHOLE.is_first) == ("prod", "", True)


def test_a_custom_kind_is_named_with_its_group() -> None:
    """Without one it is nobody's: another group's kind of that name may be served while this one's server is away."""
    for word, owned in {"widgets": 0, "widgets.example.com": 1, "*.example.com": 1, "rs": 0, "replicasets": 1}.items():
        assert len(Part("a", {"a": (word,)}).own(SERVED)) == owned, word


def test_a_part_has_names_of_its_own() -> None:
    """Its shard is called after the cluster and itself, and what it says of itself after itself."""
    part = Part("events", {"events": ("events",)})
    assert part.shard("prod") == "prod~events"
    assert part.of("epoch") == "epoch~events"
    assert not part.is_first


@pytest.mark.parametrize("other", [{}, {"a": ("pods",)}, {"a": ("pods", "events"), "b": ("leases",)}])
def test_a_division_says_whether_two_splits_are_one(other: dict[str, tuple[str, ...]]) -> None:
    """It is equal for the same parts with the same kinds, in whichever order they are written."""
    ours = {"b": ("leases",), "a": ("pods",)}
    assert Part("", ours).division == Part("a", dict(reversed(ours.items()))).division
    assert Part("", ours).division != Part("", other).division
