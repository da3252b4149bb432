"""What a batch becomes when changes of one resource meet in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgraph.graphdb.model import Edge, Resource
from kgraph.sync.batch import Batch

EDGE = Edge("SELECTS", "c/core/Pod/n/p", ("spec.selector",))


def resource(key: str, *, version: str = "1", manifest: str = "{}") -> Resource:
    """A resource as the extractor gives it, in short."""
    return Resource(key, "Pod", "uid", version, version, {"key": key, "manifest": manifest}, (), "0:")


def test_the_last_state_of_a_resource_is_the_one_that_is_written() -> None:
    """However often a resource changes, it is written once, and nothing that one of the changes needs is lost."""
    batch = Batch()
    batch.put(resource("a", version="1"), edges_changed=True, fresh=True)
    batch.put(resource("a", version="2"), edges_changed=False, fresh=False)
    upsert = batch.upserts["a"]
    assert (upsert.resource.resource_version, upsert.edges_changed, upsert.fresh) == ("2", True, True)
    assert len(batch) == 1


def test_a_resource_that_comes_back_is_written_over_what_the_graph_holds_of_it() -> None:
    """Recreated under one name before its removal was written, a resource loses the edges that it had."""
    batch = Batch()
    batch.remove("a", "Pod")
    batch.put(resource("a"), edges_changed=True, fresh=True)
    assert batch.removals == {}
    assert (batch.upserts["a"].fresh, batch.upserts["a"].edges_changed) == (False, True)


def test_a_resource_that_goes_at_once_is_only_removed() -> None:
    """What came and went between two transactions leaves a removal, which finds nothing and does no harm."""
    batch = Batch()
    batch.put(resource("a", manifest="x" * 50), edges_changed=True, fresh=True)
    batch.remove("a", "Pod")
    assert (dict(batch.upserts), batch.removals, batch.bytes) == ({}, {"a": "Pod"}, 0)


def test_an_edge_that_came_and_went_is_taken_away() -> None:
    """The last word about an edge that follows both ends is the one that counts."""
    batch = Batch()
    batch.match("s", EDGE)
    batch.unmatch("s", EDGE.type, EDGE.end)
    assert batch.matched == {("s", EDGE.type, EDGE.end): None}
    batch.match("s", EDGE, absent=True)
    assert batch.matched == {("s", EDGE.type, EDGE.end): EDGE}
    assert batch.absent == set(), "the graph may hold what an earlier change of this batch was about"


def test_bytes_follow_what_is_put_replaced_and_removed() -> None:
    """The size of a batch is that of the states that it will write."""
    batch = Batch()
    batch.put(resource("a", manifest="x" * 10), edges_changed=True, fresh=True)
    batch.put(resource("a", manifest="x" * 30), edges_changed=True, fresh=True)
    batch.put(resource("b", manifest="x" * 5), edges_changed=True, fresh=True)
    assert batch.bytes == 35


def test_a_kind_that_comes_back_is_not_forgotten() -> None:
    """A definition deleted and made again within one batch keeps its kind's node, and the other way round."""
    batch = Batch()
    batch.forget_kind("c/widgets.example.com")
    batch.checkpoint("c/widgets.example.com", {"kind": "Widget"})
    assert (batch.forgotten, set(batch.checkpoints)) == (set(), {"c/widgets.example.com"})
    batch.forget_kind("c/widgets.example.com")
    assert (batch.forgotten, batch.checkpoints) == ({"c/widgets.example.com"}, {})


def test_distrust_makes_every_write_look_before_it_writes() -> None:
    """After a commit whose outcome is unknown, no statement relies on what the graph was known not to hold."""
    batch = Batch()
    batch.put(resource("a"), edges_changed=False, fresh=True)
    batch.match("s", EDGE, absent=True)
    batch.distrust()
    assert (batch.upserts["a"].fresh, batch.upserts["a"].edges_changed, batch.absent) == (False, True, set())


@pytest.mark.parametrize(
    ("nodes", "removals", "edges", "checkpoints"),
    [(1, 0, 1, 0), (0, 1, 1, 1), (1, 0, 0, 1), (0, 0, 2, 0), (2, 1, 3, 1), (0, 0, 1, 1), (5, 0, 0, 0)],
)
def test_halving_ends_in_single_batches(nodes: int, removals: int, edges: int, checkpoints: int) -> None:
    """Halved again and again, every batch ends in parts that can't be halved, a node with its one edge included."""
    singles = _halved(_batch(nodes, removals, edges, checkpoints))
    assert len(singles) <= 2 * (nodes + removals + edges + checkpoints) + 1


@given(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9), st.integers(0, 3))
def test_halving_loses_and_repeats_nothing(nodes: int, removals: int, edges: int, checkpoints: int) -> None:
    """The halves of a batch together are the batch, and its nodes come before its edges."""
    whole = _batch(nodes, removals, edges, checkpoints)
    singles = _halved(whole)
    assert sorted(key for each in singles for key in each.upserts) == sorted(whole.upserts)
    assert sorted(key for each in singles for key in each.removals) == sorted(whole.removals)
    assert sorted(edge for each in singles for edge in each.matched) == sorted(whole.matched)
    assert {key for each in singles for key in each.checkpoints} == set(whole.checkpoints)
    places = ["edges" if each.matched else "nodes" for each in singles if len(each)]
    assert places == sorted(places, reverse=True)


def _batch(nodes: int, removals: int, edges: int, checkpoints: int) -> Batch:
    batch = Batch()
    for number in range(nodes):
        batch.put(resource(f"n{number}"), edges_changed=True, fresh=True)
    for number in range(removals):
        batch.remove(f"r{number}", "Pod")
    for number in range(edges):
        batch.match(f"s{number}", EDGE)
    for number in range(checkpoints):
        batch.checkpoint(f"k{number}", {})
    return batch


def _halved(batch: Batch, depth: int = 0) -> list[Batch]:
    assert depth < 20, "halving does not end"
    if batch.is_single:
        return [batch] if batch else []
    return [single for half in batch.halves() for single in _halved(half, depth + 1)]


def test_batches_of_several_clusters_are_one() -> None:
    """Together they are all that each was, and each stays as it is."""
    one, other = Batch(), Batch()
    one.put(resource("a/core/Pod/x/1"), edges_changed=True, fresh=True)
    one.checkpoint("a/pods", {"resourceVersion": "1"})
    other.remove("b/core/Pod/x/2", "Pod")
    other.forget_kind("b/widgets")
    both = Batch.together([one, other])
    assert (set(both.upserts), set(both.removals)) == ({"a/core/Pod/x/1"}, {"b/core/Pod/x/2"})
    assert (set(both.checkpoints), both.forgotten, len(both)) == ({"a/pods"}, {"b/widgets"}, 2)
    assert (len(one), len(other), both.bytes) == (1, 1, one.bytes)
