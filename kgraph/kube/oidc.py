"""Logins of an OpenID Connect issuer, kept fresh with a refresh token (`auth_method: oidc`).

The apiserver takes the ID token (https://kubernetes.io/docs/reference/access-authn-authz/authentication/
#openid-connect-tokens). The issuer's certificate is checked against the system's authorities, always.
"""

import asyncio
import base64
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import msgspec
import structlog

from kgraph.kube.credentials import Login, bearer, read_file
from kgraph.kube.errors import Unauthenticated
from kgraph.kube.settings import OidcSettings

TIMEOUT_SECONDS = 30  # an issuer that takes longer is down
MARGIN_SECONDS = 30  # a token is renewed this long before it ends
PAUSE_SECONDS = 10  # after a 401 the issuer is not asked again more often than this

_log = structlog.get_logger(__name__)


class _Issuer(msgspec.Struct):
    token_endpoint: str


class _Tokens(msgspec.Struct):
    id_token: str = ""
    refresh_token: str = ""

    def __repr__(self) -> str:
        return "_Tokens(<hidden>)"


class _Refusal(msgspec.Struct):
    error: str = ""


class _Claims(msgspec.Struct):
    exp: float = 0


class OidcLogin:
    """An ID token, renewed shortly before it ends and after a 401.

    An issuer that rotates refresh tokens hands out a new one each time: it is written back to the file, or where
    that cannot be written, kept for as long as the process lives.
    """

    def __init__(
        self,
        settings: OidcSettings,
        *,
        now: Callable[[], float] = time.time,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._settings = settings
        self._now = now
        self._transport = transport
        self._login: Login | None = None
        self._ends_at = 0.0
        self._asked_at = 0.0
        self._rotated = ""
        self._asking = asyncio.Lock()

    async def login(self) -> Login:
        """The current ID token as a login."""
        if self._login is None or self._now() >= self._ends_at - MARGIN_SECONDS:
            async with self._asking:
                if self._login is None or self._now() >= self._ends_at - MARGIN_SECONDS:
                    await self._ask()
        assert self._login is not None
        return self._login

    async def renew(self, refused: Login) -> bool:
        """Ask the issuer again, unless another request has done so since, and say whether the token is new."""
        async with self._asking:
            if self._login == refused and self._now() - self._asked_at >= PAUSE_SECONDS:
                await self._ask()
        return self._login != refused

    async def _ask(self) -> None:
        self._asked_at = self._now()
        issuer = self._settings.issuer_url.rstrip("/")
        form = await asyncio.to_thread(self._form)
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, transport=self._transport) as client:
                found = await client.get(f"{issuer}/.well-known/openid-configuration")
                endpoint = msgspec.json.decode(found.raise_for_status().content, type=_Issuer).token_endpoint
                if not endpoint.startswith("https://"):
                    raise self._failure("names a token endpoint that is not https")
                answer = await client.post(endpoint, data=form)
            if answer.is_error:
                raise self._failure(f"refuses the refresh token: {answer.status_code} {_refusal(answer.content)}")
            tokens = msgspec.json.decode(answer.content, type=_Tokens)
            if not tokens.id_token:
                raise self._failure("gave no id_token; the refresh token lacks the scope openid")
            self._login, self._ends_at = Login(bearer(tokens.id_token)), _ends_at(tokens.id_token)
        except httpx.HTTPStatusError as error:
            raise self._failure(f"answers {error.response.status_code}") from error
        except httpx.HTTPError as error:
            raise self._failure(f"cannot be reached: {type(error).__name__} {error}") from error
        except (msgspec.MsgspecError, UnicodeDecodeError):
            # The cause is left out: it may quote a token.
            raise self._failure("gives an answer that is no JSON of OpenID Connect") from None
        if tokens.refresh_token and tokens.refresh_token != form["refresh_token"]:
            self._rotated = tokens.refresh_token
            await asyncio.to_thread(_keep, self._refresh_file, tokens.refresh_token)

    @property
    def _refresh_file(self) -> Path:
        return Path(self._settings.refresh_token_file).expanduser()

    def _form(self) -> dict[str, str]:
        form = {
            "grant_type": "refresh_token",
            "client_id": self._settings.client_id,
            "refresh_token": self._rotated or _text(self._refresh_file, "oidc.refresh_token_file"),
        }
        if self._settings.client_secret_file:
            secret_file = Path(self._settings.client_secret_file).expanduser()
            form["client_secret"] = _text(secret_file, "oidc.client_secret_file")
        return form

    def _failure(self, what: str) -> Unauthenticated:
        return Unauthenticated(
            f"the OIDC issuer {self._settings.issuer_url} {what}",
            advice="check oidc in the cluster's settings; a refresh token that has ended needs a new login",
        )


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


def _ends_at(token: str) -> float:
    """When a JSON Web Token ends, in seconds since the epoch; the apiserver checks it, this only plans ahead."""
    try:
        payload = token.split(".")[1]
        claims = msgspec.json.decode(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)), type=_Claims)
    except (IndexError, ValueError):
        return 0
    return claims.exp
