"""Callers with ID tokens of a real issuer: who they are taken for, and which tokens let nobody in."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from pathlib import Path
from typing import Any

import pytest

from kgraph.api.callers import issuer_keys
from kgraph.api.callers.caller import Caller
from kgraph.api.callers.oidc import OidcTokens
from kgraph.api.errors import IdentityUnavailable, Unauthenticated
from kgraph.api.settings import IssuerSettings
from tests.issuer import CLIENT, Issuer, unsigned
from tests.workers import until

NOW = time.time


def trusted(issuer: Issuer, **more: Any) -> IssuerSettings:
    """The issuer as the configuration names it."""
    return IssuerSettings(issuer_url=issuer.url, audiences=(CLIENT,), ca_file=str(issuer.ca_file), **more)


async def known(issuer: Issuer, token: str, **more: Any) -> Caller:
    """Whom a token is, to a server that has just started."""
    caller = await OidcTokens(trusted(issuer, **more), {}).caller(token)
    assert caller is not None
    return caller


async def refused(issuer: Issuer, token: str, **more: Any) -> str:
    """Why a token lets nobody in; the reason shows nothing of it."""
    with pytest.raises(Unauthenticated) as error:
        await known(issuer, token, **more)
    assert not [part for part in token.split(".") if part and part in str(error.value)]
    return str(error.value)


async def test_a_user_is_prefixed_as_the_apiserver_prefixes_them(issuer: Issuer) -> None:
    """Unless told, names begin with the issuer, so that two issuers' janes are two, and there are no groups."""
    jane = await known(issuer, await issuer.token())
    assert jane.user == f"{issuer.url}#jane"
    assert jane.groups == ("system:authenticated",)
    assert jane.method == "oidc"
    assert jane.expires_at is not None
    assert 300 <= jane.expires_at - NOW() <= 331


PLAIN = {"username_prefix": "-", "groups_claim": "groups"}


@pytest.mark.parametrize(
    ("settings", "claims", "user", "groups"),
    [
        ({"username_prefix": "-"}, {}, "jane", ()),
        ({"username_prefix": "oidc:"}, {}, "oidc:jane", ()),
        ({"username_claim": "email"}, {"email": "jane@example.com"}, "jane@example.com", ()),
        ({"username_claim": "email"}, {"email": "jane@example.com", "email_verified": True}, "jane@example.com", ()),
        (PLAIN, {}, "jane", ("developers",)),
        (PLAIN, {"groups": "ops"}, "jane", ("ops",)),
        (PLAIN, {"groups": None}, "jane", ()),
        (PLAIN | {"groups_claim": "roles", "groups_prefix": "x:"}, {"roles": ["a", "b"]}, "jane", ("x:a", "x:b")),
        (PLAIN, {"groups": ["system:masters", "ops"]}, "jane", ("ops",)),
        (PLAIN | {"groups_prefix": "sso:"}, {"groups": ["system:masters"]}, "jane", ("sso:system:masters",)),
    ],
)
async def test_claims_become_a_user_and_groups(
    issuer: Issuer, settings: dict[str, Any], claims: dict[str, Any], user: str, groups: tuple[str, ...]
) -> None:
    """Users and groups are named by the claims that the settings say; Kubernetes' own groups are not an issuer's."""
    caller = await known(issuer, await issuer.token(**claims), **settings)
    assert (caller.user, caller.groups) == (user, (*groups, "system:authenticated"))


@pytest.mark.parametrize(
    ("settings", "claims", "reason"),
    [
        ({}, {"aud": "another"}, "audience"),
        ({}, {"aud": []}, "audience"),
        ({}, {"aud": None}, "lacks iss, aud or exp"),
        ({}, {"exp": None}, "lacks iss, aud or exp"),
        ({}, {"exp": "later"}, "lacks iss, aud or exp"),
        ({}, {"exp": int(time.time()) - 60}, "has ended"),
        ({}, {"nbf": int(time.time()) + 864_000}, "not valid yet"),
        ({}, {"iat": int(time.time()) + 864_000}, "not valid yet"),
        ({}, {"sub": None}, "claim sub"),
        ({}, {"sub": ["jane"]}, "claim sub"),
        ({}, {"sub": ""}, "claim sub"),
        ({"username_claim": "email"}, {"email": "j@example.com", "email_verified": False}, "not verified"),
        ({"username_claim": "email"}, {"email": "j@example.com", "email_verified": "true"}, "not verified"),
        ({"username_prefix": "-"}, {"sub": "system:serviceaccount:kube-system:admin"}, "Kubernetes' own"),
        ({"groups_claim": "groups"}, {"groups": {"a": 1}}, "claim groups"),
        ({"groups_claim": "groups"}, {"groups": ["a", 1]}, "claim groups"),
        ({"required_claims": ("tenant=ops",)}, {}, "claim tenant"),
        ({"required_claims": ("tenant=ops",)}, {"tenant": "dev"}, "claim tenant"),
        ({"required_claims": ("tenant=ops",)}, {"tenant": ["ops"]}, "claim tenant"),
    ],
)
async def test_a_token_that_says_something_else_is_refused_with_the_reason(
    issuer: Issuer, settings: dict[str, Any], claims: dict[str, Any], reason: str
) -> None:
    """A token signed by the issuer lets nobody in unless each claim is what it has to be."""
    assert reason in await refused(issuer, await issuer.token(**claims), **settings)


async def test_all_audiences_and_required_claims_that_are_named_do(issuer: Issuer) -> None:
    """One of several audiences is enough, and required claims with their texts let in."""
    token = await issuer.token(aud=["another", CLIENT], tenant="ops", env="a=b")
    await known(issuer, token, required_claims=("tenant=ops", "env=a=b"))


@pytest.mark.parametrize(
    ("apart", "skew", "good"), [(-330, 60, True), (-330, 10, False), (20, 30, True), (60, 30, False)]
)
async def test_clocks_may_be_as_far_apart_as_the_settings_say(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch, apart: int, skew: float, good: bool
) -> None:
    """A token that has just ended, or comes from an issuer whose clock is ahead, is good within the skew alone."""
    monkeypatch.setattr(issuer, "apart_seconds", apart)
    token = await issuer.token()
    if good:
        await known(issuer, token, clock_skew=skew)
    else:
        await refused(issuer, token, clock_skew=skew)


def forged(issuer: Issuer, header: dict[str, Any], signature: str = "") -> str:
    """A token of jane's that the issuer has not signed."""
    claims = {"iss": issuer.url, "aud": CLIENT, "sub": "jane", "exp": int(time.time()) + 300}
    return f"{unsigned(header, claims)}.{signature}"


async def test_nothing_is_believed_unsigned(issuer: Issuer) -> None:
    """`none`, another's signature, a changed claim, and a header that must be understood and is not: all refused."""
    good = await issuer.token()
    head, _, signature = good.split(".")
    assert "signed as it has to be" in await refused(issuer, forged(issuer, {"alg": "none"}))
    assert "signed as it has to be" in await refused(issuer, forged(issuer, {"alg": "None", "kid": "1"}))
    assert "signed as it has to be" in await refused(issuer, forged(issuer, {"kid": issuer.kid}, signature))
    changed = forged(issuer, {"alg": "RS256", "kid": issuer.kid}, signature)
    assert "signature is none" in await refused(issuer, changed)
    assert "signature is none" in await refused(issuer, f"{head}.{changed.split('.')[1]}.")
    critical = forged(issuer, {"alg": "RS256", "kid": issuer.kid, "crit": ["b64"], "b64": False}, signature)
    assert "signed as it has to be" in await refused(issuer, critical)


async def test_a_public_key_is_no_secret_to_sign_with(issuer: Issuer) -> None:
    """A token whose HMAC is made with the published key lets nobody in: the header does not choose what a key is."""
    for secret in (await issuer.public_key(), (await issuer.public_key()).strip()):
        text = forged(issuer, {"alg": "HS256", "kid": issuer.kid})[:-1]
        mac = base64.urlsafe_b64encode(hmac.new(secret, text.encode(), hashlib.sha256).digest()).decode().rstrip("=")
        assert "signed as it has to be" in await refused(issuer, f"{text}.{mac}")


async def test_a_token_without_a_key_id_is_tried_with_all_keys(issuer: Issuer) -> None:
    """An issuer need not name its key."""
    kid, issuer.kid = issuer.kid, ""
    try:
        token = await issuer.token()
    finally:
        issuer.kid = kid
    assert json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))["kid"] == ""
    await known(issuer, token)


@pytest.mark.parametrize("token", ["opaque", "a.b", "a.b.c", "a.b.c.d.e", "..", "e30.e30.e30"])
async def test_what_is_not_of_the_issuer_is_left_to_others(issuer: Issuer, token: str) -> None:
    """Any other token is somebody else's to know, and the issuer is not asked."""
    before = issuer.fetched
    assert await OidcTokens(trusted(issuer), {}).caller(token) is None
    assert issuer.fetched == before


async def test_rotated_keys_are_fetched_and_old_ones_forgotten(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new key is fetched when a token is signed with it; from then on what the issuer has dropped signs nothing."""
    monkeypatch.setattr(issuer_keys, "AGAIN_SECONDS", 0.0)
    tokens = OidcTokens(trusted(issuer), {})
    old = await issuer.token()
    assert await tokens.caller(old)
    await issuer.rotate()
    new = await issuer.token()
    assert await tokens.caller(old), "not fetched yet"
    assert await tokens.caller(new)
    with pytest.raises(Unauthenticated, match="signature is none"):
        await tokens.caller(old)


async def test_unknown_keys_do_not_have_the_issuer_asked_again_and_again(issuer: Issuer) -> None:
    """However many tokens of unknown keys come, and however many at once, the issuer is asked once in ten seconds."""
    tokens = OidcTokens(trusted(issuer), {})
    before = issuer.fetched
    for _ in range(3):
        found = await asyncio.gather(
            *(tokens.caller(forged(issuer, {"alg": "RS256", "kid": f"guess-{n}"}, "AAAA")) for n in range(20)),
            return_exceptions=True,
        )
        assert all(isinstance(each, Unauthenticated) for each in found)
    assert await tokens.caller(await issuer.token())
    assert issuer.fetched == before + 1


async def test_keys_are_fetched_again_behind_callers_backs(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that the issuer has revoked ends by itself, without anybody waiting for the fetch."""
    monkeypatch.setattr(issuer_keys, "AGAIN_SECONDS", 0.0)
    monkeypatch.setattr(issuer_keys, "FRESH_SECONDS", 0.0)
    tokens = OidcTokens(trusted(issuer), {})
    old = await issuer.token()
    assert await tokens.caller(old)
    await issuer.rotate()

    async def is_forgotten() -> bool:
        try:
            await tokens.caller(old)
        except Unauthenticated:
            return True
        return False

    await until(is_forgotten, "the revoked key is forgotten", 20)


async def test_an_issuer_that_is_down_is_told_as_that_and_asked_again(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without keys nobody can be known, which is not their fault; with keys, tokens are good meanwhile."""
    monkeypatch.setattr(issuer_keys, "AGAIN_SECONDS", 0.0)
    tokens, started_late = OidcTokens(trusted(issuer), {}), OidcTokens(trusted(issuer), {})
    token = await issuer.token()
    assert await tokens.caller(token)
    await issuer.down()
    try:
        assert await tokens.caller(token)
        for asked, sent in (
            (started_late, token),
            (tokens, forged(issuer, {"alg": "RS256", "kid": "new"}, "AAAA")),
        ):
            with pytest.raises(IdentityUnavailable) as error:
                await asked.caller(sent)
            assert issuer.url not in str(error.value)
    finally:
        await issuer.up()
    assert await started_late.caller(token)


@pytest.mark.parametrize("wrong", ["name", "authority"])
async def test_an_issuer_is_believed_only_as_itself(
    issuer: Issuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    """Keys come over TLS with the issuer's authority, from one who calls itself what the settings do."""
    settings = trusted(issuer)
    if wrong == "name":
        monkeypatch.setattr(issuer, "name", "https://login.example.com")
    else:
        async with Issuer.start(tmp_path) as other:
            settings = IssuerSettings(issuer_url=issuer.url, audiences=(CLIENT,), ca_file=str(other.ca_file))
    with pytest.raises(IdentityUnavailable):
        await OidcTokens(settings, {}).caller(await issuer.token())
