"""Manifests as people, kubectl and must-gather write them."""

import base64
import io
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgraph.kube.snapshot import Document, Problem, read
from kgraph.kube.yaml_text import Text, YamlError, dump, load

MARKER = "s3cr3t-marker"
ONE = '{"apiVersion":"v1","kind":"A","metadata":{"name":"%s"}}'


def manifest(name: str, kind: str = "ConfigMap", **metadata: Any) -> dict[str, Any]:
    """A small object."""
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, **metadata}}


def told(found: Iterator[Document | Problem]) -> list[str]:
    """Each document as `place name`, each problem as its text, without the folder."""
    return [
        f"{_short(item.origin)} {item.object['metadata']['name']}" if isinstance(item, Document) else _short(str(item))
        for item in found
    ]


def _short(text: str) -> str:
    return text.rpartition("/")[2] if text.startswith("/") else text


def from_stdin(text: str, **options: Any) -> Iterator[Document | Problem]:
    """What is read from standard input."""
    return read("-", stdin=io.StringIO(text), **options)


def test_documents_have_the_lines_that_they_begin_in(tmp_path: Path) -> None:
    """Each document of a file is told with its own line; comments, blanks and empty documents are nothing."""
    file = tmp_path / "a.yaml"
    file.write_text(
        "# a comment\n\n---\n\napiVersion: v1\nkind: A\nmetadata: {name: one}\n--- # next\n"
        "apiVersion: v1\nkind: A\nmetadata:\n  name: two\n---\n---\n%YAML 1.1\n---\n"
        "apiVersion: v1\nkind: A\nmetadata: {name: three}\n...\n# end\n"
    )
    assert told(read(file)) == ["a.yaml:5 one", "a.yaml:9 two", "a.yaml:17 three"]


@pytest.mark.parametrize("kind_first", [True, False])
def test_lists_are_unpacked_item_by_item(kind_first: bool) -> None:
    """Items of a List and of a typed list are objects of their own, with kind, version and line."""
    head, items = (
        "apiVersion: v1\nkind: PodList\n",
        "items:\n- metadata: {name: a}\n- metadata:\n    name: b\n  kind: Other\n",
    )
    found = list(from_stdin(head + items if kind_first else items + head))
    assert [item.object for item in found if isinstance(item, Document)] == [
        {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "a"}},
        {"kind": "Other", "apiVersion": "v1", "metadata": {"name": "b"}},
    ]
    assert [item.origin for item in found] == (["stdin:4", "stdin:5"] if kind_first else ["stdin:2", "stdin:3"])
    assert list(from_stdin("apiVersion: v1\nkind: List\nitems: []\n")) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (msgspec.json.encode(manifest("a")).decode(), ["stdin:1 a"]),
        (
            msgspec.json.encode({"kind": "List", "items": [manifest("a"), manifest("b")]}).decode(),
            ["stdin:1 items[0] a", "stdin:1 items[1] b"],
        ),
        (msgspec.json.encode([manifest("a")]).decode(), ["stdin:1 [0] a"]),
        (ONE % "a" + "\n\n" + ONE.replace(",", ",\n") % "b" + "\n", ["stdin:1 a", "stdin:3 b"]),
        (
            ONE % "a" + '\n{"broken":\n' + ONE % "c" + "\n",
            ["stdin:1 a", "stdin:4: no JSON: Expecting ',' delimiter", "stdin:3 c"],
        ),
        ("{apiVersion: v1, kind: A, metadata: {name: a}}", ["stdin:1 a"]),
        ('\n \n  {"kind": }', ["stdin:3: no JSON: Expecting value"]),
        ("", []),
        ("\n\n", []),
    ],
)  # fmt: skip
def test_json_is_read_in_every_form(text: str, expected: list[str]) -> None:
    """One object, a List, an array, or objects one after another; a broken one does not take the others along."""
    assert told(from_stdin(text)) == expected


def test_a_broken_document_is_told_with_its_line_and_the_rest_goes_in(tmp_path: Path) -> None:
    """A syntax error costs its own document alone."""
    file = tmp_path / "a.yaml"
    good = "apiVersion: v1\nkind: A\nmetadata: {name: %s}\n"
    file.write_text(f"{good % 'one'}---\na: b\n  c: d\n---\nx: [1, 2\n---\n\tkind: A\n---\n{good % 'two'}")
    assert told(read(file)) == [
        "a.yaml:1 one",
        "a.yaml:6: no YAML: mapping values are not allowed in this context",
        "a.yaml:9: no YAML: while parsing a flow sequence did not find expected ',' or ']'",
        "a.yaml:10: no YAML: while scanning for the next token found character that cannot start any token",
        "a.yaml:12 two",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("replicaCount: 1\nimage: {}\n", "no Kubernetes object: it has no kind"),
        ("- a\n- b\n", "no Kubernetes object, but a list"),
        ("just text\n", "no Kubernetes object, but a str"),
        ("kind: A\nmetadata: {name: a}\n", "a A without apiVersion"),
        ("apiVersion: v1\nkind: A\n", "a A without metadata.name"),
        ("apiVersion: v1\nkind: A\nmetadata: {generateName: a-}\n", "a A without metadata.name"),
        ("apiVersion: v1\nkind: A\nmetadata: {name: 7}\n", "a A without metadata.name"),
        ("apiVersion: v1\nkind: AList\nitems: {}\n", "a AList whose items are no list"),
        (
            "apiVersion: v1\nkind: A\nmetadata: {name: a, labels: {v: 1.10}}\n",
            "A a: metadata.labels.v is no text; put quotes round it",
        ),
        ("apiVersion: v1\nkind: A\nmetadata: {name: a, labels: [x]}\n", "metadata.labels is no mapping"),
        ("apiVersion: v1\nkind: A\nmetadata: {name: a, namespace: 7}\n", "metadata.namespace is no text"),
        ("apiVersion: kustomize.config.k8s.io/v1\nkind: Kustomization\n", "kubectl kustomize"),
        ("apiVersion: v1\nkind: {{ .Values.kind }}\n", "it looks like a template: render it first (helm template)"),
        ("a: !vault x\n", "!vault says nothing to Kubernetes"),
        ("a: !!python/object/apply:os.system [x]\n", "says nothing to Kubernetes"),
        ("a: &x [*x]\n", "the anchor x is not known here, or contains itself"),
        ("? [a]\n: b\n", "a key that is no text"),
        ("a: 1\n--- b: 2\nc: d\n", "no YAML"),
        ("a: " + "[" * 5000, "no YAML"),
    ],
)
def test_what_is_no_object_is_a_problem_that_says_why(text: str, said: str) -> None:
    """Files of Helm and Kustomize, templates and mistakes are told, and nothing stops."""
    found = list(from_stdin(f"{text}\n---\napiVersion: v1\nkind: A\nmetadata: {{name: last}}\n"))
    assert isinstance(found[-1], Document)
    problems = [item for item in found if isinstance(item, Problem)]
    assert any(said in str(problem) for problem in problems)
    assert {problem.level for problem in problems} == {"error"}


def test_two_manifests_of_one_key_are_both_given_with_a_warning(tmp_path: Path) -> None:
    """The later one counts, and the warning names both places."""
    (tmp_path / "a.yaml").write_text(dump(manifest("x")))
    (tmp_path / "b.json").write_bytes(msgspec.json.encode(manifest("x", namespace="default")))
    found = list(read(tmp_path, namespaced=lambda _group, _kind: True))
    assert [type(item) for item in found] == [Document, Problem, Document]
    problem = found[1]
    assert isinstance(problem, Problem)
    assert problem.level == "warning"
    assert f"{tmp_path}/b.json:1: ConfigMap default/x is in {tmp_path}/a.yaml:1 as well" in str(problem)


def test_a_missing_namespace_is_filled_in_by_the_kinds_scope() -> None:
    """Namespaced kinds get the default namespace, others have none, and unknown ones stay as they are."""
    scopes = {("", "ConfigMap"): True, ("", "Node"): False}
    text = "---\n".join(
        dump(value)
        for value in (
            manifest("a"),
            manifest("b", namespace="shop"),
            manifest("n", "Node", namespace="x"),
            manifest("u", "U"),
        )
    )
    found = from_stdin(text, default_namespace="base", namespaced=lambda group, kind: scopes.get((group, kind)))
    spaces = [item.object["metadata"].get("namespace") for item in found if isinstance(item, Document)]
    assert spaces == ["base", "shop", None, None]


def test_folders_are_read_recursively_and_in_order(tmp_path: Path) -> None:
    """Manifests below a folder are read by name; hidden folders and other files are passed over."""
    for name in ("b/z.yml", "a/y.yaml", "a/x.json", ".git/g.yaml", "a/notes.txt", "a/.hidden.yaml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(msgspec.json.encode(manifest(Path(name).stem)).decode())
    assert told(read(tmp_path)) == ["x.json:1 x", "y.yaml:1 y", "z.yml:1 z"]


def test_missing_empty_and_foreign_files_are_problems(tmp_path: Path) -> None:
    """A path that is not there, a folder without manifests and a file that is no text are told."""
    assert told(read(tmp_path / "gone")) == ["gone: there is no such file or folder"]
    (tmp_path / "none").mkdir()
    assert "the folder holds no file" in told(read(tmp_path / "none"))[0]
    (tmp_path / "x.yaml").write_bytes(b"a: \xff\xfe")
    (tmp_path / "y.yaml").write_bytes(b"\xef\xbb\xbf" + dump(manifest("bom")).encode())
    (tmp_path / "z.yaml").write_bytes(b"a: \x00\n")
    problem, document, control = told(read(tmp_path))
    assert problem == "x.yaml: the file cannot be read: it is not UTF-8"
    assert document == "y.yaml:1 bom"
    assert control.startswith("z.yaml:1: no YAML: ")


def test_secrets_of_a_snapshot_lose_their_values() -> None:
    """A Secret from a file is redacted as one of a live cluster, in YAML and JSON, alone and in a List."""
    encoded = base64.b64encode(MARKER.encode()).decode()
    secret = manifest("s", "Secret") | {"data": {"a": encoded}, "stringData": {"b": MARKER}}
    wrapped = {"apiVersion": "v1", "kind": "List", "items": [secret]}
    for text in (dump(secret), dump(wrapped), msgspec.json.encode(wrapped).decode()):
        (document,) = from_stdin(text)
        assert isinstance(document, Document)
        assert document.object["dataSizes"] == {"a": len(MARKER), "b": len(MARKER)}
        assert MARKER not in repr(document)
        assert encoded not in repr(document)
    (problem,) = from_stdin(f"apiVersion: v1\nkind: Secret\ndata:\n  a: {encoded}\n b: x\n")
    assert encoded not in repr(problem)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", True), ("off", False), ("n", False), ("Y", True), ("~", None), ("null", None), ("", None),
        ("1", 1), ("0644", 0o644), ("0o17", 15), ("0x1F", 31), ("0b11", 3), ("-7", -7), ("+7", 7), ("1_000", 1000),
        ("089", 89.0), ("1e3", 1000.0), ("1.5", 1.5), (".5", 0.5), ("1.", 1.0), ("-1E-2", -0.01),
        ("22:22", "22:22"), ("2024-01-01", "2024-01-01"), ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z"),
        ("1.2.3", "1.2.3"), ("0x", "0x"), ("1e", "1e"), ("=", "="), ("<", "<"), ("100m", "100m"), ('"1"', "1"),
        ("'yes'", "yes"), ("!!str 1", "1"), ("!!int 7", 7), ("!!float 7", 7.0), ("!!binary aGk=", "aGk="),
        ("|\n  a\n  b", "a\nb\n"), (">-\n  a\n  b", "a b"),
    ],
)  # fmt: skip
def test_plain_values_are_what_kubernetes_takes_them_for(text: str, value: object) -> None:
    """YAML's plain values are read by go-yaml's rules and not by PyYAML's."""
    ((found, line),) = load(Text(f"a: {text}\n", 1))
    assert found == {"a": value}
    assert type(found["a"]) is type(value)
    assert line == 1


def test_keys_are_texts_and_anchors_are_copies() -> None:
    """Keys become texts as in JSON, an anchor used twice gives two values, and << merges what is not stated."""
    text = (
        "1: a\ntrue: b\n1.5: c\nbase: &b {x: 1, w: 2}\nmore: {<<: *b, w: 3}\nlist: {<<: [{w: 4}, *b], z: 1}\ncopy: *b\n"
    )
    ((found, _),) = load(Text(text, 1))
    assert found == {
        "1": "a",
        "true": "b",
        "1.5": "c",
        "base": {"x": 1, "w": 2},
        "more": {"x": 1, "w": 3},
        "list": {"x": 1, "w": 4, "z": 1},
        "copy": {"x": 1, "w": 2},
    }
    assert found["copy"] is not found["base"]


def test_a_bomb_of_anchors_is_refused_quickly() -> None:
    """A small text that stands for a billion values is an error, and takes no memory."""
    text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)
    )
    began = time.monotonic()
    with pytest.raises(YamlError, match="its anchors make it too large"):
        list(load(Text(text, 1)))
    assert time.monotonic() - began < 30


TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=15,
)


@given(JSON)
def test_what_is_dumped_is_what_is_loaded(value: Any) -> None:
    """Any JSON value written as YAML reads back as itself, whatever its texts look like."""
    document = {"a": value}
    found = [read for read, _ in load(Text(dump(document), 1))]
    assert found == [document]
