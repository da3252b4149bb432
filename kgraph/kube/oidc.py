"""Logins of an OpenID Connect issuer, kept fresh with a refresh token (`auth_method: oidc`).

The apiserver takes the ID token (https://kubernetes.io/docs/reference/access-authn-authz/authentication/
#openid-connect-tokens). The issuer's certificate is checked, always: against `ca_file`, else against the system's
authorities.
"""

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import quote

import httpx
import msgspec
import structlog

from kgraph.discreet import Discreet
from kgraph.kube.credentials import Login, bearer, read_file
from kgraph.kube.errors import Unauthenticated
from kgraph.kube.issuers import discover, issuer_client
from kgraph.kube.jwt import Times, claims_of
from kgraph.kube.proxies import proxy_for
from kgraph.kube.renewal import Issued, Renewing
from kgraph.kube.settings import OidcSettings

TIMEOUT_SECONDS = 30  # an issuer that takes longer is down

_log = structlog.get_logger(__name__)


class _Tokens(Discreet, frozen=True):
    id_token: str = ""
    refresh_token: str = ""


class _Refusal(msgspec.Struct):
    error: str = ""


class OidcLogin(Renewing):
    """An ID token, renewed shortly before it ends and after a 401.

    An issuer that rotates refresh tokens hands out a new one each time: it is written back to the file, or where
    that cannot be written, kept for as long as the process lives. Whatever someone else writes into the file is
    taken from there on.
    """

    def __init__(
        self,
        settings: OidcSettings,
        environ: Mapping[str, str] = os.environ,
        *,
        now: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        super().__init__(clock=clock)
        self._settings = settings
        self._proxy = proxy_for(settings.issuer_url, environ)
        self._now = now
        self._transport = transport
        self._read = ""  # the refresh token that the file had when another took its place
        self._rotated = ""  # that other one

    async def _issue(self) -> Issued:
        refresh_token, secret = await asyncio.to_thread(self._secrets)
        form = {
            "grant_type": "refresh_token",
            "client_id": self._settings.client_id,
            "refresh_token": self._rotated if self._rotated and refresh_token == self._read else refresh_token,
        }
        try:
            tokens = await self._answer(form, secret)
        except httpx.HTTPStatusError as error:
            raise self._failed(f"answers {error.response.status_code}") from error
        except httpx.HTTPError as error:
            raise self._failed(f"cannot be reached: {error or type(error).__name__}") from error
        except (msgspec.MsgspecError, UnicodeDecodeError):
            # The cause is left out: it may quote a token.
            raise self._failed("gives an answer that is no JSON of OpenID Connect") from None
        if tokens.refresh_token and tokens.refresh_token != form["refresh_token"]:
            self._read, self._rotated = refresh_token, tokens.refresh_token
            await asyncio.to_thread(_keep, self._refresh_file, tokens.refresh_token)
        if not tokens.id_token:
            raise self._failed("gave no id_token; the refresh token lacks the scope openid")
        return Issued(Login(bearer(tokens.id_token)), self._seconds_of(tokens.id_token))

    async def _answer(self, form: Mapping[str, str], secret: str) -> _Tokens:
        async with issuer_client(
            self._settings.ca_file, self._proxy, timeout=TIMEOUT_SECONDS, transport=self._transport
        ) as client:
            issuer = await discover(client, self._settings.issuer_url)
            if not issuer.token_endpoint.startswith("https://"):
                raise self._failed("names a token endpoint that is not https")
            if not secret:
                answer = await client.post(issuer.token_endpoint, data=form)
            elif "client_secret_post" in issuer.token_endpoint_auth_methods_supported:
                answer = await client.post(issuer.token_endpoint, data={**form, "client_secret": secret})
            else:
                basic = httpx.BasicAuth(_quoted(self._settings.client_id), _quoted(secret))
                answer = await client.post(issuer.token_endpoint, data=form, auth=basic)
        if answer.is_server_error:
            answer.raise_for_status()
        if answer.is_error:
            raise self._failed(f"refuses the refresh token: {answer.status_code} {_refusal(answer.content)}")
        return msgspec.json.decode(answer.content, type=_Tokens)

    @property
    def _refresh_file(self) -> Path:
        return Path(self._settings.refresh_token_file).expanduser()

    def _secrets(self) -> tuple[str, str]:
        """The refresh token as the file has it, and the client's secret, "" where there is none."""
        secret = self._settings.client_secret_file
        return (
            _text(self._refresh_file, "oidc.refresh_token_file"),
            _text(Path(secret).expanduser(), "oidc.client_secret_file") if secret else "",
        )

    def _seconds_of(self, token: str) -> float | None:
        """How long a JSON Web Token holds, by the issuer's own clock where it says when that was.

        The apiserver checks the token; this only plans ahead.
        """
        claims = claims_of(token, Times) or Times()
        return claims.exp - (claims.iat or self._now()) if claims.exp else None

    def _failed(self, what: str) -> Unauthenticated:
        return Unauthenticated(
            f"the OIDC issuer {self._settings.issuer_url} {what}",
            advice="check oidc in the cluster's settings; a refresh token that has ended needs a new login",
        )


def _quoted(text: str) -> str:
    """A part of Basic authentication as OAuth wants it (RFC 6749, section 2.3.1)."""
    return quote(text, safe="")


def _text(path: Path, what: str) -> str:
    return read_file(path, what).decode("utf-8", "replace").strip()


def _keep(path: Path, token: str) -> None:
    """Write a rotated refresh token back, whole or not at all."""
    new = path.with_name(f".{path.name}.new")
    try:
        new.touch(mode=0o600)
        new.write_text(token, "utf-8")
        new.replace(path)
    except OSError as error:
        _log.warning("the issuer's new refresh token cannot be kept", file=str(path), reason=error.strerror)


def _refusal(body: bytes) -> str:
    """The OAuth error code (`invalid_grant`); its description may hold anything, and is left out."""
    try:
        return msgspec.json.decode(body, type=_Refusal).error[:50]
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ""
