"""Who asks: the authenticators that are configured, of which each request passes one (`admission`).

Without any, whoever reaches the port may read all that is in the graph; such a server listens on loopback only.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

from litestar.types import Scope

from kgraph.api.callers.caller import ANYONE, Caller
from kgraph.api.callers.impersonation import PREFIX, impersonated
from kgraph.api.errors import BadUserInput, Forbidden, IdentityUnavailable, Unauthenticated

AUTHORIZATION = "authorization"
# A service account's token has a thousand bytes; one with hundreds of groups has some ten thousand.
TOKEN_MOST = 32_768
CALLER = "kgraph.caller"  # where a request's state has it

Headers = Sequence[tuple[str, str]]


class Authenticator(Protocol):
    """Knows callers by their bearer tokens."""

    async def caller(self, token: str) -> Caller | None:
        """Who has this token; None where it is not for this authenticator, Unauthenticated where it is and is bad."""


class Authentication:
    """The authenticators together.

    `impersonation` says whether anybody asks the clusters if a caller may be somebody else; else such headers are
    refused. A token is shown to the authenticators in turn until one knows it: issuers first, who read it themselves.
    """

    def __init__(self, authenticators: Sequence[Authenticator] = (), *, impersonation: bool = True) -> None:
        self._authenticators = authenticators
        self._impersonation = impersonation

    @property
    def is_needed(self) -> bool:
        """Whether callers have to say who they are."""
        return bool(self._authenticators)

    async def caller(self, headers: Headers) -> Caller:
        """Who sends these headers.

        Raises Unauthenticated, BadUserInput and Forbidden with what is wrong with them, IdentityUnavailable where
        that cannot be found out.
        """
        wishes = [name for name, _ in headers if name.startswith(PREFIX)]
        if wishes and not (self.is_needed and self._impersonation):
            why = "its reads are not limited (enable_rbac)" if self.is_needed else "it has no authentication"
            raise Forbidden(f"{wishes[0]} cannot be honoured: this server cannot ask who may be whom, as {why}")
        if not self.is_needed:
            return ANYONE
        return impersonated(await self._known(_token(headers)), headers)

    async def _known(self, token: str) -> Caller:
        away: IdentityUnavailable | None = None
        for authenticator in self._authenticators:
            try:
                caller = await authenticator.caller(token)
            except IdentityUnavailable as error:
                away = error  # another one may know it
            else:
                if caller is not None:
                    return caller
        if away is not None:
            raise away
        raise Unauthenticated("nobody knows this token: it is not valid, or no longer, or for another service")


def _token(headers: Headers) -> str:
    """The bearer token; Unauthenticated says what there is instead, and never shows it."""
    found = [value for name, value in headers if name == AUTHORIZATION]
    if len(found) > 1:
        raise BadUserInput("there are several Authorization headers")
    scheme, _, token = (found[0] if found else "").strip().partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("send a bearer token: `Authorization: Bearer …`")
    if len(token) > TOKEN_MOST or not token.isascii() or not token.isprintable():
        raise Unauthenticated("what was sent as a bearer token is none")
    return token


def headers_of(scope: Scope) -> Headers:
    """The headers that say who asks, their names in small letters; BadUserInput where they are no text."""
    return said((name.decode("latin-1"), value) for name, value in scope["headers"])


def said(pairs: Iterable[tuple[str, bytes | str]]) -> Headers:
    """Of pairs of names and values, those that say who asks."""
    found = []
    for name, value in pairs:
        small = name.lower()
        if small == AUTHORIZATION or small.startswith(PREFIX):
            try:
                found.append((small, value if isinstance(value, str) else value.decode("utf-8")))
            except UnicodeDecodeError:
                raise BadUserInput(f"{small} is no text in UTF-8") from None
    return found


def caller_of(scope: Scope) -> Caller:
    """Who sent the request that the guard has let in."""
    caller: Caller = scope["state"][CALLER]
    return caller
