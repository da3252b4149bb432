"""What a caller is told when an answer cannot be given.

    ApiError
    ├── BadUserInput      BAD_USER_INPUT   the question cannot be understood, or asks for more than may be asked
    ├── NotFound          NOT_FOUND        what was named is not in the graph
    ├── Conflict          CONFLICT         what is asked for does not go with what is there
    │   ├── Outdated      CONFLICT         what is there is not of the version that the caller names
    │   └── Gone          CONFLICT         a stream cannot go on from where the caller was: begin anew
    ├── Unauthenticated   UNAUTHENTICATED  nobody knows who asks
    ├── Forbidden         FORBIDDEN        it is known who asks, and they may not; with Kubernetes' reason
    ├── Invalid           INVALID          the apiserver objects to fields; `causes` names them
    ├── ClusterUnavailable  CLUSTER_UNAVAILABLE  a Kubernetes cluster does not answer, or cannot be asked
    │   ├── IdentityUnavailable  CLUSTER_UNAVAILABLE  whoever would know the caller does not answer
    │   └── Busy          CLUSTER_UNAVAILABLE  a cluster, or this server, asks to be spared for a while
    │       └── Dropped   CLUSTER_UNAVAILABLE  a stream's events come faster than the caller takes them
    ├── Timeout           TIMEOUT          it took longer than it may; the message says whether it happened
    └── TooComplex        TOO_COMPLEX      the operation would cost more than the limit

`as_api_failure` says what an error of the graph is to a caller. A statement that took too long is TIMEOUT. A Neo4j
that does not answer, or refuses our login, is INTERNAL: CLUSTER_UNAVAILABLE would say that a Kubernetes cluster is
away, which is not so. INTERNAL is masked: the caller gets a trace id, the log has the rest under the same id.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from kgraph.graphdb import errors as graph_errors

INTERNAL = "INTERNAL"
TIMEOUT = "TIMEOUT"
UNKNOWN_JUST_NOW = "who you are cannot be found out just now; try again shortly"


class ApiError(Exception):
    """An error whose message is for the caller; `code` is what `extensions.code` says, `extensions` the rest of them.

    Of what a cluster has refused, `reason` is Kubernetes' own, and `causes` are the fields that the apiserver names.
    """

    code: ClassVar[str] = INTERNAL

    def __init__(self, message: str, extensions: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.extensions: dict[str, Any] = dict(extensions or {})


class BadUserInput(ApiError):
    """An argument that cannot be understood; the message says what is allowed."""

    code = "BAD_USER_INPUT"


class NotFound(ApiError):
    """What the caller named is not in the graph."""

    code = "NOT_FOUND"


class Conflict(ApiError):
    """What the caller asks for does not go with what is there: an id that is taken, a cluster of the configuration."""

    code = "CONFLICT"


class Outdated(Conflict):
    """What is there is not of the resourceVersion that the caller has named: read it again."""


class Gone(Conflict):
    """A stream cannot go on from where the caller was, for what came after is not here; Kubernetes says 410."""

    def __init__(self, message: str) -> None:
        super().__init__(message, {"reason": "Gone"})


class Unauthenticated(ApiError):
    """Nobody knows who asks."""

    code = "UNAUTHENTICATED"


class Forbidden(ApiError):
    """It is known who asks, and they may not; the message has Kubernetes' reason."""

    code = "FORBIDDEN"


class Invalid(ApiError):
    """The apiserver objects to what was sent."""

    code = "INVALID"


class ClusterUnavailable(ApiError):
    """A Kubernetes cluster does not answer, or there is no login to it: the same may succeed later."""

    code = "CLUSTER_UNAVAILABLE"


class IdentityUnavailable(ClusterUnavailable):
    """Whoever would know the caller, a cluster or an OpenID Connect issuer, does not answer: later may do better.

    The message names neither: it goes to somebody who is not known yet. The log has the rest.
    """


class Busy(ClusterUnavailable):
    """A cluster, or this server, has too much to do, and asks to be spared for `retry_after` seconds."""

    def __init__(self, message: str, extensions: Mapping[str, Any] | None = None, *, retry_after: float = 1) -> None:
        super().__init__(message, extensions)
        self.retry_after = retry_after


class Dropped(Busy):
    """A stream's events come faster than the caller takes them; nothing is lost to who goes on from the last one."""


class Timeout(ApiError):
    """It took longer than it may; the message says whether it happened, and what to do where nobody can say."""

    code = TIMEOUT


class TooComplex(ApiError):
    """The operation would cost more than the limit; the message says what makes it dear."""

    code = "TOO_COMPLEX"


class Failure(msgspec.Struct, frozen=True):
    """What a caller is told: a code and a sentence; `masked` when the sentence hides the cause.

    `passes` when the same may succeed shortly: HTTP has 503 for it, whatever the code.
    """

    code: str
    message: str
    masked: bool = False
    extensions: Mapping[str, Any] = {}
    passes: bool = False


def as_api_failure(error: BaseException | None) -> Failure:
    """What any error is to a caller."""
    match error:
        case ApiError():
            return Failure(error.code, str(error), extensions=error.extensions)
        case graph_errors.GraphTimeout():
            return Failure(TIMEOUT, "the answer took longer than it may; ask for less (depth, limit, filters)")
        case graph_errors.GraphUnavailable():
            return Failure(INTERNAL, "the graph does not answer just now; try again shortly", masked=True, passes=True)
    return Failure(INTERNAL, "something failed here that is not your doing", masked=True)
