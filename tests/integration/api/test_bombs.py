"""Questions that are made to keep the API busy are refused before they do."""

import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import httpx
import pytest

from kgraph.graphdb.store import Store
from tests.bombs import BOMBS, request
from tests.client import http_client

pytestmark = pytest.mark.neo4j

# Calls of functions, Python's and C's. A refusal's time is the machine's, and `make bench` says it; its work is not.
REFUSED_CALLS = 400_000


@pytest.fixture(scope="module")
async def rest(shop_store: Store) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the API over the little shop, which has answered already."""
    async with http_client(shop_store, default_namespace="shop") as client:
        await client.post("/graphql", json={"query": "{ resources(first: 1) { totalCount } }"})
        yield client


class Work:
    """How many calls this thread made."""

    calls = 0

    def count(self, _frame: FrameType, event: str, _argument: Any) -> None:
        """Be told of what the interpreter does."""
        self.calls += event in {"call", "c_call"}


@contextmanager
def counted() -> Iterator[Work]:
    """Count what is done meanwhile."""
    work, before = Work(), sys.getprofile()
    sys.setprofile(work.count)
    try:
        yield work
    finally:
        sys.setprofile(before)


@pytest.mark.parametrize("bomb", BOMBS)
async def test_bombs_are_refused_at_once(rest: httpx.AsyncClient, bomb: str) -> None:
    """Each is the caller's mistake, in words, and costs the API as little as a question does."""
    with counted() as work:
        answer = await rest.post("/graphql", content=request(bomb), headers={"content-type": "application/json"})
    assert refused(answer), (answer.status_code, answer.text[:300])
    assert work.calls < REFUSED_CALLS


def refused(answer: httpx.Response) -> bool:
    """Whether nothing was answered, for a reason that is the caller's."""
    if answer.status_code != 200:
        return answer.status_code in {400, 413}
    said = answer.json()
    operations = said if isinstance(said, list) else [said]
    codes = {error["extensions"]["code"] for one in operations for error in one["errors"]}
    return codes <= {"BAD_USER_INPUT", "TOO_COMPLEX", "NOT_FOUND"} and not any(one["data"] for one in operations)
