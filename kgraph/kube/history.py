"""Whether a server's history is still the one that we have read.

resourceVersions count a cluster's changes. They can be compared as whole numbers (Kubernetes' API concepts, "Resource
versions"), and go back for one reason only: etcd was restored from a backup. What was read since that backup never
happened then, and its resourceVersions will be given again, to other changes. The apiserver tells nobody: a watch from
a resourceVersion that is yet to come is taken, and is silent until it has come (apiserver storage/cacher, which sends
only what is newer).
"""

import msgspec

from kgraph.kube.connection import Connection
from kgraph.kube.discovery import ApiResource

# The least that a list can be asked for: one object, without what is in it.
_ACCEPT_METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"


class _Metadata(msgspec.Struct, rename="camel"):
    resource_version: str = ""


class _List(msgspec.Struct):
    metadata: _Metadata


async def current_version(conn: Connection, resource: ApiResource) -> str:
    """The resourceVersion of the kind's newest state, read from etcd's majority and not from a cache that lags."""
    path = resource.path()
    body = await conn.get(path, {"limit": "1"}, accept=_ACCEPT_METADATA)
    return conn.decoded(body, _List, path).metadata.resource_version


def is_before(version: str, other: str) -> bool:
    """Whether a resourceVersion is lower than another; False where either is no number, as some servers have them."""
    if version == other or not (version.isdecimal() and other.isdecimal()):
        return False
    return int(version) < int(other)


def newest(versions: list[str]) -> str:
    """The highest of some resourceVersions, "" where none is a number."""
    return str(max((int(version) for version in versions if version.isdecimal()), default=""))
