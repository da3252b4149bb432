"""What changes over REST share: how one is to be done, and how what came of it is answered."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, NamedTuple

import msgspec
from litestar import MediaType, Response
from litestar.params import HeaderParameter, QueryParameter

from kgraph.api.changing import mutations
from kgraph.api.changing.intents import FIELD_MANAGER, Intent
from kgraph.api.changing.request_headers import idempotency_key_of, trace_id_of
from kgraph.api.entities import entities
from kgraph.api.errors import ApiError, BadUserInput, Timeout, as_api_failure
from kgraph.api.nodes import Node, absent_handle, named_if_there
from kgraph.api.rest.collections import Collection
from kgraph.api.rest.objects import Form
from kgraph.api.rest.places import Place
from kgraph.api.rest.requests import Asked
from kgraph.api.rest.resource_routes import FormOf
from kgraph.api.served import Target
from kgraph.graphdb.errors import GraphError

DryRun = Annotated[
    bool, QueryParameter(name="dryRun", description="Have the cluster check everything, and change nothing.")
]
_Wait = Annotated[
    bool,
    QueryParameter(
        name="waitForGraph", description="Answer only when the graph shows it, for 20 seconds at most, else 504."
    ),
]
_Manager = Annotated[str, QueryParameter(name="fieldManager", description="Who sets the fields, in `managedFields`.")]
_Key = Annotated[
    str,
    HeaderParameter(
        name="Idempotency-Key",
        description="A text of yours that makes a repeated request harmless: it gets the answer of the first.",
    ),
]
TraceParent = Annotated[str, HeaderParameter(name="traceparent", description="W3C Trace Context, for the audit.")]
IfMatch = Annotated[
    str, HeaderParameter(name="If-Match", description="The ETag of what you have read: 412 where it is another by now.")
]


class Named(NamedTuple):
    """The object that is changed."""

    collection: Collection
    place: Place
    name: str


class How(msgspec.Struct, frozen=True):
    """How a change is to be done."""

    dry_run: bool
    wait: bool
    manager: str
    key: str
    trace_id: str
    form: Form


async def how_of(
    *,
    dry_run: DryRun = False,
    wait: _Wait = False,
    manager: _Manager = FIELD_MANAGER,
    key: _Key = "",
    traceparent: TraceParent = "",
    form: FormOf = Form.ENTITY,
) -> How:
    """As the request says it."""
    return How(dry_run, wait, manager, idempotency_key_of(key), trace_id_of(traceparent), form)


def version_of(if_match: str) -> str:
    """The resourceVersion that an If-Match header names, "" where any will do; BadUserInput where it cannot be one.

    A weak tag is taken for its strong one: a proxy that compresses has made it so, and the object is the same.
    """
    tag = if_match.strip().removeprefix("W/")
    if tag in ("", "*"):
        return ""
    version = tag[1:-1]
    if len(tag) < 3 or (tag[0], tag[-1]) != ('"', '"') or '"' in version:
        raise BadUserInput(f"If-Match is {if_match!r}; it takes the ETag of one resource as it was given, or *")
    return version


async def changed(
    asked: Asked,
    mutation: str,
    of: Named,
    build: Callable[[Target], Intent],
    how: How,
) -> mutations.Changed:
    """Do a change as GraphQL's mutations do it."""
    return await asked.mutations.do(
        asked.caller,
        mutations.Asked(
            mutation=mutation,
            cluster=of.place.cluster,
            kind=of.collection.resource_type,
            namespace=of.place.namespace,
            name=of.name,
            build=build,
            dry_run=how.dry_run,
            wait=how.wait,
            idempotency_key=how.key,
            trace_id=how.trace_id,
        ),
    )


async def answer(asked: Asked, found: mutations.Changed, how: How, *, status: int) -> Response[bytes]:
    """The object as the apiserver gave it, and its ETag; 204 where there is none that the caller could be shown."""
    if found.obj is None:
        return Response(b"", status_code=204)
    version = (found.obj.get("metadata") or {}).get("resourceVersion")
    headers = {"ETag": f'"{version}"'} if version and not how.dry_run else {}
    shown = found.obj if how.form is Form.OBJECT else await _entity(asked, found.key, found.obj, how)
    return Response(msgspec.json.encode(shown), status_code=status, headers=headers, media_type=MediaType.JSON)


async def deleted(asked: Asked, found: mutations.Changed, how: How) -> Response[bytes]:
    """204 where it is gone; 202 and the object where somebody has to let it go first."""
    if found.obj is not None and _is_going(found.obj):
        return await answer(asked, found, how, status=202)
    return Response(b"", status_code=204)


def _is_going(obj: Mapping[str, Any]) -> bool:
    """Whether a deletion's answer is of an object that is still there: some kinds' answer is what was, once it is gone.

    A Pod has a grace period, anything can have finalizers, a Namespace has some of its own.
    """
    metadata = obj.get("metadata") or {}
    holds = (
        metadata.get("deletionGracePeriodSeconds"),
        metadata.get("finalizers"),
        (obj.get("spec") or {}).get("finalizers"),
    )
    return bool(metadata.get("deletionTimestamp")) and any(holds)


async def _entity(asked: Asked, key: str, obj: Mapping[str, Any], how: How) -> dict[str, Any]:
    """The entity of the object; its relations are the graph's, which may not have them yet."""
    reader, timeout = asked.reader, asked.timeout
    try:
        there = await named_if_there(reader, key, timeout=timeout)
        handle = there.handle if there is not None and not there.missing else absent_handle(key)
        (entity,) = await entities(reader, [(Node(handle, key), obj)], timeout=timeout)
    except (ApiError, GraphError) as error:
        what = "nothing has changed (dry run)" if how.dry_run else "it happened: do not repeat it"
        why = as_api_failure(error).message
        raise Timeout(f"{what}; its relations, which form=object does without, could not be read: {why}") from error
    return entity
