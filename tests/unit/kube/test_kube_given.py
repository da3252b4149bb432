"""Clusters as callers give them: what is taken, what is refused, and what is kept in the open."""

import base64
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kgraph.kube.errors import ConfigurationError
from kgraph.kube.given import GivenCluster, joined, of_own_context, settings_of, split
from kgraph.kube.settings import AuthMethod
from kgraph.stack.pki import Authority

MARKER = "t0ken-marker"
SERVER = "https://prod.example.com:6443"


def kubeconfig(cluster: dict[str, Any] | None = None, user: dict[str, Any] | None = None) -> str:
    """A kubeconfig's text with one context."""
    return msgspec.json.encode(
        {
            "current-context": "main",
            "contexts": [{"name": "main", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": {"server": SERVER, **(cluster or {})}}],
            "users": [{"name": "u", "user": {"token": MARKER} if user is None else user}],
        }
    ).decode()


def test_a_token_and_a_kubeconfig_that_holds_it_mean_the_same() -> None:
    """A kubeconfig is resolved to what its context says."""
    plain = settings_of(GivenCluster(id="prod", server=SERVER, token=MARKER))
    assert (plain.auth_method, plain.api_server_url) == (AuthMethod.TOKEN, SERVER)
    assert settings_of(GivenCluster(id="prod", kubeconfig=kubeconfig())) == plain


@pytest.mark.parametrize(
    ("given", "problem"),
    {
        "exec": ({"kubeconfig": kubeconfig(user={"exec": {"apiVersion": "v1", "command": "sh"}})}, "exec.*runs a prog"),
        "auth-provider": ({"kubeconfig": kubeconfig(user={"auth-provider": {"name": "gcp"}})}, "auth-provider"),
        "token-file": ({"kubeconfig": kubeconfig(user={"tokenFile": "/etc/shadow"})}, "tokenFile.*names a file"),
        "key-file": (
            {"kubeconfig": kubeconfig(user={"client-certificate-data": "eA==", "client-key": "/etc/key"})},
            "client-key.*names a file",
        ),
        "ca-file": ({"kubeconfig": kubeconfig({"certificate-authority": "/etc/ca"})}, "certificate-authority.*file"),
        "proxy": ({"kubeconfig": kubeconfig({"proxy-url": "http://inside:80"})}, "proxy-url"),
        "impersonation": ({"kubeconfig": kubeconfig(user={"token": MARKER, "as": "root"})}, "acts as somebody else"),
        "password": ({"kubeconfig": kubeconfig(user={"username": "a", "password": MARKER})}, "password"),
        "no-login": ({"kubeconfig": kubeconfig(user={})}, "give a token"),
        "no-yaml": ({"kubeconfig": f"{{{MARKER}"}, "is not YAML"),
        "deep-yaml": ({"kubeconfig": "[" * 5000}, "is not YAML"),
        "huge": ({"kubeconfig": "#" * 600_000}, "characters"),
        "unknown-context": ({"kubeconfig": kubeconfig(), "context": "other"}, "no context 'other'"),
        "both": ({"kubeconfig": kubeconfig(), "token": MARKER}, "exclude each other"),
        "context-alone": ({"context": "main", "server": SERVER, "token": MARKER}, "context"),
        "nothing": ({}, "give the server's address"),
        "plain-http": ({"server": "http://prod:80", "token": MARKER}, "plain http"),
        "no-address": ({"server": "https://", "token": MARKER}, "is no address"),
        "login-in-address": ({"server": f"https://a:{MARKER}@prod", "token": "x"}, "holds a login"),
        "blanks": ({"server": SERVER, "token": f"{MARKER} {MARKER}"}, "blanks"),
        "half-certificate": ({"server": SERVER, "certificate": "PEM"}, "belong together"),
        "no-pem": ({"server": SERVER, "certificate": MARKER, "key": MARKER}, "no PEM"),
        "no-ca": ({"server": SERVER, "token": MARKER, "ca": MARKER}, "CA is not a PEM"),
        "ca-and-insecure": ({"server": SERVER, "token": MARKER, "ca": "x", "insecure_skip_verify": True}, "exclude"),
        "id": ({"id": "a/b", "server": SERVER, "token": MARKER}, "cannot stand in a key"),
    }.values(),
    ids=lambda value: "" if isinstance(value, str) else None,
)
def test_what_cannot_be_used_is_refused_in_words_that_hold_no_credential(given: dict[str, Any], problem: str) -> None:
    """No caller makes the server read a file, run a program or act as another; and errors show no secret."""
    with pytest.raises(ConfigurationError, match=problem) as refused:
        settings_of(GivenCluster(**{"id": "prod", **given}))
    assert MARKER not in str(refused.value)


async def test_what_is_kept_in_the_open_holds_no_credential_and_both_parts_give_the_settings_again(
    tmp_path: Path,
) -> None:
    """The open part has the address and the authority; the token, the certificate and its key are in the other."""
    authority = await Authority.create(tmp_path, "test")
    issued = await authority.issue_client("alice")
    given = GivenCluster(
        id="prod",
        region="eu",
        server=SERVER,
        ca=authority.ca.certificate.read_text(),
        token=MARKER,
        certificate=issued.certificate.read_text(),
        key=issued.key.read_text(),
    )
    settings = settings_of(given)
    public, hidden = split(settings)
    assert joined(public, hidden) == settings
    assert set(hidden) == {"token", "certificate", "key"}
    assert not [value for value in hidden.values() if value in public or value in repr(settings) + repr(given)]
    assert {"region": "eu", "api_server_url": SERVER}.items() <= msgspec.json.decode(public).items()


async def test_ones_own_kubeconfig_may_name_files_and_what_is_in_them_is_kept(tmp_path: Path) -> None:
    """`kgraph cluster add` reads the user's own files, and programs are not run for it either."""
    authority = await Authority.create(tmp_path, "test")
    file = tmp_path / "config"
    (tmp_path / "token").write_text(f"{MARKER}\n")
    file.write_text(kubeconfig({"certificate-authority": authority.ca.certificate.name}, {"tokenFile": "token"}))
    settings = settings_of(of_own_context(GivenCluster(id="prod"), [file], ""))
    assert settings.service_account_token == MARKER
    assert settings.tls_config.ca_data == authority.ca.certificate.read_text()
    file.write_text(kubeconfig(user={"exec": {"apiVersion": "v1", "command": "sh"}}))
    with pytest.raises(ConfigurationError, match="runs a program"):
        of_own_context(GivenCluster(id="prod"), [file], "")


def test_data_beside_a_path_wins_and_the_path_is_not_read() -> None:
    """A kubeconfig that names a file and holds its content too is taken by its content, as kubectl takes it."""
    data = base64.b64encode(b"no certificate").decode()
    text = kubeconfig({"certificate-authority": "/etc/ca", "certificate-authority-data": data})
    with pytest.raises(ConfigurationError, match="CA is not a PEM"):
        settings_of(GivenCluster(id="prod", kubeconfig=text))
