"""Callers whom an OpenID Connect issuer vouches for: its tokens, verified here with its published keys.

What a token means is what it means to kube-apiserver with the same flags (https://kubernetes.io/docs/reference/
access-authn-authz/authentication/#openid-connect-tokens), so that the cluster's roles are bound to the same names.
There are three differences, and each lets fewer in: names that begin with `system:`, which are Kubernetes' own, are
not taken from an issuer; a token that says it was issued in the future is refused; distributed claims are not fetched.

`system:authenticated` is added, as the apiserver does after all its authenticators: a SubjectAccessReview does not,
and roles that are bound to everybody who is known, such as `system:discovery`, would be missing.
"""

import os
import time
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import Key
from joserfc.jws import JWSRegistry, deserialize_compact

from kgraph.api.callers.caller import AUTHENTICATED, RESERVED, Caller
from kgraph.api.callers.issuer_keys import IssuerKeys
from kgraph.api.errors import Unauthenticated
from kgraph.api.settings import IssuerSettings
from kgraph.kube import jwt

# The asymmetric ones, as in AuthenticationConfiguration; what is not here, `none` and HS256 foremost, lets nobody in.
ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512")
HEADER_BYTES_MOST = 8_192  # some issuers send their certificates along


class _Registry(JWSRegistry):
    max_header_length = HEADER_BYTES_MOST


_REGISTRY = _Registry(algorithms=ALGORITHMS, strict_check_header=False)


class _Header(msgspec.Struct):
    alg: str = ""
    kid: str = ""
    crit: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class _Issued(msgspec.Struct):
    iss: str = ""


class _Claims(msgspec.Struct):
    iss: str
    aud: str | list[str]
    exp: float
    nbf: float = 0
    iat: float = 0


class OidcTokens:
    """Knows the holders of one issuer's tokens."""

    def __init__(
        self,
        settings: IssuerSettings,
        environ: Mapping[str, str] = os.environ,
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._now = now
        self._keys = IssuerKeys(settings, environ)
        self._required = dict(each.split("=", 1) for each in settings.required_claims)

    async def close(self) -> None:
        """End what is under way."""
        await self._keys.close()

    async def caller(self, token: str) -> Caller | None:
        """Who has the token; None where it is not this issuer's, Unauthenticated where it is and is not good.

        Raises IdentityUnavailable where the issuer's keys are not known.
        """
        issued = jwt.claims_of(token, _Issued)
        if issued is None or issued.iss != self._settings.issuer_url:
            return None
        payload = await self._verified(token)
        try:
            claims = jwt.decoded(payload, _Claims)
            values = jwt.decoded(payload, dict[str, Any])
        except (msgspec.MsgspecError, ValueError):
            raise Unauthenticated("the token lacks iss, aud or exp, or has something else in their place") from None
        self._check(claims)
        for name, value in self._required.items():
            if values.get(name) != value:
                raise Unauthenticated(f"the token's claim {name} is not what this server asks for")
        return Caller(
            self._user(values),
            groups=(*self._groups(values), AUTHENTICATED),
            method="oidc",
            expires_at=claims.exp + self._settings.clock_skew,
        )

    async def _verified(self, token: str) -> bytes:
        """The token's claims, once a key of the issuer has vouched for them."""
        header = jwt.header_of(token, _Header)
        if header is None or header.alg not in ALGORITHMS or header.crit is not msgspec.UNSET:
            raise Unauthenticated(f"the token is not signed as it has to be, with one of {', '.join(ALGORITHMS)}")
        for key in await self._keys.of(header.kid):
            payload = _signed_by(key, token)
            if payload is not None:
                return payload
        raise Unauthenticated("the token's signature is none of its issuer's")

    def _check(self, claims: _Claims) -> None:
        now, skew = self._now(), self._settings.clock_skew
        audiences = {claims.aud} if isinstance(claims.aud, str) else set(claims.aud)
        if claims.iss != self._settings.issuer_url:
            raise Unauthenticated("the token is of another issuer")
        if not audiences & set(self._settings.audiences):
            raise Unauthenticated("the token is for another service: its audience is none of this server's")
        if now >= claims.exp + skew:
            raise Unauthenticated("the token has ended; sign in again")
        if claims.nbf > now + skew or claims.iat > now + skew:
            raise Unauthenticated("the token is not valid yet: a clock is wrong")

    def _user(self, values: Mapping[str, Any]) -> str:
        claim = self._settings.username_claim
        name = values.get(claim)
        if not isinstance(name, str) or not name:
            raise Unauthenticated(f"the token's claim {claim}, which is to name the user, is no text")
        # As the apiserver: an issuer that says nothing of it is taken to have verified it.
        if claim == "email" and values.get("email_verified", True) is not True:
            raise Unauthenticated("the token's email is not verified")
        user = f"{self._settings.prefix}{name}"
        if user.startswith(RESERVED):
            raise Unauthenticated(f"the token's user would begin with {RESERVED}, and those names are Kubernetes' own")
        return user

    def _groups(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        claim = self._settings.groups_claim
        found = values.get(claim) if claim else None
        names = [found] if isinstance(found, str) else [] if found is None else found
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise Unauthenticated(f"the token's claim {claim}, which is to name groups, is no list of texts")
        groups = dict.fromkeys(f"{self._settings.groups_prefix}{name}" for name in names)
        return tuple(group for group in groups if not group.startswith(RESERVED))


def _signed_by(key: Key, token: str) -> bytes | None:
    """The claims, if this key has signed them."""
    try:
        return deserialize_compact(token, key, registry=_REGISTRY).payload
    except (JoseError, ValueError):
        return None
