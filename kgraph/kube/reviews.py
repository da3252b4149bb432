"""What a cluster says of callers: who they are (TokenReview), and what they may do (SubjectAccessReview).

https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access. A SelfSubjectRulesReview
would answer for a whole namespace at once, but Kubernetes says itself that nobody may build on it: it knows only the
authorizers that can list their rules. So each question is asked by itself, and the answers are kept for a moment.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from kgraph.groups import with_group
from kgraph.kube.connection import Connection
from kgraph.kube.errors import BadAnswer

T = TypeVar("T")

_ACCESS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
_TOKENS = "/apis/authentication.k8s.io/v1/tokenreviews"


class Subject(msgspec.Struct, frozen=True):
    """Who asks: a review is told all of it, and adds no group by itself."""

    user: str
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: tuple[tuple[str, tuple[str, ...]], ...] = ()


class Attributes(msgspec.Struct, frozen=True):
    """What is asked for: `resource` is the plural; no `namespace` is all of them, no `name` is any."""

    verb: str
    group: str
    resource: str
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    def __str__(self) -> str:
        what = with_group(self.resource, self.group)
        what += f"/{self.subresource}" if self.subresource else ""
        what += f" {self.name!r}" if self.name else ""
        return f"{self.verb} {what}" + (f" in namespace {self.namespace}" if self.namespace else "")


class Verdict(msgspec.Struct, frozen=True):
    """Whether it is allowed, and why, in the authorizer's words ("" where it says nothing)."""

    allowed: bool
    reason: str = ""


class _Status(msgspec.Struct, rename="camel"):
    allowed: bool = False
    denied: bool = False
    reason: str = ""
    evaluation_error: str = ""


class _Review(msgspec.Struct):
    status: _Status


class _User(msgspec.Struct, frozen=True):
    username: str = ""
    uid: str = ""
    groups: list[str] | None = None
    extra: dict[str, list[str]] | None = None


class _TokenStatus(msgspec.Struct):
    authenticated: bool = False
    user: _User = _User()
    audiences: tuple[str, ...] = ()


class _TokenReview(msgspec.Struct):
    status: _TokenStatus


async def review(connection: Connection, subject: Subject, wanted: Attributes) -> Verdict:
    """Ask the cluster whether `subject` may do what is `wanted`; a KubeError where it does not answer."""
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {**_who(subject), "resourceAttributes": _filled(wanted)},
    }
    status = (await _asked(connection, _ACCESS, body, _Review)).status
    if status.allowed and status.denied:
        raise BadAnswer(f"a SubjectAccessReview of {connection.cluster} both allows and denies to {wanted}")
    return Verdict(status.allowed, status.reason or status.evaluation_error)


async def token_review(connection: Connection, token: str, audiences: Sequence[str] = ()) -> Subject | None:
    """Whom the cluster knows by a token that is for one of `audiences` (the apiserver's own without any); None: nobody.

    https://kubernetes.io/docs/reference/access-authn-authz/authentication/#webhook-token-authentication: one who asks
    for audiences has to look himself whether the answer names one of them, as an authenticator that knows of none says
    yes without.
    """
    body = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenReview",
        "spec": {"token": token} | ({"audiences": list(audiences)} if audiences else {}),
    }
    status = (await _asked(connection, _TOKENS, body, _TokenReview)).status
    if not status.authenticated or not status.user.username:
        return None
    if audiences and not set(audiences) & set(status.audiences):
        return None
    user = status.user
    extra = tuple(sorted((key, tuple(values)) for key, values in (user.extra or {}).items()))
    return Subject(user.username, user.uid, tuple(user.groups or ()), extra)


async def _asked(connection: Connection, path: str, body: Mapping[str, Any], type_: type[T]) -> T:
    answer = await connection.request(
        "POST", path, body=msgspec.json.encode(body), headers=[("Content-Type", "application/json")]
    )
    return connection.decoded(answer, type_, path)


def _who(subject: Subject) -> Mapping[str, Any]:
    extra = {key: list(values) for key, values in subject.extra}
    who = {"user": subject.user, "uid": subject.uid, "groups": list(subject.groups), "extra": extra}
    return {name: value for name, value in who.items() if value}


def _filled(wanted: Attributes) -> Mapping[str, str]:
    return {name: value for name, value in msgspec.structs.asdict(wanted).items() if value}
