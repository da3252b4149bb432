"""WebSockets and streams of events: who may open one, and that none outlives its token."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
import strawberry
from litestar import Litestar

from kgraph.api.app import create_app
from kgraph.api.callers import issuer_keys, sessions
from kgraph.api.callers.admission import Admission
from kgraph.api.callers.authentication import Authentication
from kgraph.api.callers.caller import Caller
from kgraph.api.callers.oidc import OidcTokens
from kgraph.api.callers.rates import Rates, RateSettings
from kgraph.api.graphql.context import Context, Info
from kgraph.api.graphql.controller import graphql_controller
from kgraph.api.settings import ApiSettings, IssuerSettings, Limits
from kgraph.cli.process.serving import address_of, listening, running
from kgraph.graphdb.errors import GraphUnavailable
from kgraph.kube.sealing import Sealer
from kgraph.telemetry.telemetry import Telemetry
from tests.issuer import CLIENT, Issuer
from tests.workers import until

# As in `create_app`: Strawberry's controller infers its dependencies.
pytestmark = pytest.mark.filterwarnings("ignore:.*Inferred dependency field")

PROTOCOL = "graphql-transport-ws"
TICKS = "subscription { ticks }"
WHO = "{ who }"
closed: list[str] = []


@strawberry.type
class Query:
    @strawberry.field
    def who(self, info: Info) -> str:
        return info.context.caller.user

    @strawberry.field
    def context(self, info: Info) -> str:
        return str(info.context.loaders)


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def ticks(self, info: Info) -> AsyncGenerator[str, None]:
        try:
            yield info.context.caller.user
            await asyncio.Event().wait()
        finally:
            closed.append(info.context.caller.user)


def trusted(issuer: Issuer) -> IssuerSettings:
    """The issuer, with users as it calls them and no skew."""
    return IssuerSettings(
        issuer_url=issuer.url, audiences=(CLIENT,), ca_file=str(issuer.ca_file), username_prefix="-", clock_skew=0
    )


def numbered() -> Callable[[Caller], Context]:
    """Makes contexts, each with a number in the place of its loaders."""
    made: list[Caller] = []

    def make(caller: Caller) -> Context:
        made.append(caller)
        rest: Any = {
            "reader": None,
            "kinds": None,
            "settings": None,
            "sealer": None,
            "mutations": None,
            "loaders": len(made),
            "streams": None,
            "answers": None,
            "make_reader": None,
        }
        return Context(caller=caller, **rest)

    return make


@asynccontextmanager
async def listening_app(app: Litestar) -> AsyncIterator[str]:
    """An application on a port of its own, over HTTP as users reach it; its address."""
    with listening("127.0.0.1", 0) as listener:
        async with running(app, listener, 100_000):
            yield address_of(listener)


@pytest.fixture
async def api(issuer: Issuer) -> AsyncIterator[str]:
    """The controller over a schema that has a subscription, for callers of the issuer."""
    closed.clear()
    authentication = Authentication([OidcTokens(trusted(issuer), {})])
    schema = strawberry.Schema(Query, subscription=Subscription)
    admission = Admission(authentication, Rates(RateSettings()))
    app = Litestar(
        [graphql_controller(schema, numbered(), admission, Limits(), Telemetry().tracing)], openapi_config=None
    )
    async with listening_app(app) as address:
        yield address


class Socket:
    """A client of graphql-transport-ws."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.ws = ws

    async def say(self, type_: str, **more: Any) -> None:
        """Send a message."""
        await self.ws.send_json({"type": type_, **more})

    async def hear(self) -> Any:
        """The next message; a pair of code and reason where the connection is closed."""
        message = await self.ws.receive(timeout=30)
        return json.loads(message.data) if message.type == aiohttp.WSMsgType.TEXT else (message.data, message.extra)

    async def ask(self, query: str) -> Any:
        """The one answer of a query, or what is said instead."""
        await self.say("subscribe", id="1", payload={"query": query})
        answer = await self.hear()
        if isinstance(answer, dict) and answer["type"] == "next":
            assert await self.hear() == {"id": "1", "type": "complete"}
            return answer["payload"]
        return answer


@asynccontextmanager
async def socket(api: str, **headers: str) -> AsyncIterator[Socket]:
    """An open WebSocket."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{api}/graphql", protocols=[PROTOCOL], headers=headers) as ws,
    ):
        yield Socket(ws)


@asynccontextmanager
async def opened(api: str, token: str) -> AsyncIterator[Socket]:
    """A WebSocket that has said who it is."""
    async with socket(api) as ws:
        await ws.say("connection_init", payload={"authorization": f"Bearer {token}"})
        assert await ws.hear() == {"type": "connection_ack"}
        yield ws


async def test_a_token_in_the_first_message_or_in_a_header_opens_a_socket(api: str, issuer: Issuer) -> None:
    """A browser says who it is in the payload, a program may in a header; both are the same caller."""
    bearer = f"Bearer {await issuer.token()}"
    for key in ("authorization", "Authorization"):
        async with socket(api) as ws:
            await ws.say("connection_init", payload={key: bearer})
            assert await ws.hear() == {"type": "connection_ack"}
            assert await ws.ask(WHO) == {"data": {"who": "jane"}}
    async with socket(api, Authorization=bearer) as ws:
        await ws.say("connection_init")
        assert await ws.hear() == {"type": "connection_ack"}
        assert await ws.ask(WHO) == {"data": {"who": "jane"}}


async def test_who_is_not_known_gets_no_socket(api: str, issuer: Issuer) -> None:
    """Without a token, with a bad one, or with two: 4403, and the reason shows no token; before saying so: 4401."""
    bad, good = await issuer.token(aud="other"), await issuer.token()
    for headers, payload in (
        ({}, {}),
        ({}, {"authorization": "Bearer nonsense"}),
        ({}, {"authorization": f"Bearer {bad}"}),
        ({}, {"authorization": 17}),
        ({"Authorization": f"Bearer {bad}"}, {}),
        ({"Authorization": f"Bearer {bad}"}, {"authorization": f"Bearer {good}"}),
        ({}, {"authorization": f"Bearer {good}", "Impersonate-Group": ["ops"]}),
        ({"Impersonate-User": "joan"}, {"authorization": f"Bearer {good}", "Impersonate-User": "alice"}),
    ):
        async with socket(api, **headers) as ws:
            await ws.say("connection_init", payload=payload)
            code, reason = await ws.hear()
            assert code == 4403
            assert reason
            assert bad.split(".")[1] not in reason
    async with socket(api) as ws:
        await ws.say("subscribe", id="1", payload={"query": WHO})
        assert (await ws.hear())[0] == 4401


async def test_a_socket_may_be_somebody_elses(api: str, issuer: Issuer) -> None:
    """The payload's keys are headers: impersonation is no less honoured there, each value of a list by itself."""
    payload = {
        "authorization": f"Bearer {await issuer.token()}",
        "Impersonate-User": "alice",
        "Impersonate-Group": ["developers", "ops"],
    }
    async with socket(api) as ws:
        await ws.say("connection_init", payload=payload)
        assert await ws.hear() == {"type": "connection_ack"}
        assert await ws.ask(WHO) == {"data": {"who": "alice"}}


async def test_each_operation_of_a_socket_has_a_context_of_its_own(api: str, issuer: Issuer) -> None:
    """What one operation has loaded, and learnt of what may be seen, is not the next one's."""
    async with opened(api, await issuer.token()) as ws:
        first, second = [(await ws.ask("{ context }"))["data"]["context"] for _ in range(2)]
        assert first != second


async def test_a_socket_ends_with_its_token(api: str, issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the token ends, so does what was opened with it, though nothing is sent: subscriptions and all."""
    monkeypatch.setattr(issuer, "lifetime_seconds", 3)
    async with opened(api, await issuer.token()) as ws:
        await ws.say("subscribe", id="a", payload={"query": TICKS})
        assert await ws.hear() == {"id": "a", "type": "next", "payload": {"data": {"ticks": "jane"}}}
        assert closed == []
        assert await ws.hear() == (4403, "the token has ended")

        async def is_closed() -> bool:
            return closed == ["jane"]

        await until(is_closed, "the subscription is closed", 10)


async def test_a_socket_ends_when_its_token_is_revoked(
    api: str, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token that holds for minutes ends what it has opened as soon as nobody vouches for it any more."""
    monkeypatch.setattr(sessions, "RECHECK_SECONDS", 0.1)
    monkeypatch.setattr(issuer_keys, "AGAIN_SECONDS", 0.0)
    monkeypatch.setattr(issuer_keys, "FRESH_SECONDS", 0.0)
    async with opened(api, await issuer.token()) as ws:
        await ws.say("subscribe", id="a", payload={"query": TICKS})
        assert (await ws.hear())["type"] == "next"
        await issuer.rotate()
        assert await ws.hear() == (4403, "the token's signature is none of its issuer's")


async def test_an_issuer_that_is_away_sends_clients_away_for_a_while_and_ends_no_session(
    api: str, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who cannot be known just now is told to try again later; sessions go on for as long as their tokens."""
    monkeypatch.setattr(sessions, "RECHECK_SECONDS", 0.05)
    monkeypatch.setattr(issuer_keys, "AGAIN_SECONDS", 0.0)
    async with opened(api, await issuer.token()) as ws:
        await issuer.down()
        try:
            monkeypatch.setattr(issuer_keys, "STALE_SECONDS", 0.0)
            async with socket(api) as late:
                await late.say("connection_init", payload={"authorization": f"Bearer {await issuer.token()}"})
                code, reason = await late.hear()
                assert code == 1013
                assert issuer.url not in reason
            for _ in range(20):
                assert await ws.ask(WHO) == {"data": {"who": "jane"}}
        finally:
            await issuer.up()


@asynccontextmanager
async def stream(api: str, token: str) -> AsyncIterator[aiohttp.ClientResponse]:
    """The subscription as server-sent events."""
    headers = {"Accept": "text/event-stream"} | ({"Authorization": f"Bearer {token}"} if token else {})
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{api}/graphql", json={"query": TICKS}, headers=headers) as answer,
    ):
        yield answer


async def test_a_stream_of_events_ends_with_its_token(
    api: str, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stream needs a token, and ends with it, saying why."""
    async with stream(api, "") as answer:
        assert answer.status == 401
        assert answer.headers["www-authenticate"] == "Bearer"
    monkeypatch.setattr(issuer, "lifetime_seconds", 3)
    async with stream(api, await issuer.token()) as answer:
        assert answer.status == 200
        said = (await asyncio.wait_for(answer.text(), 30)).split("\r\n\r\n")
    events = [part for part in said if part.startswith("event")]
    assert len(events) == 3
    assert '"ticks":"jane"' in events[0]
    assert '"code":"UNAUTHENTICATED"' in events[1]
    assert events[2].startswith("event: complete")
    assert closed == ["jane"]


class NoGraph:
    """A store whose Neo4j is away."""

    async def read_one(self, *_: object, **__: object) -> dict[str, object]:
        raise GraphUnavailable("read: Neo4j does not answer (at bolt://secret.internal:7687)")


@pytest.fixture
async def whole_api() -> AsyncIterator[str]:
    """The application itself, without authentication, over a graph that is away."""
    given: Any = NoGraph()
    async with listening_app(create_app(given, ApiSettings(), Sealer.of({}))) as address:
        yield address


async def test_errors_over_a_socket_are_worded_as_over_http(whole_api: str) -> None:
    """What fails inside is masked with a trace id, and what was asked wrongly has its code."""
    async with socket(whole_api) as ws:
        await ws.say("connection_init")
        assert await ws.hear() == {"type": "connection_ack"}
        answer = await ws.ask("{ clusters { id } }")
        assert "secret.internal" not in json.dumps(answer)
        (error,) = answer["errors"]
        assert error["extensions"]["code"] == "INTERNAL"
        assert error["extensions"]["traceId"]
        (error,) = (await ws.ask("{ nonsense }"))["payload"]
        assert error["extensions"]["code"] == "BAD_USER_INPUT"


async def test_pages_elsewhere_open_no_socket(whole_api: str) -> None:
    """A browser lets any page open a WebSocket to this machine: another origin, or another host's name, gets none."""
    for headers in ({"Origin": "http://evil.example"}, {"Host": "rebound.example"}):
        with pytest.raises(aiohttp.WSServerHandshakeError):
            async with socket(whole_api, **headers):
                pass


async def test_impersonation_over_a_socket_needs_authentication(whole_api: str) -> None:
    """Whoever asks to be somebody else where nobody can check it is refused, not ignored."""
    async with socket(whole_api) as ws:
        await ws.say("connection_init", payload={"Impersonate-User": "alice"})
        assert (await ws.hear())[0] == 4403
