"""An OpenID Connect issuer of our own: HTTPS, discovery, keys, and a token endpoint; keys and refresh tokens rotate.

It does what a worker, an apiserver and our API ask of an issuer (OpenID Connect Core 1.0, section 12; RFC 6749,
section 6), and signs with the `openssl` command, as `kgraph.stack.pki` does.
"""

import asyncio
import base64
import json
import secrets
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

from aiohttp import web

from kgraph.stack.pki import create_signing_key
from kgraph.stack.ports import LOOPBACK, free_ports
from tests.certificates import serving_context

CLIENT = "kgraph"
EXPONENT = 65537  # openssl's own


class Issuer:
    """A running issuer. `refresh_token` is the one that is good now; `issued` counts the ID tokens.

    `lifetime_seconds` is how long the next ones hold, `apart_seconds` how far its clock is from ours. `kid` is the key
    that signs, `fetched` counts how often its keys were asked for; `name` is what it calls itself.
    """

    def __init__(self, ca_file: Path, tls: ssl.SSLContext, key: Path, port: int) -> None:
        self.name = f"https://{LOOPBACK}:{port}"
        self.kid = "1"
        self.fetched = 0
        self.url = f"https://{LOOPBACK}:{port}"
        self.ca_file = ca_file
        self.refresh_token = secrets.token_urlsafe()
        self.issued = 0
        self.refused = 0
        self.lifetime_seconds = 300
        self.apart_seconds = 0
        self._tls = tls
        self._key = key
        self._port = port
        self._runner: web.AppRunner | None = None

    @classmethod
    @asynccontextmanager
    async def start(cls, folder: Path) -> AsyncIterator[Self]:
        """Start one with an authority of its own."""
        ca_file, tls = await serving_context(folder, "issuer")
        issuer = cls(ca_file, tls, await create_signing_key(folder / "signing.key"), free_ports(1)[0])
        await issuer.up()
        try:
            yield issuer
        finally:
            await issuer.down()

    async def up(self) -> None:
        """Answer, at the address that it has had from the start."""
        app = web.Application()
        app.router.add_get("/.well-known/openid-configuration", self._discovery)
        app.router.add_get("/keys", self._keys)
        app.router.add_post("/token", self._token)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, LOOPBACK, self._port, ssl_context=self._tls).start()

    async def down(self) -> None:
        """Be gone."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def rotate(self) -> None:
        """Sign with a new key from now on, and publish no other."""
        self.kid = str(int(self.kid) + 1)
        self._key = await create_signing_key(self._key.with_name(f"signing-{self.kid}.key"))

    async def public_key(self) -> bytes:
        """The key that its signatures are verified with, PEM."""
        return await _openssl("pkey", "-in", str(self._key), "-pubout")

    async def token(self, **claims: Any) -> str:
        """An ID token of jane's, with further claims or others; None leaves one out."""
        return await self._signed(
            {name: value for name, value in (self._claims() | claims).items() if value is not None}
        )

    def apiserver_options(self) -> tuple[str, ...]:
        """What makes an apiserver trust it; users go by the claim `sub`, without a prefix."""
        return (
            f"--oidc-issuer-url={self.url}",
            f"--oidc-client-id={CLIENT}",
            f"--oidc-ca-file={self.ca_file}",
            "--oidc-username-claim=sub",
            "--oidc-username-prefix=-",
            "--oidc-groups-claim=groups",
        )

    async def _discovery(self, _: web.Request) -> web.Response:
        return web.json_response(
            {
                "issuer": self.name,
                "jwks_uri": f"{self.url}/keys",
                "token_endpoint": f"{self.url}/token",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
            }
        )

    async def _keys(self, _: web.Request) -> web.Response:
        self.fetched += 1
        said = await _openssl("rsa", "-in", str(self._key), "-noout", "-modulus")
        modulus = bytes.fromhex(said.decode().strip().removeprefix("Modulus="))
        exponent = EXPONENT.to_bytes(3, "big")
        key = {
            "kty": "RSA",
            "alg": "RS256",
            "use": "sig",
            "kid": self.kid,
            "n": _encoded(modulus),
            "e": _encoded(exponent),
        }
        return web.json_response({"keys": [key]})

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        wanted = ("refresh_token", CLIENT, self.refresh_token)
        if (form.get("grant_type"), form.get("client_id"), form.get("refresh_token")) != wanted:
            self.refused += 1
            said = f"the token {form.get('refresh_token')!s} is not good"  # some issuers do repeat what they were told
            return web.json_response({"error": "invalid_grant", "error_description": said}, status=400)
        self.refresh_token = secrets.token_urlsafe()
        self.issued += 1
        token = await self._signed(self._claims())
        return web.json_response({"id_token": token, "token_type": "Bearer", "refresh_token": self.refresh_token})

    def _claims(self) -> dict[str, Any]:
        now = int(time.time()) + self.apart_seconds
        claims = {"iss": self.url, "aud": CLIENT, "sub": "jane", "groups": ["developers"]}
        return {**claims, "iat": now, "exp": now + self.lifetime_seconds}

    async def _signed(self, claims: Mapping[str, Any]) -> str:
        return await signed_by(self._key, {"alg": "RS256", "typ": "JWT", "kid": self.kid}, claims)


async def signed_by(key: Path, header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
    """A token with an RSA key's signature."""
    text = unsigned(header, claims)
    return f"{text}.{_encoded(await _openssl('dgst', '-sha256', '-sign', str(key), stdin=text.encode()))}"


def unsigned(header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
    """What is signed of a token: its header and its claims."""
    return ".".join(_encoded(json.dumps(part).encode()) for part in (header, claims))


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


async def _openssl(*arguments: str, stdin: bytes = b"") -> bytes:
    def run() -> bytes:
        return subprocess.run(["openssl", *arguments], input=stdin, capture_output=True, check=True).stdout

    return await asyncio.to_thread(run)
