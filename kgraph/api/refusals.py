"""What an apiserver has refused, or has not answered, as a caller of ours is told it.

What it says of a Secret is repeated only where it cannot have a value in it: `Invalid` quotes what it objects to, and
a webhook says what it likes.
"""

from collections.abc import Mapping
from typing import Any

from kgraph.api.errors import (
    ApiError,
    BadUserInput,
    Busy,
    ClusterUnavailable,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Outdated,
    Timeout,
)
from kgraph.kube import errors as kube

_CODES: tuple[tuple[type[kube.KubeError], type[ApiError]], ...] = (
    (kube.Forbidden, Forbidden),
    (kube.NotFound, NotFound),
    (kube.Outdated, Outdated),
    (kube.Conflict, Conflict),
    (kube.Expired, Conflict),
    (kube.Invalid, Invalid),
    (kube.BadRequest, BadUserInput),
    (kube.ServerTimeout, Timeout),
    # Our own login, the way, or the server: nothing that the caller could put right.
    (kube.KubeError, ClusterUnavailable),
)
# The apiserver's own sentences in which no value of an object stands: they name users, objects, fields and managers.
_WITHOUT_VALUES = (kube.NotFound, kube.Conflict, kube.Unauthenticated, kube.TooManyRequests)


def refusal(error: kube.KubeError, *, secret: bool = False) -> ApiError:
    """The error for the caller, with Kubernetes' reason and the fields that it names; `secret` of a Secret."""
    words, extensions = _words(error, secret=secret), _extensions(error, secret=secret)
    if isinstance(error, kube.TooManyRequests):
        return Busy(words, extensions, retry_after=error.retry_after)
    made = next(api for kind, api in _CODES if isinstance(error, kind))
    return made(words, extensions)


def _words(error: kube.KubeError, *, secret: bool) -> str:
    if secret and _may_quote(error):
        fields = ", ".join(dict.fromkeys(cause.field for cause in error.causes if cause.field))
        said = f"{error.status or ''} {error.reason or 'no reason given'}".strip()
        objection = f" to {fields}" if fields else ""
        return f"{error.attempt}: {said}{objection} (what else was said may have secret values in it, and is withheld)"
    return str(error)


def _extensions(error: kube.KubeError, *, secret: bool) -> Mapping[str, Any]:
    found: dict[str, Any] = {"reason": error.reason} if error.reason else {}
    if error.causes:
        hidden = secret and _may_quote(error)
        found["causes"] = [
            {"field": cause.field, "reason": cause.reason} | ({} if hidden else {"message": cause.message})
            for cause in error.causes
        ]
    return found


def _may_quote(error: kube.KubeError) -> bool:
    if isinstance(error, kube.Forbidden):
        # The authorizer's own sentence; those of admission begin otherwise (`admission webhook "x" denied …`).
        return 'is forbidden: User "' not in error.detail
    return bool(error.status) and not isinstance(error, _WITHOUT_VALUES)
