"""The configuration's `authentication`: what it becomes, and what a mistake is told."""

import re
from pathlib import Path
from typing import Any

import pytest

from kgraph.api.settings import IssuerSettings, TokenReviewSettings
from kgraph.cli.configuration.authentication import check_reviewers
from kgraph.cli.configuration.reading import load
from kgraph.cli.errors import BadConfiguration
from kgraph.cli.process.serving import address_of, listening
from kgraph.cli.services import api_settings
from kgraph.kube.settings import AuthMethod, ClusterSettings

ISSUER = "issuer_url: https://sso.example.com, audiences: [kgraph]"
FULL = """
authentication:
  token_review:
    - {cluster: prod, audiences: [kgraph]}
    - {cluster: staging}
  oidc:
    - issuer_url: https://sso.example.com/realms/ops
      audiences: kgraph,kubernetes
      username_claim: email
      groups_claim: groups
      groups_prefix: "sso:"
      required_claims: [tenant=ops]
      clock_skew: 1m
allowed_hosts: [kgraph.example.com]
"""


def test_a_full_section_reaches_the_api() -> None:
    """Every key of the section, and the hosts, end in the API's settings."""
    settings = api_settings(load(FULL, {}))
    assert settings.token_reviews == (TokenReviewSettings("prod", ("kgraph",)), TokenReviewSettings("staging"))
    (issuer,) = settings.issuers
    assert issuer == IssuerSettings(
        issuer_url="https://sso.example.com/realms/ops",
        audiences=("kgraph", "kubernetes"),
        username_claim="email",
        groups_claim="groups",
        groups_prefix="sso:",
        required_claims=("tenant=ops",),
        clock_skew=60.0,
    )
    assert settings.allowed_hosts == ("kgraph.example.com",)
    assert settings.authenticates
    assert settings.rbac


def test_without_the_section_nobody_is_authenticated() -> None:
    """Unless told, callers are not known; a variable may say all of it, and turn the filter off."""
    assert not api_settings(load("", {})).authenticates
    variables = {"AUTHENTICATION": f"oidc: [{{{ISSUER}}}]", "ENABLE_RBAC": "false"}
    settings = api_settings(load("", variables))
    assert settings.issuers[0].issuer_url == "https://sso.example.com"
    assert not settings.rbac


@pytest.mark.parametrize(
    ("settings", "prefix"),
    [
        ({}, "https://i#"),
        ({"username_claim": "name"}, "https://i#"),
        ({"username_claim": "email"}, ""),
        ({"username_claim": "email", "username_prefix": "sso:"}, "sso:"),
        ({"username_prefix": "-"}, ""),
    ],
)
def test_users_are_prefixed_as_by_the_apiservers_flags(settings: dict[str, Any], prefix: str) -> None:
    """The issuer is the prefix of every claim but the email; `-` is none."""
    assert IssuerSettings(issuer_url="https://i", audiences=("a",), **settings).prefix == prefix


MISTAKES = {
    "nobody": ("{}", "authentication names nobody"),
    "no cluster": ("{token_review: [{audiences: [a]}]}", "authentication.token_review[0].cluster is missing"),
    "no audience": ("{oidc: [{issuer_url: 'https://a'}]}", "authentication.oidc[0].audiences is missing"),
    "unknown key": (f"{{oidc: [{{{ISSUER}, client_id: x}}]}}", "there is no setting authentication.oidc[0].client_id"),
    "plain http": ("{oidc: [{issuer_url: 'http://a', audiences: [a]}]}", "oidc[0].issuer_url is no https address"),
    "login": ("{oidc: [{issuer_url: 'https://u:hunter2@a', audiences: [a]}]}", "issuer_url is no https address"),
    "fragment": ("{oidc: [{issuer_url: 'https://a#b', audiences: [a]}]}", "issuer_url is no https address"),
    "claim": (
        f"{{oidc: [{{{ISSUER}, required_claims: [tenant]}}]}}",
        "required_claims has 'tenant'; write claim=value",
    ),
    "skew": (f"{{oidc: [{{{ISSUER}, clock_skew: 1h}}]}}", "clock_skew is more than 10m"),
    "ca": (f"{{oidc: [{{{ISSUER}, ca_file: /no/such.pem}}]}}", "/no/such.pem"),
    "issuer twice": (f"{{oidc: [{{{ISSUER}}}, {{{ISSUER}}}]}}", "has the issuer 'https://sso.example.com' twice"),
    "cluster twice": ("{token_review: [{cluster: a}, {cluster: a}]}", "has the cluster 'a' twice"),
}


@pytest.mark.parametrize(("text", "words"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_at_the_start(tmp_path: Path, text: str, words: str) -> None:
    """Whatever cannot be meant names the file and the place before anybody is turned away by it."""
    file = tmp_path / "clusters.yaml"
    file.write_text(f"authentication: {text}")
    with pytest.raises(BadConfiguration) as mistake:
        load(str(file), {})
    assert words in str(mistake.value)
    assert str(file) in str(mistake.value)
    assert "hunter2" not in str(mistake.value)


def test_an_authority_that_is_none_is_told_at_the_start(tmp_path: Path) -> None:
    """A file without a certificate is named."""
    file = tmp_path / "ca.pem"
    file.write_text("no certificate")
    with pytest.raises(BadConfiguration, match=r"ca\.pem is not a PEM certificate"):
        load(f"authentication: {{oidc: [{{{ISSUER}, ca_file: '{file}'}}]}}", {})


def test_a_cluster_that_cannot_know_callers_is_told_at_the_start() -> None:
    """A snapshot knows nobody, and a name of no cluster is a mistake unless clusters are added at run time."""
    clusters = (ClusterSettings(id="dump", auth_method=AuthMethod.SNAPSHOT), ClusterSettings(id="prod"))
    check_reviewers([TokenReviewSettings("prod")], clusters, registry=False)
    check_reviewers([TokenReviewSettings("later")], clusters, registry=True)
    with pytest.raises(BadConfiguration, match="'dump', which is a snapshot"):
        check_reviewers([TokenReviewSettings("dump")], clusters, registry=True)
    with pytest.raises(BadConfiguration, match="'prdo', which is none of the clusters; with a server there are: prod"):
        check_reviewers([TokenReviewSettings("prdo")], clusters, registry=False)


def test_other_addresses_are_listened_on_with_authentication_alone() -> None:
    """Every address may be listened on where callers are known; here it is announced as one of this machine."""
    with pytest.raises(BadConfiguration, match="set `authentication`"):
        listening("0.0.0.0", 0)
    with listening("0.0.0.0", 0, authenticated=True) as listener:
        assert address_of(listener).startswith("http://127.0.0.1:")


def test_the_guides_examples_can_be_used() -> None:
    """Each configuration of the guide loads as it stands; an authority's file is the reader's own."""
    guide = (Path(__file__).parents[3] / "docs" / "guides" / "access.md").read_text("utf-8")
    examples = re.findall(r"^```yaml\n(.*?)^```$", guide, re.DOTALL | re.MULTILINE)
    loaded = [load(re.sub(r"\n +ca_file: .*", "", text), {}) for text in examples if "kind: ClusterRole" not in text]
    assert [one.authentication.token_review for one in loaded if one.authentication.token_review]
    assert [one.authentication.oidc for one in loaded if one.authentication.oidc]
    assert [one.allowed_hosts for one in loaded if one.allowed_hosts]
    assert [one.tenants for one in loaded if one.tenants]
