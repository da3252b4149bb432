"""A snapshot as a cluster: manifests from files, folders or standard input, as `kubectl get -o yaml` writes them.

Folders of Kustomize are rendered; Helm charts are left out with a warning. What cannot be read is a Problem with its
file and line, and everything else goes in. Secrets lose their values as those of a live cluster do.
"""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from io import StringIO
from itertools import chain
from pathlib import Path
from typing import Any, Literal, TextIO

import msgspec

from kgraph.kube import kustomize, nesting
from kgraph.kube.manifest_files import SUFFIXES, Sort, manifest_files
from kgraph.kube.objects import redact
from kgraph.kube.yaml_text import Text, YamlError, documents, filled, is_list, load

STDIN = "-"
_KUSTOMIZE = "kustomize.config.k8s.io/"  # a kustomization describes objects, and is none
_CHART = "a Helm chart is left out: render it (helm template NAME FOLDER > FILE), and give that file"


class Document(msgspec.Struct, frozen=True):
    """One object, and where it stands: `folder/file.yaml:12`."""

    object: dict[str, Any]
    origin: str


class Problem(msgspec.Struct, frozen=True):
    """What is wrong where. An `error` is a document that was left out, a `warning` one that went in."""

    origin: str
    message: str
    level: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        return f"{self.origin}: {self.message}"


def read(
    source: str | Path,
    *,
    default_namespace: str = "default",
    namespaced: Callable[[str, str], bool | None] = lambda _group, _kind: None,
    stdin: TextIO | None = None,
) -> Iterator[Document | Problem]:
    """The objects of a file, a folder and those below it, or standard input (`-`), document by document.

    `namespaced` says of a group and kind whether its objects have a namespace, None where it does not know: one
    without gets `default_namespace`. An object that comes twice is given twice, after a warning that names both
    places: the later one counts.
    """
    seen: dict[tuple[str, str, str, str], str] = {}
    for value, origin in _values(source, stdin or sys.stdin):
        if isinstance(value, Problem):
            yield value
            continue
        problem = _objection(value)
        if problem:
            yield Problem(origin, problem)
            continue
        group, metadata = _group(value), value["metadata"]
        scope = namespaced(group, value["kind"])
        if scope and not metadata.get("namespace"):
            metadata["namespace"] = default_namespace
        elif scope is False:
            metadata.pop("namespace", None)
        key = (group, value["kind"], metadata.get("namespace") or "", metadata["name"])
        if key in seen:
            place = f"{key[2]}/{key[3]}" if key[2] else key[3]
            yield Problem(origin, f"{key[1]} {place} is in {seen[key]} as well; this one counts", "warning")
        seen[key] = origin
        yield Document(redact(value, group, value["kind"]), origin)


def _values(source: str | Path, stdin: TextIO) -> Iterator[tuple[Any, str]]:
    """Every document's value with its place, or a Problem."""
    if str(source) == STDIN:
        yield from _of_file(stdin, "stdin", json_only=False)
        return
    path = Path(source)
    if not path.exists():
        yield Problem(str(path), "there is no such file or folder"), ""
        return
    files = manifest_files(path) if path.is_dir() else [(path, Sort.FILE)]
    if not files:
        yield Problem(str(path), f"the folder holds no file that ends in {', '.join(SUFFIXES)}"), ""
    for file, sort in files:
        if sort is Sort.CHART:
            yield Problem(str(file), _CHART, "warning"), ""
            continue
        if sort is Sort.KUSTOMIZATION:
            yield from _of_kustomization(file)
            continue
        try:
            with file.open(encoding="utf-8-sig") as opened:
                yield from _of_file(opened, str(file), json_only=file.suffix == ".json")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            yield Problem(str(file), f"the file cannot be read: {reason}"), ""


def _of_kustomization(folder: Path) -> Iterator[tuple[Any, str]]:
    rendered = kustomize.render(folder)
    if rendered.problem:
        yield Problem(str(folder), rendered.problem), ""
        return
    yield from _of_file(StringIO(rendered.text), f"{folder} (rendered)", json_only=False)


def _of_file(file: TextIO, name: str, *, json_only: bool) -> Iterator[tuple[Any, str]]:
    first = ""
    for line in file:
        first += line
        if line.strip():
            break
    if first.lstrip()[:1] not in ("{", "["):
        lines: Iterable[str] = chain(StringIO(first), file)
    else:
        text = first + file.read()
        try:
            yield from _unpacked(nesting.decoded(msgspec.json.decode, text.encode()), f"{name}:1")
        except (msgspec.MsgspecError, UnicodeEncodeError):
            if json_only or not _is_flow_yaml(text):
                yield from _json_documents(text, name)
                return
            lines = StringIO(text)
        else:
            return
    for document in documents(lines):
        yield from _of_document(document, name)


def _of_document(document: Text, name: str) -> Iterator[tuple[Any, str]]:
    try:
        for value, line in load(document):
            if value is not None:
                yield value, f"{name}:{line}"
    except YamlError as error:
        hint = "; it looks like a template: render it first (helm template)" if "{{" in document.text else ""
        yield Problem(f"{name}:{error.line}", f"no YAML: {error}{hint}"), ""


def _json_documents(text: str, name: str) -> Iterator[tuple[Any, str]]:
    """Objects one after another, as `jq` writes them; after a broken one it goes on where a line begins with `{`."""
    decoder, position = json.JSONDecoder(), 0
    while (position := _next_object(text, position)) >= 0:
        line = text.count("\n", 0, position) + 1
        try:
            value, position = decoder.raw_decode(text, position)
        except (json.JSONDecodeError, RecursionError) as error:
            wrong = error if isinstance(error, json.JSONDecodeError) else None
            at = f"{name}:{wrong.lineno if wrong else line}"
            yield Problem(at, f"no JSON: {wrong.msg if wrong else 'it is nested too deeply'}"), ""
            after = text.find("\n{", position + 1)
            if after < 0:
                return
            position = after
            continue
        yield from _unpacked(value, f"{name}:{line}")


def _next_object(text: str, position: int) -> int:
    while position < len(text) and text[position].isspace():
        position += 1
    return position if position < len(text) else -1


def _unpacked(value: Any, origin: str) -> Iterator[tuple[Any, str]]:
    """The value, or the items of a List, or of a bare JSON array."""
    if isinstance(value, list):
        for position, item in enumerate(value):
            yield item, f"{origin} [{position}]"
    elif isinstance(value, dict) and is_list(value.get("kind")) and isinstance(value.get("items"), list):
        kind, version = value["kind"], value.get("apiVersion", "")
        for position, item in enumerate(value["items"]):
            yield filled(item, kind, version), f"{origin} items[{position}]"
    else:
        yield value, origin


def _objection(value: Any) -> str:
    """Why a document is no object that an apiserver would take; "" where it is one."""
    if not isinstance(value, dict):
        return f"no Kubernetes object, but a {type(value).__name__}"
    kind, version, metadata = value.get("kind"), value.get("apiVersion"), value.get("metadata")
    if not isinstance(kind, str) or not kind:
        return "no Kubernetes object: it has no kind (a file of Helm or Kustomize?)"
    if not isinstance(version, str) or not version:
        return f"a {kind} without apiVersion"
    if version.startswith(_KUSTOMIZE):
        return f"a {kind} is a file of Kustomize and no object; build it first (kubectl kustomize)"
    if is_list(kind) and "items" in value:
        return f"a {kind} whose items are no list" if not isinstance(value["items"], list) else "a List in a List"
    if not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str) or not metadata["name"]:
        return f"a {kind} without metadata.name"
    if not isinstance(metadata.get("namespace") or "", str):
        return f"{kind} {metadata['name']}: metadata.namespace is no text"
    for field in ("labels", "annotations"):
        texts = metadata.get(field) or {}
        if not isinstance(texts, dict):
            return f"{kind} {metadata['name']}: metadata.{field} is no mapping"
        for key, text in texts.items():
            if not isinstance(text, str):
                return f"{kind} {metadata['name']}: metadata.{field}.{key} is no text; put quotes round it"
    return ""


def _group(value: dict[str, Any]) -> str:
    group, slash, _ = value["apiVersion"].partition("/")
    return group if slash else ""


def _is_flow_yaml(text: str) -> bool:
    """Whether a text that begins like JSON, and is none, can be YAML: `{a: b}` has keys without quotes."""
    return not text.lstrip("{[ \t\r\n").startswith('"')
