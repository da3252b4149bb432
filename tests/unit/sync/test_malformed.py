"""Objects as nobody would write them, through extraction and the index: nothing is raised, and all is counted."""

import copy
from datetime import datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgraph.graphdb.kinds import KINDS, Kind
from kgraph.graphdb.model import ResourceKey
from kgraph.kube.objects import decode, head
from kgraph.sync.definitions import definition_of
from kgraph.sync.extract import PROBLEM_CHARACTERS, PROBLEMS_KEPT, Extracted, Extractor, Unidentified
from kgraph.sync.inferred import rows_at
from kgraph.sync.paths import Path
from kgraph.sync.rows import edge_properties
from kgraph.sync.selector_index import SelectorIndex
from tests.examples import examples
from tests.unit.sync import edge_cases_inferred
from tests.unit.sync.graphs import CATALOGUE, objects
from tests.unit.sync.malformed import JUNK, REFERENCES, deep, looked_at, named, plant, spoil
from tests.unit.sync.test_edges import CASES
from tests.unit.sync.test_extract import PROMOTED

EXTRACTOR = Extractor("c", CATALOGUE)
LOOKED_AT = looked_at()
EXAMPLES = [
    obj for text in (*(case.objects for case in CASES), *(text for text, _ in PROMOTED)) for obj in objects(text)
]
TAKEN = str | bool | int | float | datetime


def assert_neo4j_takes(value: Any) -> None:
    """A property is of a type that Neo4j has: a text that is text, a number of 64 bits, a list of one type."""
    items = value if isinstance(value, list) else [value]
    assert all(isinstance(item, TAKEN) for item in items), value
    assert len({type(item) for item in items}) <= 1, value
    for item in items:
        if type(item) is int:
            assert -(2**63) <= item < 2**63
        if type(item) is str:
            item.encode()


def assert_fit(extracted: Extracted, index: SelectorIndex) -> None:
    """A node whose properties Neo4j takes, edges whose ends have keys, queries that the index answers."""
    index.put(extracted.fact, extracted.queries)
    edges = [*extracted.resource.edges, *(edge for _, edge in index.edges())]
    for value in extracted.resource.properties.values():
        assert_neo4j_takes(value)
    for edge in edges:
        if not edge.end.startswith(("cluster:", "image:", "host:", "subject:", "release:")):
            assert str(ResourceKey.parse(edge.end)) == edge.end
        for value in edge_properties(edge).values():
            assert_neo4j_takes(value)
    assert len(extracted.problems) <= PROBLEMS_KEPT
    assert all(0 < len(problem) <= PROBLEM_CHARACTERS + 1 for problem in extracted.problems)
    assert list(extracted.problems) == extracted.resource.properties.get("problems", [])


def read(obj: dict[str, Any], kind: Kind, version: str = "v1") -> Extracted:
    """What an object gives; the caller's own is left as it is."""
    before = copy.deepcopy(obj)
    extracted = EXTRACTOR.extract(obj, kind.group, version, kind.kind)
    assert repr(obj) == repr(before)
    return extracted


@examples(400)
@given(st.data())
def test_no_object_is_too_malformed(data: st.DataObject) -> None:
    """Whatever stands wherever in an object, it has a node, whose properties Neo4j takes, and edges with real keys."""
    obj = copy.deepcopy(data.draw(st.sampled_from(EXAMPLES)))
    group, _, version = obj["apiVersion"].rpartition("/")
    kind = CATALOGUE.get(group, obj["kind"]) or Kind(group=group, kind=obj["kind"], plural="x")
    spoil(data.draw, obj)
    assert_fit(read(named(data.draw, obj), kind, version), SelectorIndex())


@examples(500)
@given(st.sampled_from(LOOKED_AT), st.data())
def test_no_place_that_the_tables_look_at_is_too_malformed(place: tuple[Kind, Path], data: st.DataObject) -> None:
    """Junk, or a reference of junk, at any path of any row of the tables, and on the way to it, raises nothing."""
    kind, path = place
    obj: dict[str, Any] = {"metadata": {}, "spec": {}}
    plant(obj, path, data.draw(REFERENCES | JUNK))
    spoil(data.draw, obj)
    assert_fit(read(named(data.draw, obj), kind), SelectorIndex())


@pytest.mark.parametrize("junk", [None, "", "a/b", True, 2**70, [], {}, [None], {"name": []}], ids=repr)
def test_no_place_at_all_is_too_malformed_for_the_plainest_junk(junk: Any) -> None:
    """Whatever the examples of a run come by, each path of each row is tried with these."""
    for kind, path in LOOKED_AT:
        obj: dict[str, Any] = {"metadata": {}, "spec": {}}
        plant(obj, path, junk)
        obj["metadata"] = {**(obj["metadata"] or {}), "name": "a", "namespace": "shop"}
        assert_fit(read(obj, kind), SelectorIndex())


def test_every_kind_is_looked_at_somewhere() -> None:
    """The junk reaches every built-in kind."""
    assert {str(kind.group_kind) for kind in KINDS} <= {str(kind.group_kind) for kind, _ in LOOKED_AT}


@examples(200)
@given(st.sampled_from(KINDS), st.dictionaries(st.sampled_from(["metadata", "spec", "status", "data"]), JUNK))
def test_only_an_object_without_a_name_is_refused(kind: Kind, obj: dict[str, Any]) -> None:
    """An object of whatever shape has a node, or is Unidentified, which says what is missing."""
    try:
        extracted = read(obj, kind)
    except Unidentified as error:
        assert "needs metadata.name" in str(error)  # noqa: PT017 - both ways are right
    else:
        assert extracted.resource.properties["name"]


@examples(300)
@given(st.data())
def test_what_a_schema_suggests_bears_objects_that_do_not_fit_it(data: st.DataObject) -> None:
    """A schema that was tightened later says text where objects have anything."""
    case = data.draw(st.sampled_from(edge_cases_inferred.INFERRED))
    first, *others = objects(case.objects)
    own = {}
    for definition in filter(None, map(definition_of, others)):
        kind = definition.kind.group_kind
        own[kind] = rows_at(kind, definition.places["v1"], CATALOGUE)
    obj = copy.deepcopy(first)
    spoil(data.draw, obj["spec"])
    extracted = Extractor("c", CATALOGUE, own=own).extract(obj, "shop.example.com", "v1", obj["kind"])
    assert_fit(extracted, SelectorIndex())


@pytest.mark.parametrize("levels", [100, 900, 990, 5_000, 50_000])
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.kind in ("Pod", "Service", "Secret", "ConfigMap")])
def test_what_is_nested_without_end_costs_only_itself(kind: Kind, levels: int) -> None:
    """However deep an object is, and wherever, it is in the graph with all else that it says."""
    obj = {
        "metadata": {"name": "x", "namespace": "shop", "labels": {"a": "b"}, "annotations": deep(levels)},
        "spec": {"serviceAccountName": "robot", "containers": [{"image": "nginx"}], "volumes": deep(levels)},
    }
    extracted = EXTRACTOR.extract(obj, kind.group, "v1", kind.kind)
    assert_fit(extracted, SelectorIndex())
    assert extracted.resource.properties["labels"] == ["a=b"]
    if levels > 1_000:
        assert any("nested more than" in problem for problem in extracted.problems)


@examples(200)
@given(st.data())
def test_the_same_object_is_read_from_json(data: st.DataObject) -> None:
    """What an apiserver sends as JSON is decoded, its head too, and read without anything raised."""
    kind, path = data.draw(st.sampled_from(LOOKED_AT))
    obj: dict[str, Any] = {"metadata": {"labels": data.draw(JUNK)}, "spec": {}}
    plant(obj, path, data.draw(REFERENCES | JUNK))
    obj = named(data.draw, obj)
    try:
        raw = msgspec.json.encode(obj)
    except UnicodeEncodeError:
        return  # no apiserver can send it
    decoded = decode(raw, kind.group, kind.kind)
    assert_fit(EXTRACTOR.extract(decoded, kind.group, "v1", kind.kind), SelectorIndex())
    assert head(raw).metadata.name == obj["metadata"]["name"]


def test_what_is_quoted_of_an_object_is_short() -> None:
    """A problem quotes what is wrong, and not a megabyte of it."""
    extracted = EXTRACTOR.extract(
        {"metadata": {"name": "x", "namespace": "shop", "labels": {"a": ["y" * 1_000_000]}}}, "", "v1", "Pod"
    )
    (problem,) = extracted.problems
    assert problem.startswith("metadata.labels has 'a': ['yyy")
    assert len(problem) <= PROBLEM_CHARACTERS + 1
