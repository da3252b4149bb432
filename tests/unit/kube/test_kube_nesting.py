"""JSON that is nested too deeply for the decoders."""

import json
from typing import Any

import msgspec
import pytest

from kgraph.graphdb.catalogue import Catalogue
from kgraph.kube.nesting import _LEVELS_OF_JSON, CUT_OFF, DEEPEST, LEVELS, decoded, shallow, shallow_value
from kgraph.kube.objects import decode, head
from kgraph.sync.extract import Extractor


def nested(levels: int, kind: str = "map", inner: str = '"]}\\""') -> str:
    """A value of so many levels, with brackets in a text inside."""
    opening, closing = ('{"a":', "}") if kind == "map" else ("[", "]")
    return opening * levels + inner + closing * levels


def depth(value: Any) -> int:
    """How many maps and lists stand in each other."""
    levels = 0
    while isinstance(value, dict | list):
        value = next(iter(value.values() if isinstance(value, dict) else value), None)
        levels += 1
    return levels


@pytest.mark.parametrize("kind", ["map", "list"])
@pytest.mark.parametrize("levels", [DEEPEST + 1, 5_000, 100_000])
def test_what_is_too_deep_is_cut_off_and_the_rest_is_kept(levels: int, kind: str) -> None:
    """An object with something nested without end is itself, but for that."""
    text = f'{{"metadata":{{"name":"x"}},"spec":{nested(levels, kind)},"after":[1,"}}"]}}'
    value = msgspec.json.decode(shallow(text.encode()))
    assert value["metadata"] == {"name": "x"}
    assert value["after"] == [1, "}"]
    assert depth(value["spec"]) == _LEVELS_OF_JSON - 1
    assert CUT_OFF in json.dumps(value)


def test_what_a_decoder_can_read_is_as_it_was() -> None:
    """Nothing is cut off that need not be, not even beside something that must."""
    deep, deeper = nested(DEEPEST - 2), nested(5_000)
    value = json.loads(shallow(f"[{deep},{deeper},{deep}]".encode()))
    assert [depth(each) for each in value] == [DEEPEST - 2, _LEVELS_OF_JSON - 1, DEEPEST - 2]


def test_one_object_of_a_list_does_not_cost_the_others() -> None:
    """Lines and items with something too deep are read with all that stands around them."""
    lines = "\n".join(['{"a": 1}', nested(3_000), '{"b": [2]}']).encode()
    first, second, third = decoded(msgspec.json.Decoder(dict[str, Any]).decode_lines, lines)
    assert (first, depth(second), third) == ({"a": 1}, _LEVELS_OF_JSON, {"b": [2]})


def test_an_object_is_the_same_from_a_list_and_from_an_event() -> None:
    """Whatever stands around an object, it is cut off at the same place: else the graph would never be in step."""
    text = f'{{"metadata":{{"name":"x"}},"spec":{nested(5_000)}}}'
    listed = msgspec.json.decode(shallow(f'{{"items":[{text}]}}'.encode()))["items"][0]
    watched = msgspec.json.decode(shallow(f'{{"object":{text}}}'.encode()))["object"]
    read = [Extractor("c", Catalogue()).extract(each, "g", "v1", "K").resource for each in (listed, watched)]
    assert read[0] == read[1]


def test_an_object_too_deep_has_its_name() -> None:
    """Whatever is in an object, its head is read, and a Secret's values stay out."""
    text = f'{{"metadata":{{"name":"x"}},"data":{{"k":"c2VjcmV0"}},"more":{nested(3_000)}}}'.encode()
    assert head(text).metadata.name == "x"
    assert decode(text, "", "Secret")["data"] == {"k": None}


def test_a_value_is_cut_off_as_its_json_is() -> None:
    """What is decoded already can be made shallow too."""
    value: dict[str, Any] = {}
    below = value
    for _ in range(50_000):
        below["a"] = below = {}
    assert depth(shallow_value(value)) == LEVELS
