"""The graph's own schema: constraints and indexes, made by numbered statements that run once on each graph."""

import structlog

from kgraph import cypher
from kgraph.graphdb.errors import SchemaTooNew
from kgraph.graphdb.store import Store

log = structlog.get_logger(__name__)


async def prepare(store: Store) -> int:
    """Bring the graph to this program's schema and wait until its indexes are there; returns its version.

    Every statement may be run again (`IF NOT EXISTS`), so two programs that start at once do no harm.
    """
    steps = {int(name.partition("/")[2].partition("_")[0]): name for name in cypher.statements("schema")}
    newest = max(steps)
    version = int((await store.read_one("read/schema_version"))["version"])
    if version > newest:
        raise SchemaTooNew(
            f"preparing the graph: its schema is version {version}, this program knows {newest}; run the program "
            "that made it, or a later one"
        )
    for number, name in sorted(steps.items()):
        if number > version:
            for statement in cypher.statement(name).split(";\n"):
                await store.run_alone(statement, what=f"preparing the graph: {name}")
            await store.write_one("write/record_schema_version", {"version": number})
            log.info("the graph's schema advanced", version=number, statement=name)
    await store.run_alone(cypher.statement("read/await_indexes"), what="waiting for the graph's indexes")
    return newest
