"""What a restored backup knows of resources, put to them once they are synced: their histories."""

import structlog

from kgraph.sync.patience import patiently
from kgraph.sync.writer import Writer

log = structlog.get_logger(__name__)

# Put back in one transaction, which takes some tenths of a second.
AT_ONCE = 1000


async def put_back(writer: Writer) -> None:
    """Put a cluster's restored histories to its resources; nothing else may be written of the cluster meanwhile."""
    parameters = {"cluster": writer.cluster, "most": AT_ONCE, "changes": writer.history.changes}
    taken = kept = 0
    while True:
        found = await patiently(lambda: writer.store.read_one("read/restored_histories", {"cluster": writer.cluster}))
        if not found["there"]:
            break
        (record,) = await patiently(lambda: writer.run("write/put_histories_back", parameters))
        taken += record["taken"]
        kept += record["kept"]
    if taken:
        await patiently(lambda: writer.run("write/forget_usage_of_gone", {"cluster": writer.cluster}, touches=False))
        log.info("restored histories are put back", cluster=writer.cluster, histories=kept, outlived=taken - kept)
