"""Backups: what no sync gives back comes out of a graph and into another, whole or not at all."""

import base64
import gzip
import json
import secrets
import stat
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kgraph.graphdb import backup, registry, schema
from kgraph.graphdb.errors import BackupUnusable
from kgraph.graphdb.store import Store
from kgraph.kube.sealing import VARIABLE, Sealer
from kgraph.sync.check import check
from kgraph.sync.worker import ClusterWorker
from tests.integration.upgrade.earlier import REMEMBERING, WRITTEN, load
from tests.integration.upgrade.test_from_earlier import SETTINGS

pytestmark = [pytest.mark.neo4j, pytest.mark.asyncio(loop_scope="session")]

TOKEN = secrets.token_hex(16)
KEPT = """
MATCH (n) WHERE n:AuditEntry OR n:Deleted OR n:Usage OR n:ClusterRegistration
RETURN n.key AS key, properties(n) AS properties
"""
HISTORIES = """
MATCH (n:Resource) WHERE NOT n:Missing
RETURN n.key AS key, n.changes AS changes, toString(n.firstSeen) AS since, toString(n.lastChanged) AS last
"""


async def _filled(store: Store) -> Sealer:
    """A graph with all that a program writes, and a cluster whose login is sealed; who can open it."""
    sealer = Sealer.of({VARIABLE: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()})
    await load(store, WRITTEN[-1])
    await schema.prepare(store)
    await ClusterWorker(store, SETTINGS, REMEMBERING).run()
    await registry.register(store, "sealed", "{}", sealer.seal("sealed", {"token": TOKEN}), {})
    return sealer


async def _wiped(store: Store) -> None:
    await store.run_alone("MATCH (n) DETACH DELETE n", what="losing the graph")
    await schema.prepare(store)


def _names(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]


async def _kept(store: Store) -> dict[str, Any]:
    return {row["key"]: row["properties"] for row in await store.read_text(KEPT)}


async def _histories(store: Store) -> dict[str, Any]:
    return {row.pop("key"): row for row in await store.read_text(HISTORIES)}


async def test_a_lost_graph_comes_back_from_a_backup_and_a_sync(bare: Store, tmp_path: Path) -> None:
    """Backed up, lost, restored and synced, the graph has its audit, usage, registrations and every history again."""
    sealer = await _filled(bare)
    kept, histories = await _kept(bare), await _histories(bare)
    assert any(each["changes"] for each in histories.values())
    file = tmp_path / "graph.backup"
    counts = await backup.back_up(bare, file)
    assert all(counts.values()), counts
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not any(name.startswith(".") for name in _names(tmp_path)), "nothing unfinished is left"

    await _wiped(bare)
    outcome = await backup.restore(bare, file)
    assert outcome.written == outcome.rows == counts
    # What waits for a sync is part of the next backup too.
    assert await backup.back_up(bare, tmp_path / "again.backup") == counts
    await ClusterWorker(bare, SETTINGS, REMEMBERING).run()
    assert await _kept(bare) == kept
    assert await _histories(bare) == histories
    assert (await check(bare, SETTINGS, REMEMBERING, deep=True)).differences == ()
    registered = await registry.registration(bare, "sealed")
    assert sealer.open("sealed", registered.sealed) == {"token": TOKEN}
    assert set((await backup.restore(bare, file)).written.values()) == {0, counts["histories"]}


async def test_no_credential_is_in_a_backup(bare: Store, tmp_path: Path) -> None:
    """A login is in the file only as it was sealed: without the key nobody reads it."""
    await _filled(bare)
    file = tmp_path / "graph.backup"
    await backup.back_up(bare, file)
    text = gzip.decompress(file.read_bytes()).decode()
    assert '"sealed":"gAAAA' in text
    assert TOKEN not in text
    assert base64.b64encode(TOKEN.encode()).decode() not in text


async def test_a_file_that_cannot_be_used_changes_nothing(bare: Store, tmp_path: Path) -> None:
    """A file that is cut, changed, foreign or of a later version is refused with a reason; nothing is written."""
    await _filled(bare)
    good = tmp_path / "graph.backup"
    await backup.back_up(bare, good)
    lines = gzip.decompress(good.read_bytes()).splitlines(keepends=True)
    head = json.loads(lines[0])

    def packed(*some: bytes) -> bytes:
        return gzip.compress(b"".join(some))

    later = msgspec.json.encode({**head, "version": backup.FORMAT_VERSION + 1}) + b"\n"
    newer = msgspec.json.encode({**head, "schema": schema.newest() + 1}) + b"\n"
    bad = {
        "cut": good.read_bytes()[:-40],
        "without an end": packed(*lines[:-1]),
        "a row less": packed(*lines[:3], *lines[4:]),
        "a row changed": packed(*lines[:3], lines[3].replace(b'"key":"', b'"key":"x'), *lines[4:]),
        "a line of rubbish": packed(*lines[:3], b"rubbish\n", *lines[4:]),
        "after the end": packed(*lines, lines[3]),
        "of a later form": packed(later, *lines[1:]),
        "of a later schema": packed(newer, *lines[1:]),
        "no backup": packed(b'{"format": "other", "version": 1}\n'),
        "no gzip": b"hello",
        "empty": b"",
    }
    flipped = bytearray(good.read_bytes())
    flipped[len(flipped) // 2] ^= 0xFF
    bad["a byte changed"] = bytes(flipped)
    await _wiped(bare)
    before = await _kept(bare)
    for what, content in bad.items():
        file = tmp_path / f"{what}.backup"
        file.write_bytes(content)
        with pytest.raises(BackupUnusable, match="restoring "):
            await backup.restore(bare, file)
        assert await _kept(bare) == before, what
    with pytest.raises(BackupUnusable, match="later"):
        await backup.restore(bare, tmp_path / "of a later schema.backup")
    with pytest.raises(BackupUnusable, match="cannot be opened"):
        await backup.restore(bare, tmp_path / "nowhere.backup")
