"""What a custom kind's schema suggests, whatever the schema looks like."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kgraph.graphdb.catalogue import Catalogue
from kgraph.graphdb.kinds import Kind
from kgraph.graphdb.model import GroupKind
from kgraph.sync import inferred
from kgraph.sync.definitions import definition_of
from kgraph.sync.inferred import places_in, rows_at
from tests.unit.sync.graphs import CATALOGUE

BASKET = GroupKind("shop.example.com", "Basket")
TEXT = {"type": "string"}


def _schema(**fields: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"spec": {"type": "object", "properties": fields}}}


def test_only_the_spec_is_looked_at() -> None:
    """What a controller reports in its status is no wish of the user's."""
    schema = _schema(secretName=TEXT)
    schema["properties"]["status"] = {"properties": {"configMapName": TEXT}}
    assert [place.path for place in places_in(schema)] == ["spec.secretName"]


def test_a_kind_of_which_the_table_has_rows_is_not_guessed_at() -> None:
    """Where the edge table knows a kind, or knows it for a template of Pods, its schema suggests nothing."""
    places = places_in(_schema(secretName=TEXT))
    rollout = Kind(group="argoproj.io", kind="Rollout", plural="rollouts", pod_spec="spec.template.spec")
    assert rows_at(rollout.group_kind, places, CATALOGUE.with_kinds([rollout])) == ()
    assert rows_at(GroupKind("", "Service"), places, CATALOGUE) == ()
    assert [row.at for row in rows_at(BASKET, places, CATALOGUE)] == [("spec.secretName",)]


def test_what_a_reference_means_depends_on_which_kinds_there_are() -> None:
    """A field called after a kind means it from when the kind is there."""
    places = places_in(_schema(regionRef={"type": "object", "properties": {"name": TEXT}}))
    assert rows_at(BASKET, places, Catalogue()) == ()
    (row,) = rows_at(BASKET, places, CATALOGUE)
    assert (row.type, row.default, row.inferred) == ("REFERS_TO", "Region.shop.example.com", True)


def test_a_deep_schema_is_read_as_far_as_it_is_sensible() -> None:
    """Nesting beyond all reason costs neither the stack nor the rest of the schema."""
    deep: dict[str, Any] = {"type": "object", "properties": {"secretName": TEXT}}
    for _ in range(5_000):
        deep = {"type": "object", "properties": {"a": deep}}
    assert [place.path for place in places_in(_schema(a=deep, secretName=TEXT))] == ["spec.secretName"]


def test_an_endless_schema_ends() -> None:
    """A snapshot's YAML anchors can make a schema that contains itself twice over: it is left after a while."""
    endless: dict[str, Any] = {"type": "object", "properties": {"secretName": TEXT}}
    endless["properties"] |= {"a": endless, "b": endless}
    assert len(places_in(_schema(a=endless))) == inferred.MAX_PLACES


def test_a_huge_schema_gives_no_more_rows_than_are_useful() -> None:
    """However many references a schema has, an object is not looked at in more places than the limit."""
    many = {f"a{at}": {"type": "object", "properties": {"secretName": TEXT}} for at in range(2 * inferred.MAX_PLACES)}
    (row,) = rows_at(BASKET, places_in(_schema(**many)), CATALOGUE)
    assert len(row.at) == inferred.MAX_PLACES


def test_field_names_that_no_path_can_say_are_passed_over() -> None:
    """A key with the characters of the path language does not become another path."""
    odd = {"a|b": {"properties": {"secretName": TEXT}}, "{pod}": {"properties": {"secretName": TEXT}}}
    dotted = {"a.b/c": {"properties": {"secretName": TEXT}}}
    assert [place.path for place in places_in(_schema(**odd, **dotted))] == ['spec["a.b/c"].secretName']


def test_an_unchanged_definition_is_not_read_again() -> None:
    """A definition whose generation is the same is the same value: only what changed costs anything."""
    obj = {
        "metadata": {"uid": "u", "generation": 1},
        "spec": {
            "group": "shop.example.com",
            "names": {"kind": "Basket", "plural": "baskets"},
            "versions": [{"name": "v1", "schema": {"openAPIV3Schema": _schema(secretName=TEXT)}}],
        },
    }
    first = definition_of(obj)
    assert first is not None
    known = {first.revision: first}
    assert definition_of(obj, known) is first
    obj["metadata"]["generation"] = 2  # type: ignore[index]
    assert definition_of(obj, known) is not first


_WORDS = st.sampled_from(
    ["properties", "items", "type", "spec", "name", "kind", "group", "default", "enum", "secretName", "aRef", "bRefs"]
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["string", "object", "Region", "", "a/b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=6),
    max_leaves=40,
)


@given(_JSON)
def test_no_schema_is_too_malformed(schema: Any) -> None:
    """Whatever stands where a schema should, nothing is raised, and every row can be compiled."""
    for spec in (schema, {"properties": {"spec": schema}}, {"properties": {"spec": {"properties": schema}}}):
        for row in rows_at(BASKET, places_in(spec), CATALOGUE):
            assert row.at
            assert row.inferred
