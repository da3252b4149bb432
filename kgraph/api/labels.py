"""Labels by name, and those of the Namespaces that resources are in."""

from collections.abc import Iterable

from kgraph.api.reading.reader import Reader
from kgraph.graphdb.model import ResourceKey

Space = tuple[str, str]  # a cluster and a namespace of it


def labels_of(pairs: Iterable[str]) -> dict[str, str]:
    """Labels by name, from `key=value`."""
    return {key: value for key, _, value in (pair.partition("=") for pair in pairs)}


async def namespace_labels(
    reader: Reader, spaces: Iterable[Space], *, shown: bool, timeout: float
) -> dict[Space, dict[str, str]]:
    """The labels of these Namespaces, of those that are there; where they are `shown`, of those the caller may get."""
    of = {str(ResourceKey(cluster, "", "Namespace", "", name)): (cluster, name) for cluster, name in spaces}
    keys = await reader.listed(of) if shown else of
    if not keys:
        return {}
    record = await reader.read_one("read/labels", {"of": {"keys": sorted(keys)}}, timeout=timeout)
    return {of[key]: labels_of(pairs) for key, pairs in record["labels"]}
