"""Acting as somebody else: the headers that say as whom.

https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/
"""

from collections.abc import Iterable, Mapping
from urllib.parse import quote

_HEADER_SAFE = "!#$&'*+-.^_`|~"  # RFC 9110's token, `%` aside


def impersonation(
    user: str, uid: str = "", groups: Iterable[str] = (), extra: Mapping[str, Iterable[str]] = {}
) -> tuple[tuple[str, str], ...]:
    """One header for the user and the uid, one for each group and each value of `extra`; empty ones are left out."""
    headers = [("Impersonate-User", user), ("Impersonate-Uid", uid)]
    headers += [("Impersonate-Group", group) for group in groups]
    for key, values in extra.items():
        # As client-go: a key may hold what no header's name may (`example.com/team`).
        headers += [(f"Impersonate-Extra-{quote(key, safe=_HEADER_SAFE)}", value) for value in values]
    return tuple((name, value) for name, value in headers if value)
