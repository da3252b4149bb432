"""Questions of access in a caller's words: the request that is meant, and as whom it is made.

Types are what kubectl accepts, with each cluster's own kinds; what no list gives (`users` to impersonate, reviews) and
what the graph does not know may be asked about too, by plural and group.
"""

from collections.abc import Mapping, Sequence

import msgspec

from kgraph.api.errors import BadUserInput
from kgraph.api.kinds import resolve
from kgraph.graphdb.catalogue import Catalogue
from kgraph.groups import todays_group
from kgraph.kube.rbac import ANYTHING, Identity, Request, account_of, account_user, impersonated

# What nobody can list, so that no cluster's kinds have it: the plural, its group, whether it has a namespace.
_UNLISTED: Mapping[str, tuple[str, bool]] = {
    "bindings": ("", True),
    "localsubjectaccessreviews": ("authorization.k8s.io", True),
    "selfsubjectaccessreviews": ("authorization.k8s.io", False),
    "selfsubjectrulesreviews": ("authorization.k8s.io", False),
    "subjectaccessreviews": ("authorization.k8s.io", False),
    "selfsubjectreviews": ("authentication.k8s.io", False),
    "tokenreviews": ("authentication.k8s.io", False),
    # Whom the verb `impersonate` is about (Kubernetes' page on user impersonation).
    "users": ("", False),
    "groups": ("", False),
    "uids": ("authentication.k8s.io", False),
    "userextras": ("authentication.k8s.io", False),
}


class Words(msgspec.Struct, frozen=True):
    """A question as the caller writes it; "" for what is not said."""

    verb: str
    resource_type: str
    subresource: str = ""
    name: str = ""
    namespace: str = ""


class Meant(msgspec.Struct, frozen=True):
    """The request that the words mean, and what a reader should know of how they were taken."""

    request: Request
    remarks: tuple[str, ...] = ()


def request_of(catalogue: Catalogue, words: Words, cluster: str) -> Meant:
    """The request; BadUserInput says which word is not understood, and what comes near."""
    if not words.verb:
        raise BadUserInput("verb is empty; write one such as get, list, create, delete, or * for every verb")
    if words.resource_type.startswith("/"):
        if words.subresource or words.name:
            raise BadUserInput(f"{words.resource_type} is a path: it has neither a name nor a subresource")
        return Meant(Request(words.verb, path=words.resource_type))
    kind, slash, rest = words.resource_type.partition("/")
    if slash:
        raise BadUserInput(f"resourceType {words.resource_type!r} has a slash: write {kind}, and {rest} as subresource")
    group, plural, namespaced, remarks = _type(catalogue, words.resource_type.strip().lower(), cluster)
    namespace = words.namespace
    if not namespaced:
        # A request for the namespace `shop` is one in it (apiserver's requestinfo.go).
        namespace = words.name if (group, plural) == ("", "namespaces") else ""
        if words.namespace not in ("", namespace):
            remarks = (*remarks, f"{plural} have no namespace, so that {words.namespace} was not regarded")
    return Meant(Request(words.verb, group, plural, words.subresource, words.name, namespace), remarks)


def _type(catalogue: Catalogue, spelling: str, cluster: str) -> tuple[str, str, bool, tuple[str, ...]]:
    """The group, the plural, whether it has a namespace, and remarks."""
    name, dot, written = spelling.partition(".")
    if name == ANYTHING:
        return written if dot else ANYTHING, ANYTHING, True, ()
    if catalogue.resolve(spelling) is None:
        group, namespaced = _UNLISTED.get(name, ("", True))
        if name in _UNLISTED and written in ("", group):
            return group, name, namespaced, ()
        if dot:
            return written, name, True, (f"cluster {cluster} has no resource type {spelling} that the graph knows",)
    kind = resolve(catalogue, spelling, cluster)
    # Rules name groups as they are asked for: `events.events.k8s.io` is an Event, and not in the group of `events`.
    of_old = written != kind.group and todays_group(written, kind.kind) == kind.group
    return written if dot and of_old else kind.group, kind.plural, kind.namespaced, ()


def identity_of(user: str, groups: Sequence[str], account: str, namespace: str) -> Identity:
    """Who asks, with the groups that the apiserver adds; an account is `shop/web`, or `web` of the namespace asked."""
    if not account:
        if not user and not groups:
            raise BadUserInput("who? name a user, groups, or a serviceAccount")
        return impersonated(user, groups)
    if user or groups:
        raise BadUserInput("a serviceAccount has a user and groups of its own: name none beside it")
    if account_of(account):
        return impersonated(account)
    own, slash, name = account.rpartition("/")
    if not (own or namespace) or not name or "/" in own or (slash and not own):
        raise BadUserInput(f"serviceAccount is {account!r}; write namespace/name, such as shop/web")
    return impersonated(account_user(own or namespace, name))
