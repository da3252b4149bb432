"""How a request that does not come to be answered is told: as GraphQL's JSON, or as a problem (RFC 9457).

Most errors of GraphQL never come here: they stand in an answer of status 200 (`graphql.extensions`). These are of
requests that are turned away before, by a guard.
"""

import math
import secrets
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException

from kgraph.api.errors import (
    INTERNAL,
    TIMEOUT,
    ApiError,
    BadUserInput,
    Busy,
    ClusterUnavailable,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Outdated,
    TooComplex,
    Unauthenticated,
    as_api_failure,
)
from kgraph.api.http.observed import CODE
from kgraph.telemetry.tracing import trace_id

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
    TIMEOUT: HTTPStatus.GATEWAY_TIMEOUT,
    INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR,
}


_CODES = {HTTPStatus.NOT_FOUND: NotFound.code, HTTPStatus.UNAUTHORIZED: Unauthenticated.code}

log = structlog.get_logger(__name__)


def graphql_error(error: ApiError) -> dict[str, Any]:
    """The error as a GraphQL answer without data."""
    return {"errors": [{"message": str(error), "extensions": {"code": error.code, **error.extensions}}]}


def graphql_answer(request: Request[Any, Any, Any], error: ApiError) -> Response[bytes]:
    """The error as GraphQL's clients read it, with the status that it is."""
    _note(request, error.code)
    return _response(error, graphql_error(error), JSON, _status(error))


def problem_answer(request: Request[Any, Any, Any], error: ApiError) -> Response[bytes]:
    """The error as a problem document; its `code` and its extensions are GraphQL's.

    What has changed since is 412 to whoever has sent If-Match (RFC 9110, 13.1.1), else 409.
    """
    _note(request, error.code)
    status = _status(error)
    if isinstance(error, Outdated) and "if-match" in request.headers:
        status = HTTPStatus.PRECONDITION_FAILED
    problem = {"title": status.phrase, "status": status.value, "detail": str(error), "code": error.code}
    return _response(error, {**problem, **error.extensions}, PROBLEM, status)


def any_problem(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Whatever went wrong, as a problem document; what is not the caller's doing is logged under a trace id."""
    if isinstance(error, ApiError):
        return problem_answer(request, error)
    if isinstance(error, HTTPException):
        reasons = "; ".join(
            f"{one.get('key')}: {one.get('message')}" for one in error.extra or () if isinstance(one, dict)
        )
        status = HTTPStatus(error.status_code)
        code = _CODES.get(status, BadUserInput.code)
        _note(request, code)
        told = _problem(status, reasons or error.detail or status.phrase, code)
        told.headers.update(error.headers or {})  # Allow, with 405 (RFC 9110, 15.5.6)
        return told
    if isinstance(error, RecursionError):
        _note(request, BadUserInput.code)
        return _problem(HTTPStatus.BAD_REQUEST, "what was sent is nested too deeply", BadUserInput.code)
    failure = as_api_failure(error)
    _note(request, failure.code)
    if not failure.masked:
        return _problem(STATUSES[failure.code], failure.message, failure.code)
    found = trace_id() or secrets.token_hex(16)
    log.error("request failed", trace_id=found, path=request.url.path, exc_info=error)
    status = HTTPStatus.SERVICE_UNAVAILABLE if failure.passes else STATUSES[failure.code]
    return _problem(status, failure.message, failure.code, {"traceId": found})


def _note(request: Request[Any, Any, Any], code: str) -> None:
    """Leave the code to who counts errors."""
    scope: dict[str, Any] = request.scope  # type: ignore[assignment]  # it may have keys of ours
    scope[CODE] = code


def _problem(status: HTTPStatus, detail: str, code: str, more: Mapping[str, str] = {}) -> Response[bytes]:
    problem = {"title": status.phrase, "status": status.value, "detail": detail, "code": code, **more}
    headers = {"Retry-After": str(RETRY_SECONDS)} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}
    return Response(msgspec.json.encode(problem), status_code=status, media_type=PROBLEM, headers=headers)


def _status(error: ApiError) -> HTTPStatus:
    return HTTPStatus.TOO_MANY_REQUESTS if isinstance(error, Busy) else STATUSES[error.code]


def _response(error: ApiError, content: Mapping[str, Any], media_type: str, status: HTTPStatus) -> Response[bytes]:
    headers = {}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"  # RFC 6750
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(RETRY_SECONDS)
    if isinstance(error, Busy):
        headers["Retry-After"] = str(math.ceil(error.retry_after))
    return Response(msgspec.json.encode(content), status_code=status, media_type=media_type, headers=headers)
