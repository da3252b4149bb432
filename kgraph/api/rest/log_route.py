"""/pods/{name}/logs: what a container has written, as it comes."""

from collections.abc import AsyncGenerator
from typing import Annotated

from litestar import MediaType, get
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import QueryParameter
from litestar.response import Stream
from litestar.types import Scope

from kgraph.api.callers.admission import Admission
from kgraph.api.callers.authentication import headers_of
from kgraph.api.callers.rates import counted
from kgraph.api.callers.sessions import until_ended, while_known
from kgraph.api.errors import Unauthenticated
from kgraph.api.http.compression import UNCOMPRESSED
from kgraph.api.pod_logs import LogQuery
from kgraph.api.rest import examples
from kgraph.api.rest.collections import NAMESPACE, ResourceName
from kgraph.api.rest.places import Place, in_namespace
from kgraph.api.rest.requests import asked_of
from kgraph.api.rest.specs import PROBLEMS, problems

Container = Annotated[str, QueryParameter(description="Which container; may be left out where the Pod has one.")]
Follow = Annotated[bool, QueryParameter(description="Go on as the container writes.")]
Previous = Annotated[bool, QueryParameter(description="Of the container before its last restart.")]
Timestamps = Annotated[bool, QueryParameter(description="Begin each line with its time.")]
TailLines = Annotated[
    int | None, QueryParameter(name="tailLines", description="Only so many of the last lines.", required=False)
]
SinceSeconds = Annotated[
    int | None, QueryParameter(name="sinceSeconds", description="Only what is so old or younger.", required=False)
]


async def _log_query(
    *,
    container: Container = "",
    follow: Follow = False,
    previous: Previous = False,
    timestamps: Timestamps = False,
    tail_lines: TailLines = None,
    since_seconds: SinceSeconds = None,
) -> LogQuery:
    return LogQuery(
        container=container,
        follow=follow,
        previous=previous,
        timestamps=timestamps,
        tail_lines=tail_lines,
        since_seconds=since_seconds,
    )


def log_route(admission: Admission) -> HTTPRouteHandler:
    """The route; a stream does not outlive the token that it was opened with."""

    @get(
        f"{NAMESPACE}/pods/{{name:str}}/logs",
        operation_id="get_pod_logs",
        summary="What a Pod's container has written",
        tags=["pods"],
        media_type=MediaType.TEXT,
        opt={UNCOMPRESSED: True},
        dependencies={"place": Provide(in_namespace), "wanted": Provide(_log_query)},
        responses={
            200: ResponseSpec(
                str,
                generate_examples=False,
                description="The lines, as they come.",
                media_type=MediaType.TEXT,
                examples=[Example(summary="Two lines", value=examples.LOG)],
            ),
            **problems(PROBLEMS),
        },
    )
    async def logs(scope: Scope, place: Place, name: ResourceName, wanted: LogQuery) -> Stream:
        """The log as `kubectl logs` shows it, read from the cluster as you; you need `get` on `pods/log`.

        Nothing is read ahead of you, and the cluster's stream ends with yours. A connection that ends without its last
        chunk was broken off: by the cluster, or as your token has ended.
        """
        asked = asked_of(scope)
        headers, caller = headers_of(scope), asked.caller
        admission.rates.look_at_streams(caller)
        parts = await asked.logs.open(caller, *place, name, wanted)
        known = while_known(parts, lambda: until_ended(admission.authentication, headers, caller), b"")
        return Stream(counted(admission.rates, caller, _unless_ended(known)), media_type="text/plain; charset=utf-8")

    return logs


async def _unless_ended(parts: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """What comes, until nothing does, which is how `while_known` says that the session is over."""
    try:
        async for part in parts:
            if not part:
                raise Unauthenticated("the session is over: its token is not good any more")
            yield part
    finally:
        await parts.aclose()
