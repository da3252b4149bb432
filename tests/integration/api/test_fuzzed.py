"""Whatever is asked, the answer is data or a caller's error: never a failure, never anything for nobody."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Err, Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from kgraph.api.graphql.persisted import NOT_FOUND
from kgraph.api.graphql.schema import make_schema
from kgraph.api.http.failures import STATUSES
from kgraph.api.rest.router import PREFIX
from kgraph.api.settings import IssuerSettings, Limits
from kgraph.graphdb.store import Store
from tests.client import http_client
from tests.integration.api.operations import ANYTHING, operations

pytestmark = pytest.mark.neo4j

# The same questions in each run: what is found is found again.
BOUNDED = settings(
    max_examples=150, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
SCHEMA = make_schema(Limits(), mutations=True)._schema
TOKENS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20)
CODES = frozenset(STATUSES) | {NOT_FOUND}
ISSUER = IssuerSettings(issuer_url="https://issuer.invalid", audiences=("kgraph",))
ADDRESS = "http://localhost:8080"
AS_DESCRIBED = (status_code_conformance, content_type_conformance)
THERE = {"cluster": "prod", "namespace": "shop", "name": "web"}
JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
async def anybody(shop_store: Store) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an API that asks nobody who they are."""
    async with http_client(shop_store, default_namespace="shop", mutations=True) as client:
        yield client


@pytest.fixture(scope="module")
async def nobody(shop_store: Store) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a token, of an API that wants one."""
    async with http_client(shop_store, default_namespace="shop", mutations=True, issuers=(ISSUER,)) as client:
        yield client


async def post(client: httpx.AsyncClient, body: Any) -> httpx.Response:
    """What /graphql answers; lone surrogates are written as JSON has them."""
    return await client.post("/graphql", content=json.dumps(body), headers=JSON)


def check(answer: httpx.Response) -> None:
    """No failure of ours, and no error without its code or with a masked cause."""
    assert answer.status_code in {200, 400, 413}, answer.text
    if answer.status_code == 200:
        said = answer.json()
        for one in said if isinstance(said, list) else [said]:
            assert one.get("errors") or one["data"] is not None
            for error in one.get("errors", ()):
                assert error["extensions"]["code"] in CODES - {"INTERNAL"}, error


@BOUNDED
@given(asked=operations(SCHEMA, always={}))
async def test_any_query_is_answered(anybody: httpx.AsyncClient, asked: dict[str, Any]) -> None:
    """Any fields with any arguments: data, or what is wrong with the question."""
    check(await post(anybody, asked))


@settings(BOUNDED, max_examples=100)
@given(asked=operations(SCHEMA, mutation=True, always={"dryRun": True}))
async def test_any_mutation_is_answered(anybody: httpx.AsyncClient, asked: dict[str, Any]) -> None:
    """Any mutation with any arguments, tried without being done: there is no cluster behind the little shop."""
    check(await post(anybody, asked))


@settings(BOUNDED, max_examples=100)
@given(
    body=ANYTHING
    | st.fixed_dictionaries(
        {"query": ANYTHING | st.just("{ clusters { id } }")},
        optional={"variables": ANYTHING, "operationName": ANYTHING, "extensions": ANYTHING},
    )
)
async def test_any_body_is_answered(anybody: httpx.AsyncClient, body: Any) -> None:
    """JSON of any form, with parts of any type, is answered or refused."""
    check(await post(anybody, body))


@settings(BOUNDED, max_examples=60)
@given(asked=operations(SCHEMA, always={}) | operations(SCHEMA, mutation=True, always={}), token=TOKENS)
async def test_nobody_is_told_nothing(nobody: httpx.AsyncClient, asked: dict[str, Any], token: str) -> None:
    """Without a token, or with one that is none, no operation is answered, whatever it is."""
    for headers in ({}, {"authorization": f"Bearer {token}"}):
        answer = await nobody.post("/graphql", content=json.dumps(asked), headers=JSON | headers)
        assert (answer.status_code, "data" in answer.json()) == (401, False)


@pytest.fixture(scope="module")
async def paths(anybody: httpx.AsyncClient) -> list[Any]:
    """The operations of REST, as its description has them."""
    found = schemathesis.openapi.from_dict((await anybody.get("/schema")).json())
    found.config.update(base_url=ADDRESS)
    results = list(found.get_all_operations())
    assert [one.err() for one in results if isinstance(one, Err)] == []
    return [one.ok() for one in results if isinstance(one, Ok) and one.ok().path.startswith(PREFIX)]


@settings(BOUNDED, max_examples=150)
@given(data=st.data(), wild=st.booleans(), there=st.booleans())
async def test_any_request_of_rest_is_answered_as_described(
    anybody: httpx.AsyncClient,
    nobody: httpx.AsyncClient,
    paths: list[Any],
    data: st.DataObject,
    wild: bool,
    there: bool,
) -> None:
    """Any request of a path, right or wrong, gets a status and a document that OpenAPI has; nobody gets none."""
    mode = GenerationMode.NEGATIVE if wild else GenerationMode.POSITIVE
    case = data.draw(data.draw(st.sampled_from(paths)).as_strategy(generation_mode=mode))
    if there:
        case.path_parameters.update({name: word for name, word in THERE.items() if name in case.path_parameters})
    request = case.as_transport_kwargs(base_url=ADDRESS)
    sent = {name: request[name] for name in ("method", "url", "params", "headers") if request.get(name)}
    answer = await anybody.request(**sent)
    schema = [] if case.query.get("form") == "object" else [response_schema_conformance]
    case.validate_response(answer, checks=[not_a_server_error, *AS_DESCRIBED, *schema])
    unknown = await nobody.request(**sent)
    assert (unknown.status_code, set(unknown.json())) == (401, {"title", "status", "detail", "code"})
