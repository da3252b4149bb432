"""How a request that does not come to be answered is told: as GraphQL's JSON, or as a problem (RFC 9457).

Most errors of GraphQL never come here: they stand in an answer of status 200 (`graphql.extensions`). These are of
requests that are turned away before, by a guard.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response

from kgraph.api.errors import (
    INTERNAL,
    ApiError,
    BadUserInput,
    ClusterUnavailable,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    TooComplex,
    Unauthenticated,
)

PROBLEM = "application/problem+json"
JSON = "application/json"
RETRY_SECONDS = 5

STATUSES: Mapping[str, HTTPStatus] = {
    BadUserInput.code: HTTPStatus.BAD_REQUEST,
    Unauthenticated.code: HTTPStatus.UNAUTHORIZED,
    Forbidden.code: HTTPStatus.FORBIDDEN,
    NotFound.code: HTTPStatus.NOT_FOUND,
    Conflict.code: HTTPStatus.CONFLICT,
    Invalid.code: HTTPStatus.UNPROCESSABLE_ENTITY,
    TooComplex.code: HTTPStatus.UNPROCESSABLE_ENTITY,
    ClusterUnavailable.code: HTTPStatus.SERVICE_UNAVAILABLE,
    INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR,
}


def graphql_error(error: ApiError) -> dict[str, Any]:
    """The error as a GraphQL answer without data."""
    return {"errors": [{"message": str(error), "extensions": {"code": error.code}}]}


def graphql_answer(_: Request[Any, Any, Any], error: ApiError) -> Response[bytes]:
    """The error as GraphQL's clients read it, with the status that it is."""
    return _response(error, graphql_error(error), JSON)


def problem_answer(_: Request[Any, Any, Any], error: ApiError) -> Response[bytes]:
    """The error as a problem document; its `code` is GraphQL's."""
    status = STATUSES[error.code]
    problem = {"title": status.phrase, "status": status.value, "detail": str(error), "code": error.code}
    return _response(error, problem, PROBLEM)


def _response(error: ApiError, content: Mapping[str, Any], media_type: str) -> Response[bytes]:
    status = STATUSES[error.code]
    headers = {}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"  # RFC 6750
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(RETRY_SECONDS)
    return Response(msgspec.json.encode(content), status_code=status, media_type=media_type, headers=headers)
