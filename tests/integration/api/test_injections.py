"""Texts that try to be Cypher, an index's syntax, a line, a header or a path, in each place that takes a text.

The places are those of the schema and of OpenAPI: what is added there is tried here.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx
import pytest
from graphql import GraphQLInputObjectType, GraphQLList, GraphQLNonNull, get_named_type, is_required_argument

from kgraph.api.app import create_app
from kgraph.api.graphql.schema import make_schema
from kgraph.api.http.failures import STATUSES
from kgraph.api.rest.router import PREFIX
from kgraph.api.settings import ApiSettings, Limits
from kgraph.cli.process.patience import Patience
from kgraph.cli.process.serving import address_of, listening, running
from kgraph.graphdb.store import Store
from kgraph.kube.sealing import Sealer
from tests.client import http_client
from tests.hostile import FORGED, TEXTS
from tests.integration.api.graphs import shop as little_shop
from tests.integration.api.selections import everything

pytestmark = pytest.mark.neo4j

SCHEMA = make_schema(Limits(), mutations=True)._schema
# What nothing in the little shop has: what is shown for a hostile text is what is shown for this.
HARMLESS = "zz-nothing"
# What a question needs to get as far as the text: by the argument's name.
VALID: Mapping[str, Any] = {
    "cluster": "prod", "id": "prod", "namespace": "shop", "name": "web", "resourceType": "deployments", "verb": "get",
    "text": "web", "query": "RETURN 1", "since": "24h", "desired": "prod", "actual": "prod",
    "representations": [{"__typename": "Pod", "key": "prod/core/Pod/shop/web-1-1"}],
}  # fmt: skip
TEXT_TYPES = {"String", "ID", "JSON", "_Any", "DateTime"}
KEY = re.compile(r"prod/[a-z0-9.]+/\w+/[\w.-]+/[\w.-]+")
THERE = frozenset(key for key, _ in little_shop()[0])
# All that is in the graph, so far as a statement could have changed it; of mutations there is a record.
PICTURE = """
MATCH (n) WHERE NOT n:AuditEntry AND NOT n:IdempotencyKey
WITH count(n) AS nodes, sum(size(keys(n))) AS properties, sum(size(labels(n))) AS labels
RETURN nodes, properties, labels, COUNT { ()-->() } AS edges, COUNT { (e) WHERE e:Evil OR e.evil IS NOT NULL } AS evil
"""


class Place(NamedTuple):
    """An argument of a field, or a field of the input object that it takes: `filter.labelSelector`."""

    root: str
    field: str
    path: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.field}-{'.'.join(self.path)}"


def places() -> Iterator[Place]:
    """Each place of the schema that takes a text; of mutations one for each name, for they share what reads it."""
    known = set()
    for root in ("query", "mutation"):
        for name, field in getattr(SCHEMA, f"{root}_type").fields.items():
            for argument, definition in field.args.items():
                type_, found = get_named_type(definition.type), []
                if isinstance(type_, GraphQLInputObjectType):
                    for inner, one in type_.fields.items():
                        if get_named_type(one.type).name in TEXT_TYPES:
                            found.append(Place(root, name, (argument, inner)))
                elif type_.name in TEXT_TYPES:
                    found.append(Place(root, name, (argument,)))
                for place in found:
                    if root == "query" or place.path not in known:
                        known.add(place.path)
                        yield place


def value(type_: Any, name: str) -> Any:
    """A good value of a type, for an argument of this name."""
    required = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    if isinstance(required, GraphQLList):
        return VALID.get(name, [])
    if isinstance(required, GraphQLInputObjectType):
        return {
            inner: value(one.type, inner)
            for inner, one in required.fields.items()
            if isinstance(one.type, GraphQLNonNull) or inner in VALID
        }
    if hasattr(required, "values"):
        return next(iter(required.values))
    return VALID.get(name, {"Int": 1, "Boolean": False, "JSON": {}}.get(required.name, HARMLESS))


def hostile(type_: Any, text: str) -> Any:
    """The text as a value of the type."""
    required = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    if isinstance(required, GraphQLList):
        return [hostile(required.of_type, text)]
    if required.name == "JSON":
        return {"query": text, text: [text]}
    if required.name == "_Any":
        return {"__typename": "Pod", "key": text}
    return text


def question(place: Place, text: str) -> dict[str, Any]:
    """An operation with the text in its place, and good values in the places that it needs; mutations are dry."""
    field = getattr(SCHEMA, f"{place.root}_type").fields[place.field]
    given = {
        name: value(definition.type, name)
        for name, definition in field.args.items()
        if is_required_argument(definition) or name in VALID
    }
    first, *inner = place.path
    if inner:
        of = get_named_type(field.args[first].type)
        assert isinstance(of, GraphQLInputObjectType)
        given[first] = {**(given.get(first) or {}), inner[0]: hostile(of.fields[inner[0]].type, text)}
    else:
        given[first] = hostile(field.args[first].type, text)
    if "dryRun" in field.args:
        given["dryRun"] = True
    head = ", ".join(f"${name}: {field.args[name].type}" for name in given)
    arguments = ", ".join(f"{name}: ${name}" for name in given)
    below = everything(SCHEMA, place.field, depth=1) if place.root == "query" else " { __typename }"
    return {"query": f"{place.root}({head}) {{ {place.field}({arguments}){below} }}", "variables": given}


@pytest.fixture(scope="module")
async def shop(shop_store: Store) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an API with all that it has, over the little shop."""
    async with http_client(shop_store, default_namespace="shop", mutations=True) as client:
        yield client


@pytest.fixture(scope="module")
async def before(shop_store: Store, shop: httpx.AsyncClient) -> Any:
    """What is in the graph."""
    return await shop_store.read_text(PICTURE)


def shown(answer: str) -> frozenset[str]:
    """The resources of the little shop that are in an answer, by their keys."""
    return THERE & set(KEY.findall(answer))


@pytest.mark.parametrize("place", list(places()), ids=str)
async def test_a_text_is_a_text(shop: httpx.AsyncClient, shop_store: Store, before: Any, place: Place) -> None:
    """A hostile text finds no more than a harmless one, fails at nothing of ours, and changes nothing."""

    async def ask(text: str) -> str:
        answer = await shop.post("/graphql", json=question(place, text))
        assert answer.status_code == 200, (text, answer.text)
        assert answer.headers["content-type"] == "application/json"
        for error in answer.json().get("errors", ()):
            assert error["extensions"]["code"] in set(STATUSES) - {"INTERNAL", "TIMEOUT"}, (text, error)
        return answer.text

    # `after` is a place in the order of keys: any text is one, and this one is before all.
    harmless = "" if place.path == ("after",) else HARMLESS
    plain, *answers = await asyncio.gather(ask(harmless), *map(ask, TEXTS.values()))
    for text, answer in zip(TEXTS.values(), answers, strict=True):
        assert shown(answer) <= shown(plain) | shown(text), text
    if place.path != ("params",):  # of `cypher`, whose answer is of its parameters
        assert await shop_store.read_text(PICTURE) == before


async def _rest_places(client: httpx.AsyncClient) -> list[tuple[str, str, str, str]]:
    """Method, path, where and name of each parameter of REST that takes a text."""
    found = []
    for path, methods in (await client.get("/schema/openapi.json")).json()["paths"].items():
        for method, operation in methods.items():
            if path.startswith(PREFIX) and not path.endswith(("/stream", "/logs")):
                found += [
                    (method, path, one["in"], one["name"])
                    for one in operation.get("parameters", ())
                    if "string" in json.dumps(one["schema"])
                ]
    assert len(found) > 50
    return found


async def test_a_text_of_rest_is_a_text(shop: httpx.AsyncClient, shop_store: Store, before: Any) -> None:
    """In a path, a parameter or a header it gets one document, makes no header, and shows and changes nothing."""

    async def ask(method: str, path: str, where: str, name: str, text: str) -> str:
        words = {each: VALID.get(each, HARMLESS) for each in re.findall(r"{(\w+)}", path)}
        if where == "path":
            words[name] = quote(text, safe="")
        answer = await shop.request(
            method,
            path.format_map(words),
            params={"dryRun": "true", **({"resourceType": "deploy", "name": "web"} if path.endswith("/graph") else {}),
                    **({name: text} if where == "query" else {})},
            headers={name: re.sub(r"[^ -~]", " ", text).strip()} if where == "header" else {},
            json={} if method in {"post", "put", "patch"} else None,
        )  # fmt: skip
        assert answer.status_code < 500, (method, path, name, text, answer.text)
        assert FORGED not in str(answer.headers)
        if answer.content:
            assert answer.headers["content-type"].partition(";")[0] in {"application/json", "application/problem+json"}
            json.loads(answer.content)
        return answer.text

    for place in await _rest_places(shop):
        plain, *answers = await asyncio.gather(ask(*place, HARMLESS), *(ask(*place, text) for text in TEXTS.values()))
        for text, answer in zip(TEXTS.values(), answers, strict=True):
            # What is no header to a route is not looked at, and all is shown that is shown without.
            assert shown(answer) <= shown(plain) | shown(text), (place, text)
    assert await shop_store.read_text(PICTURE) == before


HEADERS = (
    "X-Forwarded-For", "X-Forwarded-Proto", "Traceparent", "Tracestate", "Last-Event-ID", "Idempotency-Key", "If-Match",
    "If-None-Match", "Authorization", "Origin", "Accept", "Accept-Encoding", "Content-Type",
)  # fmt: skip


@pytest.mark.parametrize("name", HEADERS)
async def test_a_header_is_one_header(shop_store: Store, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """On a real connection a header's bytes get one answer, with nothing of theirs in its headers, or none."""
    app = create_app(shop_store, ApiSettings(default_namespace="shop"), Sealer.of({}), ())
    with listening("127.0.0.1", 0) as listener:
        async with running(app, listener, 1000, patience=Patience(header_seconds=5)):
            url = httpx.URL(address_of(listener))
            for text in TEXTS.values():
                # A line end in it begins another header: that is the sender's right, and gets one answer all the same.
                head, body = f"{name}: {text}".encode(), b'{"query": "{ clusters { id } }"}'
                told = await _told(url, head.replace(b"\r\n\r\n", b"\r\n "), body)
                statuses = re.findall(rb"(?m)^HTTP/1\.1 (\d+)", told)
                assert len(statuses) <= 1, (text, told)
                assert all(int(status) < 500 for status in statuses), (text, told)
                assert FORGED.encode() not in told.partition(b"\r\n\r\n")[0]
    lines = capsys.readouterr().err.splitlines()
    assert not any(FORGED in one and not one.startswith("{") for one in lines)


async def _told(url: httpx.URL, head: bytes, body: bytes) -> bytes:
    """All that is answered to one request with a header of these bytes."""
    reader, writer = await asyncio.open_connection(url.host, url.port)
    length = b"Content-Length: %d" % len(body)
    kind = b"" if head.lower().startswith(b"content-type") else b"Content-Type: application/json"
    lines = [b"POST /graphql HTTP/1.1", b"Host: localhost", b"Connection: close", length, *filter(None, [kind]), head]
    try:
        writer.write(b"\r\n".join(lines) + b"\r\n\r\n" + body)
        await writer.drain()
        async with asyncio.timeout(20):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()
