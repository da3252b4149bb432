"""Callers who ask to be taken for somebody else, with the headers that kubectl sends for `--as`.

As the apiserver's own filter reads them (https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/):
each of user, groups, uid and extra values has to be allowed by itself. Which cluster allows it is decided where each
cluster is asked (`Verdicts`): every cluster that the request meets, so that who may impersonate in one gains nothing
in another. Kubernetes' newer, narrower verbs (`impersonate-on:…`) count for nothing here.
"""

from collections.abc import Iterable
from urllib.parse import unquote

from kgraph.api.callers.caller import Caller, Impersonation
from kgraph.api.errors import BadUserInput
from kgraph.kube import rbac
from kgraph.kube.reviews import Attributes

PREFIX = "impersonate-"
_EXTRA = f"{PREFIX}extra-"
_API = "authentication.k8s.io"


def impersonated(caller: Caller, headers: Iterable[tuple[str, str]]) -> Caller:
    """Whom the caller wants to be; themselves where no header says so. BadUserInput where the headers make no sense."""
    asked = [(name.lower(), value.strip()) for name, value in headers if name.lower().startswith(PREFIX)]
    if not asked:
        return caller
    users = [value for name, value in asked if name == f"{PREFIX}user"]
    groups = [value for name, value in asked if name == f"{PREFIX}group"]
    uids = [value for name, value in asked if name == f"{PREFIX}uid"]
    extra: dict[str, tuple[str, ...]] = {}
    for name, value in asked:
        if name.startswith(_EXTRA):
            key = unquote(name.removeprefix(_EXTRA))
            extra[key] = (*extra.get(key, ()), value)
        elif name.removeprefix(PREFIX) not in ("user", "group", "uid"):
            raise BadUserInput(f"there is no header {name}: there are Impersonate-User, -Group, -Uid and -Extra-…")
    if len(users) != 1 or len(uids) > 1:
        raise BadUserInput("Impersonate-User is needed once, and Impersonate-Uid at most once")
    if not all(value for _, value in asked) or not all(extra):
        raise BadUserInput("an Impersonate-… header is empty")
    (user,), uid = users, uids[0] if uids else ""
    needs = [_user(user)]
    needs += [Attributes("impersonate", "", "groups", name=group) for group in groups]
    needs += [Attributes("impersonate", _API, "uids", name=uid)] if uid else []
    needs += [
        Attributes("impersonate", _API, "userextras", name=value, subresource=key)
        for key, values in extra.items()
        for value in values
    ]
    return Caller(
        user,
        uid,
        rbac.impersonated(user, groups).groups,
        extra,
        method=caller.method,
        expires_at=caller.expires_at,
        impersonation=Impersonation(caller, tuple(dict.fromkeys(needs))),
    )


def _user(user: str) -> Attributes:
    account = rbac.account_of(user)
    if account is None:
        return Attributes("impersonate", "", "users", name=user)
    return Attributes("impersonate", "", "serviceaccounts", namespace=account[0], name=account[1])
