"""What a rebuild does beside the sync that it is: kinds that no list tells of, what is nobody's, and its own end.

A rebuild is a worker's first sync, in which the first list of each kind is written wherever the graph has it otherwise
(see `rewriting`). What is right is never taken away, so that no reader misses it.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime

import structlog

from kgraph.graphdb.errors import StatementRefused
from kgraph.graphdb.model import CORE, GroupKind
from kgraph.graphdb.store import Store
from kgraph.kube.discovery import ApiResource
from kgraph.sync.patience import patiently
from kgraph.sync.pipeline import MEETINGS, MET_ANOTHER
from kgraph.sync.served import READ_VERBS, todays_kind
from kgraph.sync.writer import Writer

log = structlog.get_logger(__name__)

# Taken away in one transaction, which takes some hundredths of a second.
SWEPT_AT_ONCE = 1000


async def strangers(
    store: Store, cluster: str, known: Iterable[GroupKind], unanswered: Collection[str]
) -> list[ApiResource]:
    """The kinds of which the graph has resources although the cluster does not list them; it may be silent of some."""
    record = await patiently(lambda: store.read_one("read/kinds_by_key", {"cluster": cluster}))
    there = {todays_kind(kind) for kind in known}
    found = {}
    for group, kind, namespaced in record["kinds"]:
        named = GroupKind("" if group == CORE else group, kind)
        if named not in there and named.group not in unanswered:
            found[named] = ApiResource(
                group=named.group,
                version="",
                kind=kind,
                plural=f"{kind.lower()}s",
                singular=kind.lower(),
                namespaced=namespaced,
                verbs=READ_VERBS,
            )
    return list(found.values())


async def sweep(writer: Writer) -> None:
    """Take away what nothing points at, and what points away from placeholders."""
    parameters = {"cluster": writer.cluster, "most": SWEPT_AT_ONCE}
    meetings = 0
    while True:
        try:
            (record,) = await patiently(lambda: writer.run("write/sweep_cluster", parameters))
        except StatementRefused as error:
            # Another cluster's worker took the same image away: the next try sees what is left.
            meetings += 1
            if error.code not in MET_ANOTHER or meetings > MEETINGS:
                raise
            continue
        if not record["swept"]:
            return


async def end(writer: Writer, stamp: str, unread: Mapping[str, str]) -> None:
    """Say that the rebuild with this stamp is done, and which kinds could not be read."""
    reasons = [f"{kind}: {why}" for kind, why in sorted(unread.items())]
    await writer.describe({"rebuilt": stamp, "rebuiltAt": datetime.now(UTC), "rebuildUnread": reasons})
    log.info("a cluster is rebuilt", cluster=writer.cluster, unread=list(unread))
