"""Talking to OpenID Connect issuers: their documents, always over TLS whose certificate is checked.

https://openid.net/specs/openid-connect-discovery-1_0.html
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import msgspec

from kgraph.kube.credentials import read_file
from kgraph.kube.errors import ConfigurationError

_DISCOVERY = "/.well-known/openid-configuration"


class Discovered(msgspec.Struct, frozen=True):
    """What an issuer says of itself."""

    issuer: str = ""
    jwks_uri: str = ""
    token_endpoint: str = ""
    # What an issuer that says nothing of it takes (OpenID Connect Discovery 1.0, section 3).
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


@asynccontextmanager
async def issuer_client(
    ca_file: str,
    proxy: str,
    *,
    timeout: float,
    transport: httpx.AsyncBaseTransport | None = None,
) -> AsyncIterator[httpx.AsyncClient]:
    """A client for one issuer: `ca_file` is its authority, "" the system's; `proxy` a URL or "".

    Raises ConfigurationError where the file cannot be used.
    """
    tls = await asyncio.to_thread(issuer_tls, ca_file)
    async with httpx.AsyncClient(
        timeout=timeout, verify=tls, proxy=proxy or None, trust_env=False, transport=transport
    ) as client:
        yield client


async def discover(client: httpx.AsyncClient, url: str) -> Discovered:
    """The issuer's own description; errors of httpx and msgspec are the caller's to word."""
    answer = await client.get(f"{url.rstrip('/')}{_DISCOVERY}")
    return msgspec.json.decode(answer.raise_for_status().content, type=Discovered)


def issuer_tls(ca_file: str) -> ssl.SSLContext:
    """The TLS context that trusts the authority in a PEM file, or the system's where there is none."""
    authority = read_file(Path(ca_file).expanduser(), "oidc.ca_file") if ca_file else b""
    try:
        return ssl.create_default_context(cadata=authority.decode("ascii") or None)
    except (ssl.SSLError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"oidc.ca_file {ca_file} is not a PEM certificate") from error
