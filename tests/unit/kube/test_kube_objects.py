"""Objects from bytes: the head, the whole, and Secrets without values."""

import base64

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgraph.kube.errors import BadAnswer
from kgraph.kube.objects import DATA_SIZES, LAST_APPLIED, decode, head, redact

MARKER = "s3cr3t-marker"
ENCODED = base64.b64encode(MARKER.encode()).decode()


def secret(**fields: object) -> dict[str, object]:
    """A Secret with these fields."""
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, **fields}


def test_a_secret_keeps_key_names_and_sizes_and_no_value() -> None:
    """After decode a Secret holds its keys and their sizes, and its values nowhere."""
    raw = msgspec.json.encode(
        secret(
            metadata={"name": "s", "annotations": {LAST_APPLIED: f'{{"data":{{"a":"{ENCODED}"}}}}', "team": "x"}},
            data={"a": ENCODED, "empty": ""},
            stringData={"b": MARKER},
            immutable=True,
            type="Opaque",
        )
    )
    value = decode(raw, "", "Secret")
    assert value["data"] == {"a": None, "empty": None, "b": None}
    assert value[DATA_SIZES] == {"a": len(MARKER), "empty": 0, "b": len(MARKER)}
    assert value["immutable"] is True
    assert value["type"] == "Opaque"
    assert value["metadata"]["annotations"] == {"team": "x"}
    assert "stringData" not in value
    assert MARKER not in repr(value)
    assert ENCODED not in repr(value)


@given(st.binary(max_size=100))
def test_sizes_are_those_of_the_values(content: bytes) -> None:
    """The size of each value is that of its bytes, computed without decoding it."""
    wrapped = base64.encodebytes(content).decode()
    for text in (base64.b64encode(content).decode(), wrapped):
        assert redact(secret(data={"k": text}), "", "Secret")[DATA_SIZES] == {"k": len(content)}


@pytest.mark.parametrize(
    "data", [None, [], MARKER, [MARKER], {"k": {"nested": MARKER}}, {"k": [MARKER]}, {"k": 7}, {1: MARKER}]
)
def test_what_stands_where_values_should_be_is_not_passed_on(data: object) -> None:
    """A malformed Secret gives away as little as a good one."""
    value = redact(secret(data=data, stringData=data), "", "Secret")
    assert MARKER not in repr(value)
    assert isinstance(value["data"], dict)


def test_redacting_twice_is_redacting_once() -> None:
    """A Secret that a snapshot has already redacted keeps its sizes."""
    once = redact(secret(data={"a": ENCODED}), "", "Secret")
    assert redact(msgspec.json.decode(msgspec.json.encode(once)), "", "Secret") == once


def test_another_groups_secret_and_other_kinds_stay_as_they_are() -> None:
    """Only Kubernetes' own Secret has values to hide; a custom kind of that name is not touched."""
    value = {"metadata": {"name": "s"}, "data": {"a": "b"}}
    assert decode(msgspec.json.encode(value), "example.com", "Secret") == value
    assert decode(msgspec.json.encode(value), "", "ConfigMap") == value


@pytest.mark.parametrize("kind", ["List", "SecretList"])
def test_a_list_is_refused(kind: str) -> None:
    """A list, in which Secrets would pass unseen, is never an object."""
    raw = msgspec.json.encode({"kind": kind, "items": [secret(data={"a": ENCODED})]})
    with pytest.raises(ValueError, match="unpack its items") as error:
        decode(raw, "", kind)
    assert ENCODED not in str(error.value)


def test_kind_and_version_are_filled_in_where_a_list_left_them_out() -> None:
    """An item of a list gets its kind and apiVersion when the version is given."""
    assert decode(b'{"metadata":{}}', "apps", "Deployment", "v1") == {
        "metadata": {},
        "apiVersion": "apps/v1",
        "kind": "Deployment",
    }


def test_the_head_reads_metadata_alone_and_takes_null_for_absent() -> None:
    """The head has what is looked at first, whatever else the object holds."""
    seen = head(b'{"spec":{"x":1},"metadata":{"name":"n","labels":null,"resourceVersion":"7","uid":"u"}}').metadata
    assert (seen.name, seen.namespace, seen.uid, seen.resource_version, seen.labels) == ("n", "", "u", "7", None)


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b'"x"', b"\xff"])
def test_bytes_that_are_no_object_are_a_bad_answer(raw: bytes) -> None:
    """Garbage is a KubeError, never an error of a library."""
    with pytest.raises(BadAnswer):
        head(raw)
    if b"metadata" not in raw:
        with pytest.raises(BadAnswer):
            decode(raw, "", "Pod")


def test_metadata_that_is_not_as_it_should_be_is_read_as_far_as_it_is() -> None:
    """One label that is no text costs neither the name nor the other labels."""
    raw = b'{"metadata":{"name":"x","namespace":7,"labels":{"a":"b","c":1,"d":null},"annotations":[],"uid":{}}}'
    metadata = head(raw).metadata
    assert (metadata.name, metadata.namespace, metadata.uid) == ("x", "", "")
    assert (metadata.labels, metadata.annotations) == ({"a": "b"}, {})
    assert head(b'{"metadata":[]}').metadata.name == ""
