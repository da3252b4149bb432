"""What can go wrong with a Kubernetes API.

    KubeError
    ├── ConfigurationError   the settings, the kubeconfig or the exec plugin cannot give a login or a server
    │   ├── UnknownResources `watch_resources` names kinds that the cluster has not
    │   ├── NoCredentialsKey the environment holds no key for sealed credentials, or what is no key
    │   └── SealedByAnotherKey  no key of the environment opens a cluster's sealed credentials
    ├── Unauthenticated      401: the apiserver does not know who asks; or an exec plugin or OIDC gives no login
    ├── Forbidden            403: it knows, and refuses
    ├── NotFound             404
    ├── Conflict             409: another has changed the object, or it exists
    │   └── Outdated         the object is not of the resourceVersion, or of the uid, that the request names
    ├── Invalid              422: the object or the parameters break a rule; `causes` names the fields
    │   └── WatchListUnsupported  the server cannot send a list as a watch
    ├── Expired              410: the resourceVersion or the continue token is too old
    │   └── WentBack         the server's resourceVersions are lower than they were: its etcd has been restored
    ├── TooManyRequests      429: worth trying again after `retry_after` seconds
    ├── BadRequest           any other 4xx
    ├── ServerTimeout        408, 504 and Kubernetes' own ServerTimeout: worth trying again
    ├── Unavailable          no connection, no bytes, any other 5xx: worth trying again
    └── BadAnswer            what came is no answer of an apiserver: a proxy's page, half a JSON document

The transport's own errors end in `transport`; each is the cause of one of these. No message, and no attribute, holds a
credential.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import msgspec


class Attempt(msgspec.Struct, frozen=True):
    """What was attempted where: the HTTP method (or WATCH), the path, the cluster's id, the server's address."""

    verb: str
    path: str
    cluster: str
    server: str

    def __str__(self) -> str:
        return f"{self.verb} {self.path} on cluster {self.cluster} ({self.server})"


class Cause(msgspec.Struct, frozen=True, rename="camel"):
    """One field that the apiserver objects to."""

    reason: str = ""
    message: str = ""
    field: str = ""


class Details(msgspec.Struct, frozen=True, rename="camel"):
    """What a Status says about its object."""

    name: str = ""
    group: str = ""
    kind: str = ""
    causes: list[Cause] | None = None
    retry_after_seconds: float = 0


class Status(msgspec.Struct, frozen=True, rename="camel"):
    """Kubernetes' own answer to a request that failed (`metav1.Status`)."""

    kind: str = ""
    status: str = ""
    message: str = ""
    reason: str = ""
    code: int = 0
    details: Details | None = None


class KubeError(Exception):
    """A request to a Kubernetes API failed; the message says what was attempted and what the reader can do.

    `retry_after` is how many seconds the server asks to be spared, 0 where it does not say.
    `attempt` is None where nothing was sent; `status` is the HTTP status or 0; `reason` is Kubernetes' reason
    (`Forbidden`, `AlreadyExists`), `detail` the apiserver's own sentence, `causes` the fields that it names.
    """

    advice: ClassVar[str] = ""
    retry_after: float = 0.0

    def __init__(
        self,
        problem: str,
        *,
        attempt: Attempt | None = None,
        status: int = 0,
        answer: Status | None = None,
        advice: str | None = None,
    ) -> None:
        hint = self.advice if advice is None else advice
        super().__init__(": ".join(filter(None, [str(attempt or ""), problem])) + (f" ({hint})" if hint else ""))
        self.attempt = attempt
        self.problem = problem
        self.status = status
        self.reason = answer.reason if answer else ""
        self.detail = answer.message if answer else ""
        self.causes: tuple[Cause, ...] = tuple(answer.details.causes or ()) if answer and answer.details else ()


class ConfigurationError(KubeError):
    """Nothing was sent, or nothing can be: the message names the setting, the file or the command to mend."""


class UnknownResources(ConfigurationError):
    """`watch_resources` names what the cluster does not serve; `names` are those names."""

    def __init__(self, problem: str, names: tuple[str, ...]) -> None:
        super().__init__(problem)
        self.names = names


class NoCredentialsKey(ConfigurationError):
    """KGRAPH_CREDENTIALS_KEY holds no key, or what is no key, and credentials are to be sealed or opened."""

    advice = (
        "make a key with `python3 -c 'import base64, os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())'`, "
        "and give every worker and API the same one"
    )


class SealedByAnotherKey(ConfigurationError):
    """No key of KGRAPH_CREDENTIALS_KEY opens a cluster's sealed credentials."""

    advice = (
        "put the key that sealed them behind the others, with a comma between, or remove the cluster and add it again"
    )


class Unauthenticated(KubeError):
    """The apiserver does not accept the login (401), or what should give the login has failed."""

    advice = "the login has expired or was never valid: renew the token, certificate or kubeconfig of the cluster"


class Forbidden(KubeError):
    """The login may not do this (403)."""

    advice = "bind a role that allows it to the user that the message names"


class NotFound(KubeError):
    """No such object, or no such API (404)."""


class Conflict(KubeError):
    """The object was changed meanwhile, or exists already (409)."""

    advice = "read the object again and repeat the change on what is there now"


class Outdated(Conflict):
    """The object is not, or no more, of the resourceVersion or the uid that the request names."""


class Invalid(KubeError):
    """The object or a parameter breaks a rule (422)."""


class WatchListUnsupported(Invalid):
    """The server cannot send a list as a watch: list in pages instead."""

    advice = "list in pages, then watch"


class Expired(KubeError):
    """The resourceVersion or the continue token is too old (410): list again.

    `continue_token`, where the server gives one, goes on with the list from a newer state.
    """

    advice = "list again"

    def __init__(self, problem: str, *, continue_token: str = "", **given: Any) -> None:
        super().__init__(problem, **given)
        self.continue_token = continue_token


class WentBack(Expired):
    """The server's resourceVersions are lower than those that it has given: what was read since never happened."""

    advice = "etcd has been restored from a backup: list again, and trust no earlier resourceVersion"


class TooManyRequests(KubeError):
    """The apiserver asks to be spared for `retry_after` seconds (429)."""

    advice = "it has too much to do; lower the cluster's qps if this stays"

    def __init__(self, problem: str, *, retry_after: float = 1, **given: Any) -> None:
        super().__init__(problem, **given)
        self.retry_after = retry_after


class BadRequest(KubeError):
    """The request cannot be understood or is not served (400, 405, 406, 413, 415, ...)."""


class ServerTimeout(KubeError):
    """The apiserver, or what stands before it, gave up waiting (408, 504)."""


class Unavailable(KubeError):
    """No connection, no bytes, or the apiserver says that it cannot (5xx).

    `sent` is false where not a byte of the request can have reached the apiserver: it has done nothing then.
    """

    def __init__(self, problem: str, *, sent: bool = True, **given: Any) -> None:
        super().__init__(problem, **given)
        self.sent = sent


class BadAnswer(KubeError):
    """What came is not what an apiserver says: a page of a proxy, half a document, a redirect to a login."""

    advice = "something between here and the apiserver answers in its place; check the address and the proxies"


_BY_REASON: Mapping[str, type[KubeError]] = {
    # A reason is finer than its code: ServerTimeout is sent with 500 (apimachinery pkg/api/errors).
    "Unauthorized": Unauthenticated,
    "Forbidden": Forbidden,
    "NotFound": NotFound,
    "AlreadyExists": Conflict,
    "Conflict": Conflict,
    "Gone": Expired,
    "Expired": Expired,
    "Invalid": Invalid,
    "TooManyRequests": TooManyRequests,
    "ServerTimeout": ServerTimeout,
    "Timeout": ServerTimeout,
    "ServiceUnavailable": Unavailable,
}
_BY_CODE: Mapping[int, type[KubeError]] = {
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    408: ServerTimeout,
    409: Conflict,
    410: Expired,
    422: Invalid,
    429: TooManyRequests,
    504: ServerTimeout,
}
# A resourceVersion that is yet to come (metav1.CauseTypeResourceVersionTooLarge), sent with 504. The apiserver lags, or
# its etcd has been restored; as client-go's reflector, list again.
_TOO_LARGE = "ResourceVersionTooLarge"
# What tells a version that is not the object's from other conflicts (apiserver registry/generic/registry/store.go,
# OptimisticLockErrorMsg; registry/rest/delete.go, BeforeDelete; storage/interfaces.go, Preconditions.Check).
_OUTDATED = ("the object has been modified", "in the precondition", "Precondition failed")
# What a patch or an apply answers with 500 where it cannot read what it is given (apiserver endpoints/handlers/patch).
_NOT_UNDERSTOOD = ("failed to create typed patch object", "illegal base64 data")
_SHOWN_CHARACTERS = 300  # of an answer that is no Status: enough to recognise a proxy's page by


def from_status(answer: Status, attempt: Attempt, *, code: int = 0, retry_after: float = 0) -> KubeError:
    """The error that a Status means; `code` and `retry_after` are the HTTP answer's where the Status has none."""
    code = answer.code or code
    kind = _BY_REASON.get(answer.reason) or _BY_CODE.get(code)
    if kind is None:
        kind = BadRequest if 400 <= code < 500 else Unavailable
    if any(cause.reason == _TOO_LARGE for cause in (answer.details.causes if answer.details else None) or ()):
        kind = Expired
    if kind is Conflict and any(words in answer.message for words in _OUTDATED):
        kind = Outdated
    if any(words in answer.message for words in _NOT_UNDERSTOOD):
        kind = BadRequest
    said = answer.message or answer.reason or "no reason given"
    problem = f"{code} {said}" if code else said
    if issubclass(kind, TooManyRequests):
        seconds = (answer.details.retry_after_seconds if answer.details else 0) or retry_after or 1
        return kind(problem, retry_after=seconds, attempt=attempt, status=code, answer=answer)
    return kind(problem, attempt=attempt, status=code, answer=answer)


def from_response(
    code: int, headers: Mapping[str, str], body: bytes, attempt: Attempt, *, secrets: Iterable[str] = ()
) -> KubeError:
    """The error that an HTTP answer of 300 or more means, whoever gave it.

    `secrets` are texts (the token that was sent) that a badly behaved proxy might echo; they are not repeated.
    """
    retry_after = _seconds(headers.get("Retry-After", ""))
    answer = read_status(body)
    if answer is not None:
        error = from_status(answer, attempt, code=code, retry_after=retry_after)
        if isinstance(error, Expired):
            error.continue_token = _continue_token(body)
        return error
    said = shown(body, secrets)
    if 300 <= code < 400:
        where = headers.get("Location", "elsewhere").partition("?")[0]
        return BadAnswer(f"{code}, a redirect to {where}", attempt=attempt, status=code)
    text = f"{code} {said}".strip()
    if code == 429:
        return TooManyRequests(text, retry_after=retry_after or 1, attempt=attempt, status=code)
    kind = _BY_CODE.get(code) or (BadRequest if code < 500 else Unavailable)
    if headers.get("Content-Type", "").startswith("text/html"):
        return BadAnswer(f"{text} (a web page, where a {kind.__name__} status was due)", attempt=attempt, status=code)
    return kind(text, attempt=attempt, status=code)


def read_status(body: bytes | msgspec.Raw) -> Status | None:
    """The Status in an answer's body; None where the body is something else."""
    try:
        answer = msgspec.json.decode(body, type=Status)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return answer if answer.kind == "Status" else None


def shown(body: bytes, secrets: Iterable[str] = ()) -> str:
    """The beginning of a body as one line of plain text, without tags and without any of the secrets."""
    text = body[: 20 * _SHOWN_CHARACTERS].decode("utf-8", "replace")
    text = re.sub(r"(?is)<(script|style)\b.*?(</\1>|\Z)|<[^>]*>", " ", text)
    for secret in filter(None, secrets):
        text = text.replace(secret, "<hidden>")
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"


class _ExpiredList(msgspec.Struct):
    metadata: dict[str, Any] = {}


def _continue_token(body: bytes) -> str:
    """The "inconsistent" continue token that a 410 in the middle of a list carries (API concepts, chunks)."""
    try:
        token = msgspec.json.decode(body, type=_ExpiredList).metadata.get("continue")
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ""
    return token if isinstance(token, str) else ""


def _seconds(text: str) -> float:
    """Retry-After in seconds; 0 where it is absent or a date, which no apiserver sends."""
    return float(text) if re.fullmatch(r" *[0-9]{1,9} *", text) else 0
