"""What a cluster has refused, as REST's callers are told it."""

import msgspec
import pytest
from litestar.testing import RequestFactory

from kgraph.api.errors import BadUserInput
from kgraph.api.http.failures import any_problem, problem_answer
from kgraph.api.refusals import refusal
from kgraph.api.rest.changes import version_of
from kgraph.graphdb.errors import GraphUnavailable
from kgraph.kube.errors import Attempt, Cause, Details, Status, from_status

ATTEMPT = Attempt("PUT", "/api/v1/namespaces/shop/services/web", "prod", "https://prod.example")
MODIFIED = "Operation cannot be fulfilled on services: the object has been modified; please apply your changes"
PRECONDITION = "the ResourceVersion in the precondition (1) does not match the ResourceVersion in record (2)"


@pytest.mark.parametrize(
    ("answer", "headers", "status", "code"),
    [
        (Status(reason="Conflict", code=409, message=MODIFIED), {"If-Match": '"1"'}, 412, "CONFLICT"),
        (Status(reason="Conflict", code=409, message=PRECONDITION), {"If-Match": '"1"'}, 412, "CONFLICT"),
        (Status(reason="Conflict", code=409, message=MODIFIED), {}, 409, "CONFLICT"),
        (Status(reason="Conflict", code=409, message="it is being removed"), {"If-Match": '"1"'}, 409, "CONFLICT"),
        (Status(reason="AlreadyExists", code=409), {}, 409, "CONFLICT"),
        (Status(reason="Invalid", code=422), {}, 422, "INVALID"),
        (Status(reason="Forbidden", code=403), {}, 403, "FORBIDDEN"),
        (Status(reason="InternalError", code=500), {}, 503, "CLUSTER_UNAVAILABLE"),
        (Status(reason="Timeout", code=504), {}, 504, "TIMEOUT"),
    ],
)
def test_refusals_have_their_status(answer: Status, headers: dict[str, str], status: int, code: str) -> None:
    """Each refusal has HTTP's own status for it; only who names a version is told that a precondition failed."""
    request = RequestFactory().put("/", headers=headers)
    found = problem_answer(request, refusal(from_status(answer, ATTEMPT)))
    problem = msgspec.json.decode(found.content)
    assert (found.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert problem["reason"] == answer.reason


def test_a_busy_cluster_says_for_how_long() -> None:
    """429 is passed on with the seconds that the apiserver asks for, and with the same code as in GraphQL."""
    answer = Status(reason="TooManyRequests", code=429, details=Details(retry_after_seconds=7))
    found = problem_answer(RequestFactory().put("/"), refusal(from_status(answer, ATTEMPT)))
    assert (found.status_code, found.headers["Retry-After"]) == (429, "7")
    assert msgspec.json.decode(found.content)["code"] == "CLUSTER_UNAVAILABLE"


def test_a_graph_that_is_away_may_be_asked_again() -> None:
    """While Neo4j does not answer, REST says so by 503 with Retry-After, so that proxies and clients try again."""
    found = any_problem(RequestFactory().get("/"), GraphUnavailable("no route to 10.1.2.3"))
    problem = msgspec.json.decode(found.content)
    assert (found.status_code, found.headers["Retry-After"], problem["code"]) == (503, "5", "INTERNAL")
    assert "10.1.2.3" not in str(problem)
    assert any_problem(RequestFactory().get("/"), ZeroDivisionError()).status_code == 500


def test_causes_are_passed_on() -> None:
    """The fields that the apiserver objects to are in the problem, each with its reason and its sentence."""
    cause = Cause(reason="FieldValueInvalid", message="must be between 1 and 65535", field="spec.ports[0].port")
    answer = Status(reason="Invalid", code=422, details=Details(causes=[cause]))
    found = problem_answer(RequestFactory().put("/"), refusal(from_status(answer, ATTEMPT)))
    assert msgspec.json.decode(found.content)["causes"] == [msgspec.to_builtins(cause)]


@pytest.mark.parametrize(
    ("header", "version"), [("", ""), ("*", ""), ('"42"', "42"), ('W/"42"', "42"), (' "42" ', "42")]
)
def test_if_match_names_a_version(header: str, version: str) -> None:
    """It is the ETag of a GET, which a proxy may have made weak; anything goes with none, or with a star."""
    assert version_of(header) == version


@pytest.mark.parametrize("header", ["42", '"', '""', '"1", "2"', '"1'])
def test_if_match_of_something_else_is_refused(header: str) -> None:
    """What is no ETag, or several, cannot be a precondition, and is not passed over."""
    with pytest.raises(BadUserInput, match="If-Match is"):
        version_of(header)
