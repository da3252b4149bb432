"""What every answer tells a browser, whatever it is and whoever has refused it."""

from collections.abc import Mapping

from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Scope

from kgraph.api.http.loopback import LOOPBACK_NAMES, name_in

# GraphiQL brings its scripts, styles, fonts and workers itself: nothing else may be loaded, and nobody may frame it.
ALWAYS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; worker-src 'self' blob:; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
# What is in a cluster is nobody's to keep, unless a route says how (an ETag's `private, no-cache`).
CACHE_CONTROL, NOT_KEPT = "Cache-Control", "no-store"
# A year, of this host alone: its subdomains are not ours to speak for.
HSTS = "max-age=31536000"
# The files of GraphiQL are the same for everybody.
STATIC_PREFIX, FOUND = "/static/", (200, 206, 304)


async def add_security_headers(message: Message, scope: Scope) -> None:
    """Litestar's hook before anything is sent, refusals included."""
    if message["type"] != "http.response.start":
        return
    headers = MutableScopeHeaders(message)
    for name, value in ALWAYS.items():
        headers[name] = value
    is_file = scope["path"].startswith(STATIC_PREFIX) and message["status"] in FOUND
    if CACHE_CONTROL not in headers and not is_file:
        headers[CACHE_CONTROL] = NOT_KEPT
    if scope["scheme"] == "https" and _host(scope) not in LOOPBACK_NAMES:
        # A browser that has it for localhost would refuse every other program of its user's there.
        headers["Strict-Transport-Security"] = HSTS


def _host(scope: Scope) -> str:
    return name_in(next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), ""))
