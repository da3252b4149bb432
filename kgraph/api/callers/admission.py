"""Who may come in with a request: whoever is known, and has not asked too often.

Who cannot say who they are is counted by their address, so that nobody tries tokens, or has clusters asked about them,
faster than a user may ask. An address that has tried too often is refused before its token is looked at, but for
tokens that were good a while ago: whoever shares an address with somebody who tries many goes on.
"""

import hashlib
from collections import OrderedDict
from contextlib import suppress
from typing import Any

from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.handlers import BaseRouteHandler
from litestar.types import Scope

from kgraph.api.callers.authentication import AUTHORIZATION, CALLER, Authentication, Headers, headers_of
from kgraph.api.callers.caller import NOBODY, Caller
from kgraph.api.callers.rates import Rates
from kgraph.api.errors import Busy, Unauthenticated

# Digests of 32 bytes: some 1 MB.
WELCOME_MOST = 10_000


class Admission:
    """A guard of routes: it leaves the caller in the request's state, for `caller_of`."""

    def __init__(self, authentication: Authentication, rates: Rates) -> None:
        self.authentication = authentication
        self.rates = rates
        self._welcome: OrderedDict[bytes, None] = OrderedDict()  # digests of what was good, the latest last

    async def __call__(self, connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        """Find out who asks; Unauthenticated where nobody knows them, Busy where they ask too often.

        A WebSocket says it in its first message, as browsers can send no header with it; a GET shows GraphiQL, which
        has nothing of the graph in it. Both are nobody's until then.
        """
        scope = connection.scope
        if scope["type"] == ScopeType.WEBSOCKET or scope["method"] in ("GET", "HEAD"):
            if self.authentication.is_needed:
                self.rates.knock(_address(scope))
            scope["state"][CALLER] = NOBODY
        else:
            scope["state"][CALLER] = await self.caller(scope, headers_of(scope))

    async def caller(self, scope: Scope, headers: Headers) -> Caller:
        """Who sends these headers; raises as `Authentication.caller` does, and Busy."""
        if not self.authentication.is_needed:
            return await self.authentication.caller(headers)
        address, shown = _address(scope), _digest(headers)
        if shown not in self._welcome:
            self.rates.look(address)
        try:
            caller = await self.authentication.caller(headers)
        except Unauthenticated:
            self._welcome.pop(shown, None)
            with suppress(Busy):  # what is wrong with the token says more
                self.rates.knock(address)
            raise
        self._welcome[shown] = None
        self._welcome.move_to_end(shown)
        if len(self._welcome) > WELCOME_MOST:
            self._welcome.popitem(last=False)
        self.rates.ask(caller)
        return caller


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else ""


def _digest(headers: Headers) -> bytes:
    shown = "\0".join(value for name, value in headers if name == AUTHORIZATION)
    return hashlib.sha256(shown.encode()).digest()
