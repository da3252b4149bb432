"""What the suites ask is what the API can be asked."""

import random

import pytest
from graphql import GraphQLSchema, parse, validate

from kgraph.api.graphql.schema import make_schema
from kgraph.api.settings import ApiSettings
from tests.asking import Question
from tests.chaos import questions as storm
from tests.load import mix

WORLD = mix.World([("team", "app")], [("team", "app-1")], "everything", [("tenant", ["team"])], 3)
STORM = [make(random.Random(1), "ns") for _, make in storm.MIX.values()]
LOAD = [mix.Asking(random.Random(1), WORLD).question(row) for row in mix.MIX]


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    """The API's, with its mutations."""
    return make_schema(ApiSettings().limits, mutations=True)._schema


@pytest.mark.parametrize("question", [*STORM, *LOAD], ids=lambda question: question.operation)
def test_a_question_is_valid(schema: GraphQLSchema, question: Question) -> None:
    """Each question in GraphQL is one of the schema's; each path of REST has its place in it."""
    if question.body is None:
        assert question.path.startswith("/api/v1/clusters/")
    else:
        assert validate(schema, parse(str(question.body["query"]))) == []


def test_tenants_ask_about_what_they_see() -> None:
    """A question about a namespace is asked by a tenant who sees it, or by the one who sees all."""
    asking = mix.Asking(random.Random(1), WORLD)
    tokens = {asking.question(row).token for row in mix.MIX for _ in range(20)}
    assert tokens == {"everything", "tenant"}
    unseen = mix.Asking(random.Random(1), mix.World([("other", "app")], [], "everything", [("tenant", ["team"])], 3))
    assert {unseen.question(row).token for row in mix.MIX if row.of == "app"} == {"everything"}
