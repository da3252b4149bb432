"""Settings, kubeconfig files and variables into a server and a login."""

import base64
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.pretty import pretty_repr

from kgraph.kube.access import Access, access_to
from kgraph.kube.credentials import Login
from kgraph.kube.errors import ConfigurationError
from kgraph.kube.settings import AuthMethod, ClusterSettings, OidcSettings, TlsSettings

MARKER = "t0ken-marker"
EXTRA = {"scope": ["x"], "example.com/team": ["y"]}


def encoded(text: str) -> str:
    """Base64 as a kubeconfig has it."""
    return base64.b64encode(text.encode()).decode()


def config(
    file: Path,
    *,
    current: str = "main",
    cluster: Mapping[str, object] | None = None,
    user: Mapping[str, object] | None = None,
    names: tuple[str, ...] = ("main",),
) -> Path:
    """Write a kubeconfig whose contexts, clusters and users have the same names."""
    file.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "current-context": current,
        "clusters": [{"name": n, "cluster": {"server": f"https://{n}.example.com", **(cluster or {})}} for n in names],
        "users": [{"name": n, "user": user or {"token": f"{MARKER}-{n}"}} for n in names],
        "contexts": [{"name": n, "context": {"cluster": n, "user": n}} for n in names],
    }
    file.write_bytes(msgspec.json.encode(content))
    return file


def access(environ: Mapping[str, str] | None = None, /, **settings: object) -> Access:
    """The access that these settings give, with nothing from this machine's environment."""
    return access_to(msgspec.convert({"id": "prod", **settings}, ClusterSettings), environ or {}, Path("/nowhere"))


async def test_of_several_kubeconfigs_the_first_that_has_a_name_wins(tmp_path: Path) -> None:
    """KUBECONFIG's files are merged as kubectl merges them, missing ones passed over."""
    first = config(tmp_path / "a", current="", names=("main",), user={"token": "first"})
    second = config(tmp_path / "b", current="other", names=("main", "other"), user={"token": "second"})
    environ = {"KUBECONFIG": f"{tmp_path / 'missing'}:{first}::{second}"}
    assert access(environ).server == "https://other.example.com"
    assert (await access(environ).credentials.login()).authorization == "Bearer second"
    chosen = access(environ, kubeconfig_context="main")
    assert (await chosen.credentials.login()).authorization == "Bearer first"


async def test_paths_are_relative_to_the_file_that_names_them(tmp_path: Path) -> None:
    """A CA, certificate, key and token file are found beside the kubeconfig, wherever we run."""
    for name in ("ca.pem", "tls.crt", "tls.key", "token"):
        (tmp_path / name).write_text(f"content of {name}")
    file = config(
        tmp_path / "config",
        cluster={"certificate-authority": "ca.pem"},
        user={"client-certificate": "tls.crt", "client-key": "tls.key", "tokenFile": "token"},
    )
    (tmp_path / "token").write_text(f"{MARKER}\n")
    found = access(kubeconfig_path=str(file))
    login = await found.credentials.login()
    assert found.ca == b"content of ca.pem"
    assert login.authorization == f"Bearer {MARKER}"
    assert login.certificate is not None
    assert (login.certificate.certificate, login.certificate.key) == (b"content of tls.crt", b"content of tls.key")


async def test_embedded_data_wins_over_files(tmp_path: Path) -> None:
    """The `-data` fields are used where both are there, as kubectl does."""
    file = config(
        tmp_path / "config",
        cluster={"certificate-authority": "missing", "certificate-authority-data": encoded("CA")},
        user={"client-certificate-data": encoded("CRT"), "client-key-data": encoded("KEY")},
    )
    found = access(kubeconfig_path=str(file))
    login = await found.credentials.login()
    assert found.ca == b"CA"
    assert login.certificate is not None
    assert (login.certificate.certificate, login.certificate.key) == (b"CRT", b"KEY")


def test_a_clusters_own_fields_are_followed(tmp_path: Path) -> None:
    """tls-server-name, insecure-skip-tls-verify, proxy-url and disable-compression mean what they say."""
    file = config(
        tmp_path / "config",
        cluster={
            "insecure-skip-tls-verify": True,
            "tls-server-name": "inside",
            "proxy-url": "http://proxy:1",
            "disable-compression": True,
        },
    )
    found = access({"HTTPS_PROXY": "http://other:2"}, kubeconfig_path=str(file))
    assert (found.insecure, found.server_name, found.proxy, found.compressed) == (
        True,
        "inside",
        "http://proxy:1",
        False,
    )


def test_environment_proxies_hold_where_the_kubeconfig_names_none(tmp_path: Path) -> None:
    """HTTPS_PROXY is used unless NO_PROXY excepts the server."""
    file = str(config(tmp_path / "config"))
    assert access({"HTTPS_PROXY": "http://p:1"}, kubeconfig_path=file).proxy == "http://p:1"
    assert access({"HTTPS_PROXY": "http://p:1", "NO_PROXY": ".example.com"}, kubeconfig_path=file).proxy == ""


async def test_no_login_goes_over_plain_http(tmp_path: Path) -> None:
    """As with kubectl, a server without TLS gets no login, and one that we are told to give it is refused."""
    file = config(tmp_path / "config", cluster={"server": "http://127.0.0.1:8001"})
    assert await access(kubeconfig_path=str(file)).credentials.login() == Login()
    with pytest.raises(ConfigurationError, match="never sent over plain http"):
        access(auth_method="token", api_server_url="http://a", service_account_token=MARKER)


def test_impersonation_of_a_kubeconfig_becomes_headers(tmp_path: Path) -> None:
    """`as`, `as-groups` and the rest are sent with each request, one header a group."""
    user = {"token": "t", "as": "jane", "as-uid": "7", "as-groups": ["a", "b"], "as-user-extra": EXTRA}
    assert access(kubeconfig_path=str(config(tmp_path / "config", user=user))).headers == (
        ("Impersonate-User", "jane"),
        ("Impersonate-Uid", "7"),
        ("Impersonate-Group", "a"),
        ("Impersonate-Group", "b"),
        ("Impersonate-Extra-scope", "x"),
        ("Impersonate-Extra-example.com%2Fteam", "y"),
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"current": ""}, "no current-context; set kubeconfig_context to main"),
        ({"current": "gone"}, "no context 'gone'; there are: main"),
        ({"cluster": {"server": ""}}, "has no server"),
        ({"cluster": {"server": "ftp://x"}}, "is no address"),
        ({"cluster": {"server": "https://user:pw@x"}}, "holds a login"),
        ({"cluster": {"certificate-authority": "gone.pem"}}, "gone.pem: No such file"),
        (
            {"cluster": {"certificate-authority-data": "%%%"}},
            "certificate-authority-data in the kubeconfig is not base64",
        ),
        ({"cluster": {"proxy-url": "socks5://h:1"}}, "socks5:// is not supported"),
        (
            {"cluster": {"insecure-skip-tls-verify": True, "certificate-authority-data": encoded("CA")}},
            "exclude each other",
        ),
        ({"user": {"auth-provider": {"name": "gcp"}}}, "auth-provider, which Kubernetes has given up"),
        ({"user": {"client-key-data": []}}, "$.users[0].user.client-key-data"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_kubeconfig_that_cannot_serve_says_why(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    """Each fault of a kubeconfig is an error that names it."""
    file = config(tmp_path / "config", **changes)
    with pytest.raises(ConfigurationError) as error:
        access(kubeconfig_path=str(file))
    assert said in str(error.value)


def test_broken_and_missing_files_are_named_and_not_quoted(tmp_path: Path) -> None:
    """A kubeconfig that is no YAML is an error with file and line, and nothing of its content."""
    file = tmp_path / "config"
    file.write_text(f"users:\n- name: x\n  user: {{token: {MARKER}\n")
    with pytest.raises(ConfigurationError) as error:
        access(kubeconfig_path=str(file))
    assert f"{file}, line 4" in str(error.value)
    assert MARKER not in repr(error.value)
    with pytest.raises(ConfigurationError, match="no kubeconfig"):
        access(kubeconfig_path=str(tmp_path / "missing"))


async def test_a_token_and_its_address_are_enough(tmp_path: Path) -> None:
    """auth_method token and service_account take a token or its file, a CA and a server name."""
    (tmp_path / "token").write_text(MARKER)
    (tmp_path / "ca").write_text("CA")
    found = access(
        auth_method="service_account",
        api_server_url="prod.example.com:6443/",
        service_account_token_file=str(tmp_path / "token"),
        tls_config={"ca_file": str(tmp_path / "ca"), "server_name": "inside"},
    )
    assert (found.server, found.ca, found.server_name) == ("https://prod.example.com:6443", b"CA", "inside")
    assert (await found.credentials.login()).authorization == f"Bearer {MARKER}"


@pytest.mark.parametrize("method", ["in_cluster", "service_account"])
async def test_in_a_pod_the_service_accounts_files_are_used(tmp_path: Path, method: str) -> None:
    """Inside a cluster nothing needs to be configured, IPv6 or not."""
    (tmp_path / "token").write_text(MARKER)
    (tmp_path / "ca.crt").write_text("CA")
    environ = {"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"}
    found = access_to(ClusterSettings(id="here", auth_method=AuthMethod(method)), environ, tmp_path)
    assert (found.server, found.ca) == ("https://[fd00::1]:443", b"CA")
    assert (await found.credentials.login()).authorization == f"Bearer {MARKER}"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"auth_method": "token"}, "needs api_server_url"),
        ({"auth_method": "token", "api_server_url": "https://a"}, "needs service_account_token_file"),
        ({"auth_method": "oidc"}, "needs api_server_url and oidc"),
        ({"auth_method": "in_cluster"}, "works in a Pod only"),
        ({"auth_method": "snapshot", "snapshot_path": "/dump"}, "the snapshot /dump"),
        (
            {"auth_method": "token", "api_server_url": "https://a", "tls_config": {"cert_file": "x"}},
            "both cert_file and key_file",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_settings_that_are_not_enough_say_what_is_missing(settings: dict[str, object], said: str) -> None:
    """Each missing setting is named."""
    with pytest.raises(ConfigurationError) as error:
        access(**settings)
    assert said in str(error.value)


async def test_nothing_that_holds_a_login_shows_it(tmp_path: Path) -> None:
    """No repr of settings, access, login or certificate contains a token, key or password."""
    file = config(
        tmp_path / "config",
        user={"token": MARKER, "client-key-data": encoded(MARKER)} | {"client-certificate-data": encoded(MARKER)},
    )
    settings = ClusterSettings(
        id="prod",
        service_account_token=MARKER,
        tls_config=TlsSettings(),
        oidc=OidcSettings(issuer_url="https://i", client_id="c", refresh_token_file="f"),
    )
    found = access(kubeconfig_path=str(file))
    login = await found.credentials.login()
    shown = [settings, found, login, login.certificate, found.credentials]
    for value in shown:
        told = f"{value!r} {value} {pretty_repr(value)}"
        assert MARKER not in told
        assert encoded(MARKER) not in told


async def test_a_kubeconfig_that_is_rewritten_is_followed(tmp_path: Path) -> None:
    """Another token, another kind of login and another CA are taken up; a half-written file changes nothing."""
    file = config(tmp_path / "config", cluster={"certificate-authority-data": encoded("CA")})
    found = access(kubeconfig_path=str(file))
    assert found.authorities is not None
    first = await found.credentials.login()
    assert await found.credentials.renew(first) is False
    config(file, user={"token": "renewed"}, cluster={"certificate-authority-data": encoded("other CA")})
    assert await found.credentials.renew(first) is True
    second = await found.credentials.login()
    assert second.authorization == "Bearer renewed"
    assert await found.authorities.again() == b"other CA"
    for broken in ("users: [", "", '{"users": []}'):
        file.write_text(broken)
        assert await found.credentials.renew(second) is False
        assert await found.credentials.login() == second
    config(file, user={"client-certificate-data": encoded("CRT"), "client-key-data": encoded("KEY")})
    assert await found.credentials.renew(second) is True
    assert (await found.credentials.login()).certificate is not None


async def test_a_rewritten_kubeconfig_does_not_lead_to_another_cluster(tmp_path: Path) -> None:
    """`kubectl config use-context` while we run moves no cluster's graph to another cluster."""
    file = config(tmp_path / "config", names=("main", "other"))
    found = access(kubeconfig_path=str(file))
    config(file, current="other", names=("main", "other"), cluster={"proxy-url": "http://p:1"})
    assert await found.credentials.renew(await found.credentials.login()) is False
    assert (await found.credentials.login()).authorization == f"Bearer {MARKER}-main"


async def test_files_beside_a_mounted_kubeconfig_are_found_after_its_rotation(tmp_path: Path) -> None:
    """A mounted Secret's files are links into a folder that each rotation replaces; paths start from the link's."""
    for version in ("1", "2"):
        config(tmp_path / version / "config", user={"tokenFile": "token"})
        (tmp_path / version / "token").write_text(f"token-{version}")
    for name in ("config", "token"):
        (tmp_path / name).symlink_to(tmp_path / "data" / name)
    (tmp_path / "data").symlink_to(tmp_path / "1")
    found = access(kubeconfig_path=str(tmp_path / "config"))
    first = await found.credentials.login()
    assert first.authorization == "Bearer token-1"
    (tmp_path / "data").unlink()
    (tmp_path / "data").symlink_to(tmp_path / "2")
    for file in (tmp_path / "1").iterdir():
        file.unlink()
    assert await found.credentials.renew(first) is True
    assert (await found.credentials.login()).authorization == "Bearer token-2"


async def test_a_plugin_is_told_the_ca_of_a_file_as_data(tmp_path: Path) -> None:
    """What provideClusterInfo says can be used wherever the plugin runs: the CA itself, not our path to it."""
    (tmp_path / "ca.pem").write_text("CA")
    printed = (
        "import json, os; info = json.loads(os.environ['KUBERNETES_EXEC_INFO']); "
        "print(json.dumps({**info, 'status': {'token': info['spec']['cluster']['certificate-authority-data']}}))"
    )
    plugin = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": sys.executable,
        "args": ["-c", printed],
        "provideClusterInfo": True,
    }
    file = config(tmp_path / "config", cluster={"certificate-authority": "ca.pem"}, user={"exec": plugin})
    login = await access(kubeconfig_path=str(file)).credentials.login()
    assert login.authorization == f"Bearer {encoded('CA')}"
