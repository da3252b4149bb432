"""Keys as people read them."""

from kgraph.graphdb.model import ResourceKey


def short_name(key: str) -> str:
    """A key without cluster, group and namespace: `Deployment/web`; other nodes' keys as they are."""
    try:
        parsed = ResourceKey.parse(key)
    except ValueError:
        return key
    return f"{parsed.kind}/{parsed.name}"
