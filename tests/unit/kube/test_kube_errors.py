"""Answers and broken connections as errors; every one of aiohttp's has its place."""

import inspect
import ssl
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import http_exceptions
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from kgraph.kube import errors
from kgraph.kube.errors import Attempt, KubeError, from_response
from kgraph.kube.transport import mapped

ATTEMPT = Attempt("GET", "/api/v1/pods", "prod", "https://prod:6443")
MARKER = "t0ken-marker"


def status(code: int, reason: str = "", **fields: Any) -> bytes:
    """A Status as an apiserver sends it."""
    return msgspec.json.encode(
        {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason, **fields}
    )


@pytest.mark.parametrize(
    ("code", "reason", "kind"),
    [
        (400, "BadRequest", errors.BadRequest),
        (401, "Unauthorized", errors.Unauthenticated),
        (403, "Forbidden", errors.Forbidden),
        (404, "NotFound", errors.NotFound),
        (405, "MethodNotAllowed", errors.BadRequest),
        (406, "NotAcceptable", errors.BadRequest),
        (409, "Conflict", errors.Conflict),
        (409, "AlreadyExists", errors.Conflict),
        (410, "Expired", errors.Expired),
        (410, "Gone", errors.Expired),
        (413, "RequestEntityTooLarge", errors.BadRequest),
        (422, "Invalid", errors.Invalid),
        (429, "TooManyRequests", errors.TooManyRequests),
        (500, "InternalError", errors.Unavailable),
        (500, "ServerTimeout", errors.ServerTimeout),
        (503, "ServiceUnavailable", errors.Unavailable),
        (504, "Timeout", errors.ServerTimeout),
    ],
)
@pytest.mark.parametrize("with_status", [True, False])
def test_each_answer_has_its_error(
    code: int,
    reason: str,
    kind: type[KubeError],
    with_status: bool,
) -> None:
    """The reason decides, and without a Status the code."""
    body = status(code, reason, message="the server's sentence") if with_status else b"plain words"
    error = from_response(code, {}, body, ATTEMPT)
    if with_status or reason != "ServerTimeout":
        assert type(error) is kind
    assert error.status == code
    assert "GET /api/v1/pods on cluster prod (https://prod:6443)" in str(error)
    assert ("the server's sentence" if with_status else "plain words") in str(error)
    assert error.detail == ("the server's sentence" if with_status else "")


def test_field_causes_are_kept() -> None:
    """What an apiserver says of single fields can be shown beside them."""
    details = {"causes": [{"field": "spec.replicas", "reason": "FieldValueInvalid", "message": "must be >= 0"}]}
    error = from_response(422, {}, status(422, "Invalid", message="m", details=details), ATTEMPT)
    assert error.causes == (errors.Cause("FieldValueInvalid", "must be >= 0", "spec.replicas"),)


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"Retry-After": "7"}, status(429, "TooManyRequests"), 7),
        ({"Retry-After": "7"}, status(429, "TooManyRequests", details={"retryAfterSeconds": 3}), 3),
        ({"Retry-After": "7"}, b"Too many requests, please try again later.\n", 7),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, b"", 1),
        ({}, b"", 1),
    ],
)
def test_a_429_says_how_long_to_wait(headers: dict[str, str], body: bytes, seconds: float) -> None:
    """The Status' own seconds come before the header's, and one second before none."""
    error = from_response(429, headers, body, ATTEMPT)
    assert isinstance(error, errors.TooManyRequests)
    assert error.retry_after == seconds


def test_a_410_in_a_list_carries_the_token_to_go_on_with() -> None:
    """The inconsistent continue token of the API concepts is kept."""
    body = status(410, "Expired", message="too old", metadata={"continue": "abc"})
    error = from_response(410, {}, body, ATTEMPT)
    assert isinstance(error, errors.Expired)
    assert error.continue_token == "abc"


@pytest.mark.parametrize(
    ("code", "headers", "body", "said"),
    [
        (
            502,
            {"Content-Type": "text/html; charset=utf-8"},
            b"<html><head><style>b{}</style></head><h1>Bad  Gateway</h1>\x00</html>",
            "502 Bad Gateway (a web page, where a Unavailable status was due)",
        ),
        (
            302,
            {"Location": f"https://login.example.com/x?token={MARKER}"},
            b"",
            "a redirect to https://login.example.com/x",
        ),
        (403, {"Content-Type": "text/html"}, b"<p>denied by WAF</p>", "403 denied by WAF (a web page"),
    ],
)
def test_a_proxys_page_is_a_bad_answer(code: int, headers: dict[str, str], body: bytes, said: str) -> None:
    """What no apiserver sends is told from what one sends, and shown as plain text."""
    error = from_response(code, headers, body, ATTEMPT)
    assert isinstance(error, errors.BadAnswer)
    assert said in str(error)
    assert MARKER not in str(error)


def test_an_echoed_token_is_not_repeated() -> None:
    """A proxy that answers with the request's headers does not bring the token into an error."""
    error = from_response(400, {}, f"Authorization: Bearer {MARKER} is wrong".encode(), ATTEMPT, secrets=(MARKER,))
    assert MARKER not in str(error)
    assert "Bearer <hidden> is wrong" in str(error)


def test_long_and_binary_bodies_are_cut_and_cleaned() -> None:
    """An error stays a sentence, whatever came."""
    error = from_response(500, {}, b"\xff\x00\n" + b"word " * 10_000, ATTEMPT)
    assert len(str(error)) < 500
    assert str(error).isprintable()


def upstream_errors() -> list[type[BaseException]]:
    """Every exception class that aiohttp can raise to a client."""
    found = {
        value
        for module in (aiohttp, aiohttp.client_exceptions, http_exceptions)
        for value in vars(module).values()
        if inspect.isclass(value) and issubclass(value, Exception)
    }
    server_side = ("aiohttp.web", "aiohttp.http_websocket", "aiohttp._websocket")
    others = {
        value
        for value in found
        # What belongs to WebSockets, uploads and multipart bodies, none of which is used, is no ClientError.
        if not issubclass(value, (aiohttp.ClientError, http_exceptions.HttpProcessingError, OSError))
        or value.__module__.startswith(server_side)
    }
    return sorted(found - others, key=lambda value: value.__name__)


KEY: Any = SimpleNamespace(host="prod", port=6443, is_ssl=True, ssl=True)
INFO = aiohttp.RequestInfo(
    URL("https://prod:6443/"),
    "GET",
    CIMultiDictProxy(CIMultiDict({"Authorization": f"Bearer {MARKER}"})),
    URL("https://prod:6443/"),
)
MAKERS: list[tuple[type[BaseException], Callable[[Any], BaseException]]] = [
    (aiohttp.ClientConnectorCertificateError, lambda kind: kind(KEY, ssl.SSLCertVerificationError("self-signed"))),
    (aiohttp.client_exceptions.UnixClientConnectorError, lambda kind: kind("/x", KEY, OSError(111, "refused"))),
    (aiohttp.ClientConnectorError, lambda kind: kind(KEY, OSError(111, "refused"))),
    (aiohttp.ClientResponseError, lambda kind: kind(INFO, (), status=407, message="m", headers=INFO.headers)),
    (aiohttp.ServerFingerprintMismatch, lambda kind: kind(b"a", b"b", "prod", 6443)),
    (aiohttp.InvalidURL, lambda kind: kind("x://")),
    (http_exceptions.LineTooLong, lambda kind: kind("line", 10)),
    (http_exceptions.InvalidHeader, lambda kind: kind("h")),
    (http_exceptions.BadStatusLine, lambda kind: kind("line")),
    (http_exceptions.BadHttpMessage, lambda kind: kind("m")),
    (http_exceptions.HttpProcessingError, lambda kind: kind(message="m")),
]


@pytest.mark.parametrize("kind", upstream_errors(), ids=lambda kind: kind.__name__)
def test_every_error_of_the_transport_is_mapped(kind: type[BaseException]) -> None:
    """No exception of aiohttp's passes unmapped, and none that becomes a cause keeps the login."""
    make = next((make for base, make in MAKERS if issubclass(kind, base)), lambda kind: kind("m"))
    upstream = make(kind)
    assert isinstance(upstream, Exception)
    error = mapped(upstream, ATTEMPT, 30)
    assert isinstance(error, KubeError)
    assert error.attempt == ATTEMPT
    assert "cluster prod" in str(error)
    assert MARKER not in repr(upstream)
    assert MARKER not in str(upstream.__dict__)


@pytest.mark.parametrize(
    ("upstream", "said"),
    [
        (TimeoutError(), "no bytes for 30 s"),
        (ConnectionResetError(104, "Connection reset by peer"), "the connection was lost: Connection reset by peer"),
        (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number"), "the port speaks no TLS"),
        (ssl.SSLError(1, "[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] tlsv13 alert"), "refuses the client certificate"),
    ],
)
def test_errors_below_aiohttp_are_mapped_too(upstream: Exception, said: str) -> None:
    """Sockets and TLS fail without aiohttp's classes as well."""
    error = mapped(upstream, ATTEMPT, 30)
    assert isinstance(error, errors.Unavailable)
    assert said in str(error)


def test_what_is_no_error_of_the_transport_is_not_hidden() -> None:
    """A mistake of the program stays what it is."""
    with pytest.raises(KeyError):
        mapped(KeyError("bug"), ATTEMPT, 30)


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    """Every error class is drawn in the module's docstring."""
    classes = [value for value in vars(errors).values() if inspect.isclass(value) and issubclass(value, KubeError)]
    assert errors.__doc__ is not None
    assert [c.__name__ for c in classes if c.__name__ not in errors.__doc__] == []
