"""What every answer tells a browser: pages, answers, refusals, and what is not there."""

import httpx
import pytest

from kgraph.api.callers.rates import RateSettings
from kgraph.api.http.security_headers import ALWAYS
from kgraph.api.settings import TokenReviewSettings
from kgraph.graphdb.store import Store
from tests.client import http_client

REQUESTS = {
    "landing": ("GET", "/", 200),
    "graphiql": ("GET", "/graphql", 200),
    "question": ("POST", "/graphql", 200),
    "no-json": ("POST", "/graphql", 400),
    "health": ("GET", "/health/live", 200),
    "clusters": ("GET", "/api/v1/clusters", 200),
    "not-found": ("GET", "/api/v1/clusters/none", 404),
    "no-route": ("GET", "/nowhere", 404),
    "traversal": ("GET", "/static/..%2f..%2fapp.py", 404),
    "wrong-method": ("DELETE", "/health/live", 405),
    "schema": ("GET", "/schema/openapi.json", 200),
}


@pytest.mark.parametrize(("method", "path", "status"), REQUESTS.values(), ids=REQUESTS)
async def test_every_answer_has_the_security_headers(shop_store: Store, method: str, path: str, status: int) -> None:
    """Whatever is asked for, and whatever comes of it, the headers are there once each, and nothing is to be kept."""
    async with http_client(shop_store) as http:
        body = b"nothing" if status == 400 else b'{"query": "{ __typename }"}' if method == "POST" else b""
        kind = {"content-type": "application/json"} if body else {}
        answer = await http.request(method, path, content=body, headers=kind)
    assert answer.status_code == status
    assert {name: answer.headers.get_list(name) for name in ALWAYS} == {name: [text] for name, text in ALWAYS.items()}
    assert answer.headers["cache-control"] == "no-store"
    assert "strict-transport-security" not in answer.headers


async def test_a_misaddressed_and_an_unknown_caller_get_them_too(shop_store: Store) -> None:
    """What a guard refuses has the headers as well."""
    async with http_client(shop_store, token_reviews=(TokenReviewSettings("shop"),)) as http:
        unknown = await http.get("/api/v1/clusters")
        elsewhere = await http.get("/", headers={"host": "rebound.example.com"})
    assert [unknown.status_code, elsewhere.status_code] == [401, 421]
    for answer in (unknown, elsewhere):
        assert ALWAYS.items() <= {name: answer.headers.get(name) for name in ALWAYS}.items()


@pytest.mark.parametrize(
    ("host", "sent"), [("kgraph.example.com", "max-age=31536000"), ("localhost", None)], ids=["name", "localhost"]
)
async def test_hsts_is_for_names_over_tls(shop_store: Store, host: str, sent: str | None) -> None:
    """Over TLS a browser is told to stay with it, but not for localhost, where other programs speak plain HTTP."""
    async with http_client(shop_store, allowed_hosts=("kgraph.example.com",)) as http:
        answer = await http.get(f"https://{host}/health/live")
    assert answer.headers.get("strict-transport-security") == sent


async def test_an_address_that_tries_tokens_is_sent_away(shop_store: Store) -> None:
    """After so many requests without a good token an address is answered 429 in both forms, and told when to come."""
    rates = RateSettings(per_second=0.01, burst=2)
    async with http_client(shop_store, token_reviews=(TokenReviewSettings("shop"),), rates=rates) as http:
        rest = [await http.get("/api/v1/clusters") for _ in range(3)]
        graphql: httpx.Response = await http.post("/graphql", json={"query": "{ __typename }"})
        health = await http.get("/health/live")
    assert [each.status_code for each in rest] == [401, 401, 429]
    assert rest[2].headers["content-type"] == "application/problem+json"
    assert rest[2].json()["reason"] == "TooManyRequests"
    assert graphql.status_code == 429
    assert graphql.json()["errors"][0]["extensions"] == {"code": "CLUSTER_UNAVAILABLE", "reason": "TooManyRequests"}
    assert all(0 < int(each.headers["retry-after"]) <= 100 for each in (rest[2], graphql))
    assert health.status_code == 200
