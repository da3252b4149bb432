"""What cannot be made again from the clusters, as a file, and back into a graph: over Bolt, while everything runs.

The file is gzipped JSON, a line an entry: a head that says what it is, the rows, and an end that counts them and has
the SHA-256 of all before it. It holds audit, deleted resources, usage, the histories of resources and registered
clusters, whose credentials stay sealed. It is checked as a whole before anything of it is written; to restore it twice
does no harm, and what the graph has already stands.
"""

import base64
import gzip
import hashlib
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from kgraph import __version__
from kgraph.graphdb.errors import BackupUnusable
from kgraph.graphdb.rebuilds import ask
from kgraph.graphdb.schema import newest
from kgraph.graphdb.store import Store, native

FORMAT = "dictamesh-k8s-adapter backup"
# Of the file's form: a later program reads earlier ones, and refuses what it does not know.
FORMAT_VERSION = 1
# Read and written in one transaction: some tenths of a second.
ROWS_AT_ONCE = 500


class Section(msgspec.Struct, frozen=True):
    """One kind of thing in a backup; some are read by more than one statement."""

    name: str
    read: tuple[str, ...]
    write: str


SECTIONS = (
    Section("registrations", ("read/back_up_registrations",), "write/restore_registrations"),
    Section("audit", ("read/back_up_audit",), "write/restore_audit"),
    Section("deleted", ("read/back_up_deleted",), "write/restore_deleted"),
    Section("usage", ("read/back_up_usage",), "write/restore_usage"),
    Section("histories", ("read/back_up_histories", "read/back_up_restored_histories"), "write/restore_histories"),
)
_BY_NAME = {section.name: section for section in SECTIONS}


class Head(msgspec.Struct, frozen=True):
    """The first line."""

    format: str
    version: int
    schema: int = 0
    program: str = ""
    graph: str = ""
    at: str = ""


class Row(msgspec.Struct, frozen=True):
    """One node: its properties, of which `times` are DateTimes as text and `bytes` are in base64."""

    section: str
    properties: dict[str, Any]
    times: dict[str, str] = {}
    bytes: dict[str, str] = {}


class End(msgspec.Struct, frozen=True):
    """The last line: how many rows of each section there are, and the hash of the lines before it."""

    rows: dict[str, int]
    sha256: str


class Outcome(msgspec.Struct, frozen=True):
    """What was restored, by section: of how many rows the graph lacked how many; and the clusters to be rebuilt."""

    rows: Mapping[str, int]
    written: Mapping[str, int]
    rebuilding: tuple[str, ...]


async def back_up(store: Store, file: Path) -> Mapping[str, int]:
    """Write the file, readable by its owner alone, whole or not at all; how many rows of each section there are."""
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as raw:
            with gzip.GzipFile(fileobj=raw, mode="wb", filename="", mtime=0) as packed:
                counts = await _write(store, packed)
            raw.flush()
            os.fsync(raw.fileno())
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)
    return counts


async def _write(store: Store, packed: gzip.GzipFile) -> Mapping[str, int]:
    digest = hashlib.sha256()

    def put(line: Head | Row | End) -> None:
        encoded = msgspec.json.encode(line) + b"\n"
        digest.update(encoded)
        packed.write(encoded)

    found = await store.read_one("read/schema_version")
    at = datetime.now(UTC).isoformat(timespec="seconds")
    put(Head(FORMAT, FORMAT_VERSION, int(found["version"]), __version__, found["id"] or "", at))
    counts = dict.fromkeys(_BY_NAME, 0)
    for section in SECTIONS:
        for statement in section.read:
            after: str | None = ""
            while after is not None:
                record = await store.read_one(statement, {"after": after, "most": ROWS_AT_ONCE})
                for properties in record["rows"]:
                    put(_row(section.name, properties))
                counts[section.name] += len(record["rows"])
                after = record["last"]
    put(End(counts, digest.hexdigest()))
    return counts


def _row(section: str, properties: Mapping[str, Any]) -> Row:
    kept = {name: native(value) for name, value in properties.items() if value is not None}
    times = {name: value.isoformat() for name, value in kept.items() if isinstance(value, datetime)}
    binary = {
        name: base64.b64encode(value).decode() for name, value in kept.items() if isinstance(value, bytes | bytearray)
    }
    plain = {name: value for name, value in kept.items() if name not in times and name not in binary}
    return Row(section, plain, times, binary)


def verify(file: Path) -> tuple[Head, Mapping[str, int]]:
    """Read a whole file; its head and how many rows of each section it has. BackupUnusable says what is wrong."""
    with _opened(file) as packed:
        head, digest, counts = _head(file, packed), hashlib.sha256(), dict.fromkeys(_BY_NAME, 0)
    with _opened(file) as packed:
        end: End | None = None
        for number, line in enumerate(_lines(file, packed), 1):
            if end is not None:
                raise BackupUnusable(f"restoring {file}: there is something after its end; take another backup file")
            if number > 1:
                row = _decoded(file, number, line)
                if isinstance(row, End):
                    end = row
                    continue
                counts[row.section] += 1
            digest.update(line)
    if end is None:
        raise BackupUnusable(f"restoring {file}: it has no end, as one that was broken off; take another backup file")
    if end.sha256 != digest.hexdigest() or dict(end.rows) != counts:
        raise BackupUnusable(f"restoring {file}: it is not what was written; take another backup file")
    return head, counts


async def restore(store: Store, file: Path) -> Outcome:
    """Bring what the file has into the graph, whose schema is prepared; BackupUnusable before anything is written."""
    _, counts = verify(file)
    written = dict.fromkeys(_BY_NAME, 0)
    clusters: set[str] = set()
    with _opened(file) as packed:
        for section, rows in _batches(file, packed):
            record = await store.write_one(section.write, {"rows": [_given(row) for row in rows]})
            written[section.name] += int(record["written"]) if record else 0
            if section.name == "histories":
                clusters.update(str(row.properties["cluster"]) for row in rows)
    _, asked = await ask(store, sorted(clusters)) if clusters else ("", ())
    return Outcome(counts, written, asked)


def _batches(file: Path, packed: gzip.GzipFile) -> Iterator[tuple[Section, list[Row]]]:
    some: list[Row] = []
    for number, line in enumerate(_lines(file, packed), 1):
        row = None if number == 1 else _decoded(file, number, line)
        if some and (not isinstance(row, Row) or row.section != some[0].section or len(some) == ROWS_AT_ONCE):
            yield _BY_NAME[some[0].section], some
            some = []
        if isinstance(row, Row):
            some.append(row)


def _given(row: Row) -> dict[str, Any]:
    binary = {name: base64.b64decode(value) for name, value in row.bytes.items()}
    return {"key": row.properties["key"], "properties": {**row.properties, **binary}, "times": row.times}


def _opened(file: Path) -> gzip.GzipFile:
    try:
        return gzip.GzipFile(file, "rb")
    except OSError as cause:
        raise BackupUnusable(f"restoring {file}: it cannot be opened ({cause.strerror})") from cause


def _lines(file: Path, packed: Iterable[bytes]) -> Iterator[bytes]:
    try:
        yield from packed
    except (OSError, EOFError, zlib.error) as cause:
        raise BackupUnusable(f"restoring {file}: it is damaged ({cause}); take another backup file") from cause


def _head(file: Path, packed: gzip.GzipFile) -> Head:
    try:
        head = msgspec.json.decode(next(_lines(file, packed), b""), type=Head)
    except msgspec.MsgspecError as cause:
        raise BackupUnusable(f"restoring {file}: it is no backup of `kgraph backup`") from cause
    if head.format != FORMAT:
        raise BackupUnusable(f"restoring {file}: it is no backup of `kgraph backup`")
    if head.version > FORMAT_VERSION or head.schema > newest():
        raise BackupUnusable(
            f"restoring {file}: it was written by version {head.program} of the program, of form {head.version} and "
            f"schema {head.schema}; this one knows {FORMAT_VERSION} and {newest()}. Restore it with that version or a "
            "later one"
        )
    return head


def _decoded(file: Path, number: int, line: bytes) -> Row | End:
    try:
        if line.startswith(b'{"rows":'):
            return msgspec.json.decode(line, type=End)
        row = msgspec.json.decode(line, type=Row)
        if row.section in _BY_NAME and isinstance(row.properties.get("key"), str):
            _given(row)
            return row
        why = "it is no row of a section that is known"
    except (msgspec.MsgspecError, ValueError) as cause:
        raise BackupUnusable(f"restoring {file}: line {number} is damaged; take another backup file") from cause
    raise BackupUnusable(f"restoring {file}: line {number}: {why}; take another backup file")
