"""The graph's own schema, seen and taken away."""

from kgraph.graphdb.store import Store

_KINDS = (("CONSTRAINT", "CONSTRAINTS"), ("INDEX", "INDEXES"))
_SHOWN = "SHOW {} YIELD name, type WHERE type <> 'LOOKUP' RETURN name ORDER BY name"


async def forget(store: Store) -> None:
    """Take all constraints and indexes away."""
    for what, plural in _KINDS:
        for row in await store.read_text(_SHOWN.format(plural)):
            await store.run_alone(f"DROP {what} {row['name']} IF EXISTS", what="forgetting the schema")


async def names(store: Store) -> set[str]:
    """The names of all constraints and indexes."""
    return {row["name"] for _, plural in _KINDS for row in await store.read_text(_SHOWN.format(plural))}
