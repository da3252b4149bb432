"""What a request leaves behind: nothing of ours that only Python's search for circles would find."""

import gc
from collections import Counter
from typing import Any

import pytest

from tests.client import Client

pytestmark = pytest.mark.neo4j

# The driver leaves some of its own, with the parameters of its statements.
OURS = ("kgraph.api.", "graphql.", "strawberry.")
ASKED = [
    pytest.param("{ clusters { id health } }", id="clusters"),
    pytest.param(
        '{ resourceGraph(cluster: "prod", resourceType: "deployments.apps", namespace: "shop", name: "web", depth: 3) '
        "{ nodes { key kind missing } edges { source type target } omitted { key } truncated } }",
        id="walk",
    ),
    pytest.param(
        "{ resources(first: 20) { totalCount nodes { key labels ... on Pod { phase node { name } } "
        "dependencies(first: 2) { items { type resource { name } } } } } }",
        id="relations",
    ),
    pytest.param("{ allPods(first: 20) { name containers { name image ports { containerPort } } } }", id="parts"),
]


@pytest.mark.parametrize("query", ASKED)
async def test_a_request_leaves_no_circle_behind(api: Client, query: str) -> None:
    """Its objects go as it is answered; what waits for the search stops a busy server for a third of a second."""
    await api.ask(query)  # what is made once, and kept
    gc.collect()
    gc.disable()
    try:
        await api.ask(query)
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        left = Counter(_name(one) for one in gc.garbage)
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
    assert not {name: many for name, many in left.items() if name.startswith(OURS)}


def _name(found: Any) -> str:
    return f"{type(found).__module__}.{type(found).__qualname__}"
