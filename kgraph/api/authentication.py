"""Who asks: the authenticators that are configured, and the guard that has each request pass one of them.

Without any, whoever reaches the port may read all that is in the graph; such a server listens on loopback only.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.types import Scope

from kgraph.api.callers import ANYONE, Caller
from kgraph.api.errors import Unauthenticated

_STATE = "kgraph.caller"


class Authenticator(Protocol):
    """Knows callers by their bearer tokens."""

    async def caller(self, token: str) -> Caller | None:
        """Who has this token; None where it is not for this authenticator, Unauthenticated where it is and is bad."""


class Authentication:
    """A guard of routes: it leaves the caller in the request's state, for `caller_of`."""

    def __init__(self, authenticators: Sequence[Authenticator] = ()) -> None:
        self._authenticators = authenticators

    async def __call__(self, connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        """Find out who asks; Unauthenticated where nobody knows them."""
        connection.scope["state"][_STATE] = await self.of(connection.headers.get("authorization", ""))

    async def of(self, authorization: str) -> Caller:
        """The caller by an Authorization header; Unauthenticated says what is wrong with it."""
        if not self._authenticators:
            return ANYONE
        scheme, _, token = authorization.strip().partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Unauthenticated("send a bearer token: `Authorization: Bearer …`")
        for authenticator in self._authenticators:
            caller = await authenticator.caller(token.strip())
            if caller is not None:
                return caller
        raise Unauthenticated("nobody knows this token: it is not valid, or no longer, or for another service")


def caller_of(scope: Scope) -> Caller:
    """Who sent the request that the guard has let in."""
    caller: Caller = scope["state"][_STATE]
    return caller
