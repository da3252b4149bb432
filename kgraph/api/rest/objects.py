"""Resources over REST: one, or a list; as DictaMesh's entities, or as the objects that Kubernetes has.

An object goes out as the graph stores it, without being decoded; a list of objects is written while it is read, page
by page, however long it is.
"""

from collections.abc import AsyncGenerator
from enum import Enum
from typing import Any

import msgspec

from kgraph.api.entities import entities
from kgraph.api.errors import BadUserInput, Forbidden, NotFound
from kgraph.api.listing import Conditions, Filter, Page, conditions, cursor, page, read_cursor
from kgraph.api.nodes import Wanted, named
from kgraph.api.rest.collections import Collection
from kgraph.api.rest.requests import Asked
from kgraph.graphdb.model import GroupKind, ResourceKey

# Some megabytes of Pods: large enough that a statement's own cost does not count, small enough to be held.
PAGE = 1_000
OBJECTS = Wanted(manifests=True)


class Form(Enum):
    """How a resource is written: DictaMesh's `entity`, or the `object` as Kubernetes has it."""

    ENTITY = "entity"
    OBJECT = "object"


class ListQuery(msgspec.Struct, frozen=True):
    """What kubectl says of a list; `limit` 0 is everything."""

    label_selector: str = ""
    field_selector: str = ""
    limit: int = 0
    after: str | None = None
    form: Form = Form.ENTITY


async def one(asked: Asked, kind: GroupKind, cluster: str, namespace: str, name: str, *, form: Form) -> "Found":
    """A resource with its resourceVersion; NotFound where it is not there, or not for this caller."""
    key = str(ResourceKey(cluster, kind.group, kind.kind, namespace, name))
    await asked.kinds.of(cluster)
    node = await named(asked.reader, key, timeout=asked.timeout)
    record = await asked.reader.read_one("read/manifests", {"of": {"places": [node.place]}}, timeout=asked.timeout)
    if node.missing or not record["manifests"]:
        raise NotFound(f"{key} is not in the graph")
    ((_, text),) = record["manifests"]
    version = msgspec.json.decode(text, type=_Versioned).metadata.resource_version
    if form is Form.OBJECT:
        return Found(text.encode(), version)
    (found,) = await entities(asked.reader, [(node, msgspec.json.decode(text))], timeout=asked.timeout)
    return Found(msgspec.json.encode(found), version)


class Found(msgspec.Struct, frozen=True):
    """A resource as JSON, and its resourceVersion."""

    body: bytes
    version: str

    @property
    def etag(self) -> str:
        """The resourceVersion as HTTP quotes it."""
        return f'"{self.version}"'


class _Metadata(msgspec.Struct, rename="camel"):
    resource_version: str = ""


class _Versioned(msgspec.Struct):
    metadata: _Metadata


async def listed(
    asked: Asked, collection: Collection, cluster: str, namespace: str, query: ListQuery
) -> AsyncGenerator[bytes, None]:
    """The list as JSON, bit by bit. The first page is read before anything is given back: its errors have a status."""
    if query.limit < 0:
        raise BadUserInput(f"limit is {query.limit}; write how many there may be, or leave it out for all of them")
    wanted = await conditions(
        asked.kinds,
        Filter(
            clusters=(cluster,),
            namespaces=(namespace,) if namespace else None,
            kinds=(collection.resource_type,),
            label_selector=query.label_selector,
            field_selector=query.field_selector,
        ),
    )
    if not await asked.reader.seen_prefixes(wanted.prefixes, timeout=asked.timeout):
        asked.reader.require_answer(cluster)
        where = f"namespace {namespace} of cluster {cluster}" if namespace else f"cluster {cluster}"
        raise Forbidden(f"you may not list {collection.resource_type} in {where}")
    first = await _page(asked, wanted, query.limit, query.after)
    return _written(asked, collection, wanted, query, first)


async def _page(asked: Asked, wanted: Conditions, left: int, after: str | None) -> Page:
    size = min(left or PAGE, PAGE)
    start = "" if after is None else read_cursor(after)
    return await page(asked.reader, wanted, first=size, after=start, wanted=OBJECTS, timeout=asked.timeout)


async def _written(
    asked: Asked, collection: Collection, wanted: Conditions, query: ListQuery, found: Page
) -> AsyncGenerator[bytes, None]:
    head: dict[str, Any] = {}
    if query.form is Form.OBJECT:
        head = {"kind": f"{collection.kind.kind}List", "apiVersion": collection.api_version}
    yield msgspec.json.encode(head)[:-1] + (b"," if head else b"") + b'"items":['
    written = 0
    while True:
        items = await _items(asked, found, query.form)
        if items:
            yield (b"," if written else b"") + items
        written += len(found.nodes)
        if not found.has_next or written == query.limit:
            break
        left = query.limit - written if query.limit else 0
        found = await _page(asked, wanted, left, cursor(found.nodes[-1].key))
    metadata = {"continue": cursor(found.nodes[-1].key)} if found.has_next else {}
    yield b'],"metadata":' + msgspec.json.encode(metadata) + b"}"


async def _items(asked: Asked, found: Page, form: Form) -> bytes:
    manifests = [str(one.facts.manifest) for one in found.nodes if one.facts]
    if form is Form.OBJECT:
        return ",".join(manifests).encode()
    objects = map(msgspec.json.decode, manifests)
    shown = await entities(asked.reader, list(zip(found.nodes, objects, strict=True)), timeout=asked.timeout)
    return msgspec.json.encode(shown)[1:-1]
