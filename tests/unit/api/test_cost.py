"""The cost of an operation is counted before anything is done, in time that does not grow with what it would give."""

import time
from typing import Any

import pytest
from graphql import parse

from kgraph.api.errors import TooComplex
from kgraph.api.graphql import cost
from kgraph.api.graphql.schema import make_schema
from kgraph.api.settings import Limits

SCHEMA = make_schema(Limits())._schema


def check(query: str, variables: dict[str, Any] | None = None, **limits: int) -> None:
    """Count the cost of a query under these limits."""
    cost.check(parse(query), SCHEMA, variables or {}, Limits(**limits))


def bomb(levels: int) -> str:
    """Fragments that each spread the next one twice: 2 ** levels fields if they were expanded."""
    fragments = "".join(
        f"fragment f{at} on Resource {{ dependencies {{ items {{ resource {{ ...f{at + 1} ...f{at + 1} }} }} }} }} "
        for at in range(levels)
    )
    return (
        '{ resource(cluster: "a", resourceType: "b", name: "c") { ...f0 } } '
        f"{fragments} fragment f{levels} on Resource {{ key }}"
    )


def test_fragment_bomb_is_counted_at_once() -> None:
    """Eighteen levels of doubled fragments are refused within a tenth of a second."""
    started = time.perf_counter()
    with pytest.raises(TooComplex):
        check(bomb(18))
    assert time.perf_counter() - started < 0.1


async def test_fragment_bomb_is_refused_by_the_whole_schema() -> None:
    """Nothing else in the way of an operation expands fragments either."""
    started = time.perf_counter()
    result = await make_schema(Limits()).execute(bomb(18))
    assert time.perf_counter() - started < 2
    assert result.errors is not None
    assert result.errors[0].extensions is not None
    assert result.errors[0].extensions["code"] == "TOO_COMPLEX"


def test_list_sizes_multiply() -> None:
    """A list of lists costs the product of their sizes, and the message names the dearest field, cost and limit."""
    query = "{ resources(first: 100) { nodes { dependents(first: 50) { items { resource { key } } } } } }"
    with pytest.raises(TooComplex, match=r"10,[0-9]{3}.*1,000.*resources\.nodes\.dependents"):
        check(query, cost=1_000)
    check(query, cost=20_000)


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        pytest.param("query ($n: Int) { resources(first: $n) { nodes { key } } }", {"n": 5000}, id="variable"),
        pytest.param("query ($n: Int = 5000) { resources(first: $n) { nodes { key } } }", {}, id="its-default"),
        pytest.param(
            '{ resourceGraph(cluster: "a", resourceType: "b", name: "c", limit: 5000) { nodes { key } } }',
            {},
            id="limit",
        ),
    ],
)
def test_sizes_are_read_wherever_they_stand(query: str, variables: dict[str, Any]) -> None:
    """A size counts as a literal, a variable, a variable's default or the schema's."""
    with pytest.raises(TooComplex):
        check(query, variables, cost=4_000)
    check(query, variables, cost=6_000)


def test_unsized_list_counts_by_the_schemas_default() -> None:
    """Without a size an answer is as big as the default lets it be."""
    with pytest.raises(TooComplex):
        check("{ resources { nodes { key } } }", cost=400)


def test_depth_is_limited_through_fragments() -> None:
    """Fields below one another count, also through fragments."""
    with pytest.raises(TooComplex, match="deep"):
        check(bomb(8), cost=10**12)


def test_aliases_are_limited() -> None:
    """Many names for one question are many questions."""
    query = "{" + " ".join(f"a{at}: clusters {{ id }}" for at in range(60)) + "}"
    with pytest.raises(TooComplex, match="60 aliases"):
        check(query)


def test_circles_of_fragments_end() -> None:
    """A circle, which validation refuses later, does not keep the counter busy."""
    check("{ clusters { ...a } } fragment a on Cluster { id ...b } fragment b on Cluster { ...a }")


async def test_too_many_tokens_are_refused() -> None:
    """A document longer than the limit is not even parsed."""
    result = await make_schema(Limits(tokens=20)).execute("{" + "clusters { id } " * 20 + "}")
    assert result.errors is not None
    assert "token" in result.errors[0].message


def test_introspection_of_graphiql_is_allowed() -> None:
    """The query that GraphiQL begins with stays within the limits."""
    from graphql import get_introspection_query

    check(get_introspection_query())


LANDSCAPE = "{ clusters { name namespaces { name deployments { name pods { name phase services { name } } } } } }"


def test_five_levels_of_relations_may_be_asked_for() -> None:
    """Relations that nobody sizes count as there usually are; the answer itself is bounded while it is made."""
    check(LANDSCAPE)


@pytest.mark.parametrize(
    "query",
    [
        pytest.param(
            LANDSCAPE.replace("pods", "pods(first: 500)").replace("services", "services(first: 500)"), id="sized"
        ),
        pytest.param(
            "{ allPods { " + "services { pods { node { pods { " * 3 + "name" + " } } } }" * 3 + " } }",
            id="there-and-back",
        ),
    ],
)
def test_bombs_of_relations_are_refused(query: str) -> None:
    """Levels that multiply what there usually is, or what is asked for, cost their product."""
    with pytest.raises(TooComplex):
        check(query)


def test_entities_cost_as_many_as_are_named() -> None:
    """A gateway's list is as long as it is, in the document or in a variable."""
    query = "query ($them: [_Any!]!) { _entities(representations: $them) { ... on Pod { name phase } } }"
    them = [{"__typename": "Pod", "key": "x"}] * 1_000
    with pytest.raises(TooComplex):
        check(query, {"them": them}, cost=1_500)
    check(query, {"them": them}, cost=2_500)
    check('{ _entities(representations: [{__typename: "Pod", key: "x"}]) { ... on Pod { name } } }', cost=3)


def test_entities_are_limited() -> None:
    """However little is asked of each, no more entities can be named at once than a list can have."""
    query = "query ($them: [_Any!]!) { _entities(representations: $them) { ... on Pod { name } } }"
    with pytest.raises(TooComplex, match="5,001 entities"):
        check(query, {"them": [{"__typename": "Pod", "key": "x"}] * 5_001})
