"""What a caller is told when an answer cannot be given.

    ApiError
    ├── BadUserInput      BAD_USER_INPUT   the question cannot be understood, or asks for more than may be asked
    ├── NotFound          NOT_FOUND        what was named is not in the graph
    ├── Conflict          CONFLICT         what is asked for does not go with what is there
    ├── Unauthenticated   UNAUTHENTICATED  nobody knows who asks
    ├── Forbidden         FORBIDDEN        it is known who asks, and they may not; with Kubernetes' reason
    ├── Invalid           INVALID          the apiserver objects to fields; `causes` names them
    ├── ClusterUnavailable  CLUSTER_UNAVAILABLE  a Kubernetes cluster does not answer, or cannot be asked
    └── TooComplex        TOO_COMPLEX      the operation would cost more than the limit

`as_api_failure` says what an error of the graph is to a caller. A statement that took too long is TIMEOUT. A Neo4j
that does not answer, or refuses our login, is INTERNAL: CLUSTER_UNAVAILABLE would say that a Kubernetes cluster is
away, which is not so. INTERNAL is masked: the caller gets a trace id, the log has the rest under the same id.
"""

from typing import ClassVar

import msgspec

from kgraph.graphdb import errors as graph_errors

INTERNAL = "INTERNAL"
TIMEOUT = "TIMEOUT"


class ApiError(Exception):
    """An error whose message is for the caller; `code` is what `extensions.code` says."""

    code: ClassVar[str] = INTERNAL


class BadUserInput(ApiError):
    """An argument that cannot be understood; the message says what is allowed."""

    code = "BAD_USER_INPUT"


class NotFound(ApiError):
    """What the caller named is not in the graph."""

    code = "NOT_FOUND"


class Conflict(ApiError):
    """What the caller asks for does not go with what is there: an id that is taken, a cluster of the configuration."""

    code = "CONFLICT"


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


class TooComplex(ApiError):
    """The operation would cost more than the limit; the message says what makes it dear."""

    code = "TOO_COMPLEX"


class Failure(msgspec.Struct, frozen=True):
    """What a caller is told: a code and a sentence; `masked` when the sentence hides the cause."""

    code: str
    message: str
    masked: bool = False


def as_api_failure(error: BaseException | None) -> Failure:
    """What any error is to a caller."""
    match error:
        case ApiError():
            return Failure(error.code, str(error))
        case graph_errors.GraphTimeout():
            return Failure(TIMEOUT, "the answer took longer than it may; ask for less (depth, limit, filters)")
        case graph_errors.GraphUnavailable():
            return Failure(INTERNAL, "the graph does not answer just now; try again shortly", masked=True)
    return Failure(INTERNAL, "something failed here that is not your doing", masked=True)
