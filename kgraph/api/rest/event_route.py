"""/events/stream: the change feed as server-sent events."""

from typing import Annotated

from litestar import get
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import HeaderParameter, QueryParameter
from litestar.response import Stream
from litestar.types import Scope

from kgraph.api.callers.admission import Admission
from kgraph.api.callers.authentication import headers_of
from kgraph.api.callers.rates import counted
from kgraph.api.callers.sessions import until_ended
from kgraph.api.events.positions import Position
from kgraph.api.events.wanted import Words
from kgraph.api.http.compression import UNCOMPRESSED
from kgraph.api.rest import examples
from kgraph.api.rest.event_stream import sent
from kgraph.api.rest.requests import asked_of
from kgraph.api.rest.specs import PROBLEMS, problems

EVENT_STREAM = "text/event-stream"
# As proxies are told not to hold back what comes, nor to keep it.
HEADERS = {"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}

Clusters = Annotated[
    list[str] | None,
    QueryParameter(name="cluster", description="Of these clusters; all unless told. May be repeated.", required=False),
]
Namespaces = Annotated[
    list[str] | None,
    QueryParameter(name="namespace", description="In these namespaces. May be repeated.", required=False),
]
ResourceTypes = Annotated[
    list[str] | None,
    QueryParameter(
        name="resource_type",
        description="Of these kinds, as kubectl takes them: `pods`, `deployments.apps`; `*.cert-manager.io` is all of "
        "a group, `cluster` what happens to clusters themselves. May be repeated.",
        required=False,
    ),
]
LabelSelector = Annotated[
    str,
    QueryParameter(name="labelSelector", description="kubectl's syntax, over the object before or after the change."),
]
FieldSelector = Annotated[
    str, QueryParameter(name="fieldSelector", description="kubectl's syntax, over any path: `status.phase!=Running`.")
]
MinSeverity = Annotated[
    str, QueryParameter(name="minSeverity", description="`info`, `warning` or `error`: so bad, or worse.")
]
InitialState = Annotated[
    bool, QueryParameter(name="initialState", description="Begin with what is there, as INITIAL, and then SYNCED.")
]
LastEventId = Annotated[
    str | None,
    HeaderParameter(name="Last-Event-ID", description="The last `id` that was read: go on after it.", required=False),
]


async def _words(
    *,
    clusters: Clusters = None,
    namespaces: Namespaces = None,
    resource_types: ResourceTypes = None,
    label_selector: LabelSelector = "",
    field_selector: FieldSelector = "",
    minimum_severity: MinSeverity = "info",
) -> Words:
    return Words(
        clusters=tuple(clusters or ()),
        namespaces=tuple(namespaces or ()),
        resource_types=tuple(resource_types or ()),
        label_selector=label_selector,
        field_selector=field_selector,
        minimum_severity=minimum_severity,
    )


def event_route(admission: Admission) -> HTTPRouteHandler:
    """The route; a stream does not outlive the token that it was opened with."""

    @get(
        "/events/stream",
        operation_id="stream_events",
        summary="What changes, as it does",
        tags=["events"],
        media_type=EVENT_STREAM,
        opt={UNCOMPRESSED: True},
        dependencies={"words": Provide(_words)},
        responses={
            200: ResponseSpec(
                str,
                generate_examples=False,
                description="Server-sent events, without end.",
                media_type=EVENT_STREAM,
                examples=[Example(summary="An event", value=examples.EVENT_STREAM)],
            ),
            **problems(PROBLEMS),
        },
    )
    async def stream(
        *, scope: Scope, words: Words, initial_state: InitialState = False, last_event_id: LastEventId = None
    ) -> Stream:
        """The changes of what you may list, as `kubectl get --watch` tells of them, from all clusters.

        Each event's `data` is the event as Kafka has it. Who sends the last `id` back gets what came since then: on
        the same server exactly that, on another perhaps some of it twice, with the same `event_id`. The event `gone`
        says that this is not possible any more, and to begin anew; `dropped` that you read too slowly.
        """
        asked = asked_of(scope)
        position = Position.parse(last_event_id) if last_event_id else None
        admission.rates.look_at_streams(asked.caller)
        wish = await asked.streams.wish(words, initial=initial_state, position=position)
        headers, caller = headers_of(scope), asked.caller

        async def ended() -> str:
            return await until_ended(admission.authentication, headers, caller)

        items = asked.streams.follow(
            caller, wish, timeout=asked.timeout, ended=ended if admission.authentication.is_needed else None
        )
        return Stream(counted(admission.rates, caller, sent(items)), media_type=EVENT_STREAM, headers=HEADERS)

    return stream
