"""Batches into the graph, one transaction each: nodes, edges, checkpoints, behind the epoch's fence.

Nodes go first, in key order, then the edges by their ends, so that two workers that share images seldom wait for
each other in a circle; when they do, Neo4j ends one of the two and the driver tries it again. The statements are
told what the graph holds: nothing is looked for that is known not to be there.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, NamedTuple, TypeVar

from kgraph.graphdb.edges import CONTAINMENT
from kgraph.graphdb.endpoints import end_label
from kgraph.graphdb.errors import Fenced, SchemaTooNew
from kgraph.graphdb.model import cluster_key
from kgraph.graphdb.schema import newest
from kgraph.graphdb.store import Record, Store, Transaction
from kgraph.kube.diff import Difference
from kgraph.sync.batch import Batch
from kgraph.sync.drafts import Happening
from kgraph.sync.events import room
from kgraph.sync.feed import Feed
from kgraph.sync.history import UNREMEMBERED, Before, HistoryLimits, before_of, ended
from kgraph.sync.part import WHOLE, Part
from kgraph.sync.patience import patiently
from kgraph.sync.revisions import is_revision, parts_of
from kgraph.sync.rewriting import believable, compare
from kgraph.sync.rows import edge_row, kind_rows, node_rows
from kgraph.sync.telling import tell_of
from kgraph.sync.touched import touch, touch_everything

Row = TypeVar("Row")

HISTORY = HistoryLimits()
# How long Neo4j keeps a transaction open. One whose worker is frozen or cut off holds the cluster's lock, and whoever
# takes the cluster over would wait for it for ever; a full batch takes a second or two.
WRITE_SECONDS = 60.0

# Rows a statement takes at once. Measured with `make bench`: below 500 the round trips show, past 5,000 the
# transaction's memory does.
ROWS_PER_STATEMENT = 2000

# A statement a label. With the label as a parameter MERGE finds the node by a DynamicLabelNodeLookup, which locks no
# key as NodeUniqueIndexSeek(Locking) does (PROFILE, Neo4j 2026.08), and two workers may make the same image at once.
_CREATE_EDGES = {
    "Resource": "write/create_edges",
    "Image": "write/create_edges_to_images",
    "Host": "write/create_edges_to_hosts",
    "Subject": "write/create_edges_to_subjects",
    "HelmRelease": "write/create_edges_to_releases",
    "Cluster": "write/create_edges_to_clusters",
}


class Writer:
    """Writes one cluster's part of the graph, or one `part` of it, for as long as its epoch is the cluster's."""

    def __init__(
        self,
        store: Store,
        cluster: str,
        claimed: Mapping[str, Any],
        history: HistoryLimits,
        feed: Feed,
        *,
        part: Part = WHOLE,
    ) -> None:
        """`claimed` is what `write/claim_cluster` returns."""
        self.store = store
        self.cluster = cluster
        self.part = part
        self.shard = part.shard(cluster)
        self.claimed = claimed
        self.epoch = int(claimed["epoch"])
        self.history = history
        self.feed = feed
        self.sequence: int | None = None  # the number of the last event, where this process knows it
        self._sequence_at = 0.0  # when it was that, on the monotonic clock

    @classmethod
    async def claim(
        cls,
        store: Store,
        cluster: str,
        properties: Mapping[str, Any],
        history: HistoryLimits = HISTORY,
        feed: Feed | None = None,
        *,
        part: Part = WHOLE,
    ) -> "Writer":
        """Take the cluster over, or a part: whoever wrote it before is fenced off, and who has it split otherwise."""
        record = await store.write_one(
            "write/claim_cluster",
            {
                "key": cluster_key(cluster),
                "properties": {"id": cluster, **properties},
                "schema": newest(),
                "names": part.names("epoch", "rebuilt", "begun"),
                "division": part.division or None,
                "parts": sorted(part.split) or None,
                "tells": feed is not None and feed.relay is not None and part.is_first,
            },
        )
        if record is None:
            raise SchemaTooNew(
                f"claiming the cluster {cluster}: a later version of the program has changed the graph, and only such "
                "as know it may write to it; run that version"
            )
        return cls(store, cluster, record, history, feed or Feed(), part=part)

    @property
    def fence(self) -> dict[str, Any]:
        """What a transaction says of whose it is (`write/open`)."""
        return {
            "key": cluster_key(self.cluster),
            "names": self.part.names("epoch", "batches"),
            "epoch": self.epoch,
            "division": self.part.division,
        }

    def numbered(self, last: int | None) -> None:
        """The number of the cluster's last event is this, None where that is not known."""
        self.sequence, self._sequence_at = last, time.monotonic()

    def next_sequence(self) -> int | None:
        """A number for the next event, None where the graph has to be asked for one.

        Where others number events of the cluster too, it lies ahead by what has passed since, as the graph's own clock
        would have it (`write/open`): theirs are then most likely below, and the graph refuses it where they are not.
        """
        if self.sequence is None or not self.part.split:
            return None if self.sequence is None else self.sequence + 1
        return self.sequence + 1 + int((time.monotonic() - self._sequence_at) * 1e6)

    async def write(self, batch: Batch, state: Mapping[str, Any] | None = None) -> None:
        """Write the batch, or nothing of it, and what the cluster's own node says of the sync (`state`).

        Fenced when another worker has taken the cluster over.
        """
        await write_together([Entry(self, batch, state or {})])

    async def describe(self, properties: Mapping[str, Any], *happened: Happening) -> None:
        """Set this part's properties of the cluster's node, and tell what has happened to it, once Neo4j answers."""
        batch = Batch()
        batch.happened.extend(happened)
        await patiently(lambda: self.write(batch, properties))

    async def run(
        self, name: str, parameters: Mapping[str, Any], *happened: Happening, touches: bool = True
    ) -> list[Record]:
        """Run one statement behind the fence, and sweep the nodes that its record calls `loose`; its records.

        What has happened with it to the cluster is told in the same transaction. `touches`: whether it may change
        resources or their edges.
        """
        entry = Entry(self, Batch(), {})
        entry.batch.happened.extend(happened)

        async def work(transaction: Transaction) -> list[Record]:
            opened = await _open(transaction, [entry])
            records = await transaction.run(name, parameters)
            for some in _chunks([key for record in records for key in record.get("loose", ())]):
                await transaction.run("write/sweep", {"keys": some})
            if touches:
                await touch_everything(transaction, self.cluster)
            await _tell(transaction, [entry], opened, {})
            return records

        what = f"{name} of the cluster {self.cluster}"
        records = await self.store.write(work, what=what, timeout=WRITE_SECONDS)
        if happened:
            self.numbered(None)
        self.feed.committed(self.shard, self.cluster, entry.batch)
        return records


class Entry(NamedTuple):
    """One cluster's part of a transaction: its batch, and what its node is to say of the sync."""

    writer: Writer
    batch: Batch
    state: Mapping[str, Any]


async def write_together(entries: Sequence[Entry], seconds: float = WRITE_SECONDS) -> None:
    """Write the batches of several clusters in one transaction, or nothing of it; GraphTimeout after `seconds`.

    No two of them are parts of one cluster. Fenced, with their shards in `clusters`, where other workers have taken
    some over.
    """
    first = entries[0].writer
    before = await _before(first.store, entries)
    if len(entries) == 1 and await _revised(entries[0], before, seconds):
        first.feed.committed(first.shard, first.cluster, entries[0].batch)
        return

    async def work(transaction: Transaction) -> _Opened:
        opened = await _open(transaction, entries)
        ours = [entry for entry in entries if entry.writer.cluster not in opened.done]
        if ours:
            batch = ours[0].batch if len(ours) == 1 else Batch.together([entry.batch for entry in ours])
            differences = await _tell(transaction, ours, opened, before)
            ends = await _write_batch(transaction, batch, before, first.history, differences)
            await touch(transaction, {entry.writer.cluster: entry.batch for entry in ours}, ends)
        return opened

    names = ", ".join(entry.writer.cluster for entry in entries)
    changes = sum(len(entry.batch) for entry in entries)
    opened = await first.store.write(work, what=f"writing {changes} changes of {names}", timeout=seconds)
    for entry in entries:
        writer = entry.writer
        if writer.cluster in opened.done:
            writer.numbered(None)
        elif writer.feed.is_on and (numbers := room(entry.batch)):
            writer.numbered(opened.sequences[writer.cluster] + numbers - 1)
        writer.feed.committed(writer.shard, writer.cluster, entry.batch)


async def _before(store: Store, entries: Sequence[Entry]) -> dict[str, Before]:
    """What the graph holds of what the batches write again. Only their writers change that: it holds until they do."""
    keys = sorted(key for entry in entries for key in _written_again(entry))
    if not keys:
        return {}
    record = await store.read_one("read/before", {"keys": keys}, timeout=WRITE_SECONDS)
    found = dict(before_of(row) for row in record["before"])
    rewritten = {key: each for entry in entries for key, each in entry.batch.upserts.items() if each.rewrite}
    if rewritten:
        await compare(store, rewritten.values(), WRITE_SECONDS)
        found |= {key: believable(found[key], upsert) for key, upsert in rewritten.items() if key in found}
    return found


def _written_again(entry: Entry) -> Iterator[str]:
    """The keys of what the graph holds and the batch changes; of what goes, only where the feed wants to know."""
    yield from (key for key, upsert in entry.batch.upserts.items() if not upsert.fresh)
    if entry.writer.feed.is_on:
        yield from entry.batch.removals


async def _revised(entry: Entry, before: Mapping[str, Before], seconds: float) -> bool:
    """Write a batch that is a revision in one round trip; no, where it is none, or the fence does not let it pass."""
    writer, batch = entry.writer, entry.batch
    wanted, first = (room(batch), writer.next_sequence()) if writer.feed.is_on else (0, 1)
    if first is None or not is_revision(batch, before):
        return False
    told = tell_of(writer.feed, writer.cluster, batch, before, first, shard=writer.shard)
    fence = {
        **writer.fence,
        "state": writer.part.said(entry.state),
        "token": batch.token,
        "first": first,
        "room": wanted,
    }
    parts = parts_of(writer.cluster, batch, before, told, writer.history)
    written = await writer.store.write_at_once("write/revise", parts, fence, timeout=seconds)
    if written and wanted:
        writer.numbered(first + wanted - 1)
    return written


class _Opened(NamedTuple):
    """What the transaction finds in the graph, by cluster and by resource."""

    done: set[str]  # clusters whose batch is committed already
    sequences: Mapping[str, int]  # the first of the numbers that a cluster's events have


async def _open(transaction: Transaction, entries: Sequence[Entry]) -> _Opened:
    """Check the epochs and remember the checkpoints."""
    by_key = {cluster_key(entry.writer.cluster): entry for entry in entries}
    parameters = {
        # By key, so that two transactions never wait for each other in a circle.
        "clusters": [
            {
                **entry.writer.fence,
                "state": entry.writer.part.said(entry.state),
                "token": entry.batch.token,
                "room": room(entry.batch) if entry.writer.feed.is_on else 0,
            }
            for _, entry in sorted(by_key.items())
        ],
        "kinds": [row for entry in entries for row in kind_rows(entry.batch)],
    }
    (opened,) = await transaction.run("write/open", parameters)
    held = {by_key[key].writer.cluster: (done, first) for key, done, first in opened["held"]}
    if taken := [entry.writer for entry in entries if entry.writer.cluster not in held]:
        raise Fenced("; ".join(map(taken_over, taken)), clusters=[writer.shard for writer in taken])
    return _Opened(
        {cluster for cluster, (done, _) in held.items() if done},
        {cluster: first for cluster, (_, first) in held.items()},
    )


async def _tell(
    transaction: Transaction, entries: Sequence[Entry], opened: _Opened, before: Mapping[str, Before]
) -> Mapping[str, Sequence[Difference]]:
    """Put what the batches tell into the outbox; what differs, of the resources of which that is known by now."""
    differences: dict[str, Sequence[Difference]] = {}
    rows: list[Mapping[str, Any]] = []
    for entry in entries:
        cluster = entry.writer.cluster
        first, shard = opened.sequences[cluster], entry.writer.shard
        told = tell_of(entry.writer.feed, cluster, entry.batch, before, first, shard=shard)
        differences |= told.differences
        rows += told.rows
    if rows:
        await transaction.run("write/put_outbox", {"rows": rows})
    return differences


def taken_over(writer: Writer) -> str:
    """What there is to say where a writer's epoch is no longer its cluster's."""
    return (
        f"writing the cluster {writer.shard}: another worker has taken it over since epoch {writer.epoch}; "
        "nothing was written, and this worker lets go of the cluster"
    )


async def _write_batch(
    transaction: Transaction,
    batch: Batch,
    before: Mapping[str, Before],
    history: HistoryLimits,
    differences: Mapping[str, Sequence[Difference]],
) -> set[str]:
    """Write it; the keys of what is joined differently now, as far as statements had to find them."""
    now = datetime.now(UTC)
    loose: set[str] = set()
    ends: set[str] = set()
    for label, keys in _grouped(sorted((label, key) for key, label in batch.removals.items())):
        for some in _chunks(keys):
            if history.seconds and label not in UNREMEMBERED:
                parameters = {"keys": some, "at": now, "entry": ended(now), "most": history.changes}
                await transaction.run("write/remember_deleted", {**parameters, "containment": CONTAINMENT})
            records = await transaction.run("write/bury_resources", {"keys": some, "label": label})
            loose.update(records[0]["loose"])
            ends.update(records[0]["ends"])

    upserts = sorted(batch.upserts.values(), key=lambda upsert: (upsert.resource.label, upsert.resource.key))
    for label, group in groupby(upserts, key=lambda upsert: upsert.resource.label):
        some_upserts = list(group)
        for some in _chunks([upsert.resource.key for upsert in some_upserts if upsert.relabel]):
            await transaction.run("write/relabel_resources", {"keys": some, "label": label})
        for some_rows in _chunks(node_rows(some_upserts, before, now, history, differences)):
            records = await transaction.run("write/upsert_resources", {"rows": some_rows, "label": label})
            ends.update(records[0]["ends"])

    changed = [upsert for upsert in upserts if upsert.edges_changed]
    for some in _chunks([upsert.resource.key for upsert in changed if not upsert.fresh]):
        records = await transaction.run("write/remove_own_edges", {"keys": some})
        loose.update(records[0]["loose"])
        ends.update(records[0]["ends"])
    replaced: list[dict[str, Any]] = [
        {"start": start, "type": type_, "end": end}
        for start, type_, end in batch.matched
        if (start, type_, end) not in batch.absent
    ]
    for some_rows in _chunks(replaced):
        records = await transaction.run("write/remove_matched_edges", {"rows": some_rows})
        loose.update(records[0]["loose"])

    by_end: dict[str, list[dict[str, Any]]] = {}
    for upsert in changed:
        for edge in upsert.resource.edges:
            by_end.setdefault(end_label(edge.end), []).append(edge_row(upsert.resource.key, edge))
    for (start, _, _), matched in batch.matched.items():
        if matched is not None:
            by_end.setdefault(end_label(matched.end), []).append(edge_row(start, matched, matched=True))
    for label, statement in _CREATE_EDGES.items():
        rows = sorted(by_end.get(label, ()), key=lambda row: (row["end"], row["start"], row["type"]))
        for some_rows in _chunks(rows):
            await transaction.run(statement, {"rows": some_rows})

    for some in _chunks(sorted(loose)):
        await transaction.run("write/sweep", {"keys": some})
    if batch.forgotten:
        await transaction.run("write/forget_kinds", {"keys": sorted(batch.forgotten)})
    return ends


def _grouped(pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, list[str]]]:
    """The second parts of pairs that are sorted by their first ones."""
    for first, group in groupby(pairs, key=lambda pair: pair[0]):
        yield first, [second for _, second in group]


def _chunks(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    return (rows[at : at + ROWS_PER_STATEMENT] for at in range(0, len(rows), ROWS_PER_STATEMENT))
