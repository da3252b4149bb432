"""What GraphQL's mutations of resources share: their arguments, how they are done, how what came of them is shown."""

from collections.abc import Callable
from typing import Annotated, NamedTuple

import msgspec
import strawberry

from kgraph.api.changing.intents import FIELD_MANAGER, Intent
from kgraph.api.changing.mutations import Asked, Changed
from kgraph.api.changing.request_headers import idempotency_key_of, trace_id_of
from kgraph.api.graphql.context import Info
from kgraph.api.graphql.objects import facts_of, says_all
from kgraph.api.graphql.resource import Resource, resource, resources
from kgraph.api.graphql.selection import selected
from kgraph.api.nodes import Node, absent_handle, named_if_there
from kgraph.api.served import Target

DryRun = Annotated[bool, strawberry.argument(description="Have the cluster check everything, and change nothing.")]
Wait = Annotated[
    bool, strawberry.argument(description="Answer only when the graph shows it, for 20 seconds at most, else TIMEOUT.")
]
Key = Annotated[
    str | None,
    strawberry.argument(
        description="A text of yours that makes a repeated request harmless: it gets the answer of the first, for a "
        "day. The header `Idempotency-Key` says the same."
    ),
]
Manager = Annotated[
    str, strawberry.argument(description=f"Who sets the fields, in managedFields: `{FIELD_MANAGER}` unless told.")
]
InNamespace = Annotated[str | None, strawberry.argument(description="The namespace; the default one unless told.")]
Version = Annotated[
    str,
    strawberry.argument(description="The resourceVersion that you have read: CONFLICT where it is another by now."),
]


class Named(NamedTuple):
    """The resource that is changed: `kind` is as kubectl has it, or an apiVersion and a kind."""

    cluster: str
    kind: str | tuple[str, str]
    namespace: str | None
    name: str


class How(msgspec.Struct, frozen=True):
    """How a change is to be done."""

    dry_run: bool
    wait: bool
    key: str | None


async def change(info: Info, of: Named, build: Callable[[Target], Intent], how: How) -> None:
    """Do the mutation that the field is called after."""
    await info.context.mutations.do(info.context.caller, _asked(info, of, build, how))


async def changed_resource(info: Info, of: Named, build: Callable[[Target], Intent], how: How) -> Resource:
    """Do it, and show what came of it."""
    changed = await info.context.mutations.do(info.context.caller, _asked(info, of, build, how))
    return await _shown(info, changed, waited=how.wait and not how.dry_run)


def _asked(info: Info, of: Named, build: Callable[[Target], Intent], how: How) -> Asked:
    return Asked(
        mutation=info.field_name,
        cluster=of.cluster,
        kind=of.kind,
        namespace=of.namespace or info.context.settings.default_namespace,
        name=of.name,
        build=build,
        dry_run=how.dry_run,
        wait=how.wait,
        idempotency_key=how.key or _key_of_header(info),
        trace_id=trace_id(info),
    )


async def _shown(info: Info, changed: Changed, *, waited: bool) -> Resource:
    """The resource as the apiserver gave it, its relations of the graph; after waiting, all of the graph."""
    paths, there = selected(info), None
    if waited or not says_all(paths):
        there = await named_if_there(info.context.reader, changed.key, timeout=info.context.timeout)
    if there is not None and waited:
        (found,) = await resources(info, [there], paths)
        return found
    handle = there.handle if there is not None and not there.missing else absent_handle(changed.key)
    info.context.loaders.manifests.prime((handle, changed.key), changed.obj)
    return resource(info, Node(handle, changed.key, facts=facts_of(changed.key, changed.obj or {})))


def trace_id(info: Info) -> str:
    """The request's trace id, of its `traceparent` header (W3C Trace Context), or a new one."""
    return trace_id_of(_header(info, "traceparent"))


def _key_of_header(info: Info) -> str:
    """One header is for all fields of an operation, each of which has a name of its own in the answer."""
    given = idempotency_key_of(_header(info, "idempotency-key"))
    return f"{given} {'.'.join(map(str, info.path.as_list()))}" if given else ""


def _header(info: Info, name: str) -> str:
    request = info.context.request
    return request.headers.get(name, "") if request is not None else ""
