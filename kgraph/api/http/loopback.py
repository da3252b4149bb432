"""Loopback only, unless callers are authenticated.

Without authentication, whoever reaches the port reads every cluster. So the server listens on loopback alone, and
a browser on the same machine is kept out too: a page elsewhere could reach 127.0.0.1 by DNS rebinding (the Host
header then is the page's own name: refused) or by a form or `fetch` without preflight (GraphQL that is not JSON:
refused; REST that changes something: refused by its Origin).

With authentication the Host header is still looked at. Addresses are let in then, for a kubelet's probes name the Pod
by its address, and no name that is made to point here is one.
"""

import ipaddress
import socket
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection
from litestar.exceptions import HTTPException
from litestar.handlers import BaseRouteHandler

from kgraph.api.errors import Forbidden

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


class ListensElsewhere(ValueError):
    """The address asked for can be reached from other machines, which needs authentication."""


def ensure_loopback(host: str) -> None:
    """Raise ListensElsewhere unless `host` is an address, or a name of addresses, of this machine alone."""
    try:
        found = {ipaddress.ip_address(host)}
    except ValueError:
        try:
            found = {ipaddress.ip_address(row[4][0]) for row in socket.getaddrinfo(host or "0.0.0.0", None)}  # noqa: S104 - "" means all addresses to a server
        except OSError as cause:
            raise ListensElsewhere(f"cannot listen on {host!r}: the name does not resolve") from cause
    elsewhere = sorted(str(address) for address in found if not address.is_loopback)
    if elsewhere:
        raise ListensElsewhere(
            f"refusing to listen on {host!r} ({', '.join(elsewhere)}): callers are not authenticated, and every "
            "resource would be open to whoever reaches this address; set `authentication` in the configuration "
            "(`token_review` or `oidc`), or listen on 127.0.0.1 or ::1 and use `kubectl port-forward` or an SSH tunnel"
        )


def name_in(host_header: str) -> str:
    """The host's name in a Host header, without its port: `localhost:8080`, `[::1]:8080`."""
    if host_header.startswith("["):
        return host_header[1:].partition("]")[0].lower()
    return host_header.partition(":")[0].lower()


def allow_hosts(extra: Iterable[str], *, addresses: bool = False) -> "HostGuard":
    """A guard that lets only requests to loopback's own names, to `extra`, and if so told to `addresses`, in."""
    return HostGuard(LOOPBACK_NAMES | {name.lower() for name in extra}, addresses=addresses)


class HostGuard:
    """Refuses requests whose Host header is none of the names that this server is called by."""

    def __init__(self, names: frozenset[str], *, addresses: bool = False) -> None:
        self._names = names
        self._addresses = addresses

    async def __call__(self, connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        """Answer 421 when the request is for another host. A coroutine: Litestar gives others a thread each time."""
        asked = name_in(connection.headers.get("host", ""))
        if asked in self._names or (self._addresses and _is_address(asked)):
            return
        advice = "use localhost, or have its operator name it in `allowed_hosts`"
        raise HTTPException(status_code=421, detail=f"this server is not {asked or 'a host without a name'}: {advice}")


async def own_pages_only(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """A guard against pages from elsewhere: browsers put the page's origin into each request that is no GET."""
    origin = connection.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != connection.headers.get("host", "").lower():
        raise Forbidden(f"a page of {origin!r} may not change clusters through this server")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
