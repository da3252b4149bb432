"""What is wrong with the configuration's `authentication`, before anybody is turned away by it."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from kgraph.api.settings import TokenReviewSettings
from kgraph.cli.errors import BadConfiguration
from kgraph.kube.errors import ConfigurationError
from kgraph.kube.issuers import issuer_tls
from kgraph.kube.settings import AuthMethod, ClusterSettings

SKEW_MOST_SECONDS = 600.0


def check_authentication(section: Mapping[str, Any] | None, source: str) -> None:
    """Raise BadConfiguration for what cannot be meant; `source` is the file or variable."""
    if section is None:
        return
    reviews, issuers = section.get("token_review", ()), section.get("oidc", ())
    if not reviews and not issuers:
        raise BadConfiguration(f"{source}: authentication names nobody who knows callers: give token_review or oidc")
    for at, issuer in enumerate(issuers):
        _check_issuer(issuer, f"{source}: authentication.oidc[{at}]")
    _check_once([issuer["issuer_url"] for issuer in issuers], f"{source}: authentication.oidc has the issuer")
    _check_once([review["cluster"] for review in reviews], f"{source}: authentication.token_review has the cluster")


def check_reviewers(
    reviewers: Iterable[TokenReviewSettings], clusters: Collection[ClusterSettings], *, registry: bool
) -> None:
    """Raise BadConfiguration where a cluster that should know callers is a snapshot, or none that there may be.

    `registry` is whether there may be others than `clusters`: such as are added at run time.
    """
    servers = {cluster.id: cluster.auth_method is not AuthMethod.SNAPSHOT for cluster in clusters}
    for reviewer in reviewers:
        if not servers.get(reviewer.cluster, registry):
            why = "is a snapshot, which knows nobody" if reviewer.cluster in servers else "is none of the clusters"
            there = ", ".join(identity for identity, has_server in servers.items() if has_server) or "none"
            raise BadConfiguration(
                f"authentication.token_review names cluster {reviewer.cluster!r}, which {why}; "
                f"with a server there are: {there}"
            )


def _check_issuer(issuer: Mapping[str, Any], place: str) -> None:
    url = issuer["issuer_url"]
    try:
        parts = urlsplit(url)
        usable = parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment or parts.username or parts.password:
        raise BadConfiguration(f"{place}.issuer_url is no https address without a login, `?` and `#`")
    for each in issuer.get("required_claims", ()):
        claim, equals, _ = each.partition("=")
        if not claim or not equals:
            raise BadConfiguration(f"{place}.required_claims has {each!r}; write claim=value")
    if issuer.get("clock_skew", 0) > SKEW_MOST_SECONDS:
        raise BadConfiguration(f"{place}.clock_skew is more than 10m; set the clocks instead")
    if file := issuer.get("ca_file"):
        try:
            issuer_tls(file)
        except ConfigurationError as error:
            raise BadConfiguration(f"{place}.ca_file: {error}") from error


def _check_once(names: list[str], what: str) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadConfiguration(f"{what} {twice[0]!r} twice; say all of it in one place")
