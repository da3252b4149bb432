"""The guide to logins: each example is read as it stands, and leads to a server and a login."""

import base64
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from kgraph.cli.configuration.reading import load
from kgraph.kube.access import access_to
from kgraph.kube.credentials import Credentials
from kgraph.kube.exec_plugin import ExecPlugin
from kgraph.kube.kubeconfig import choose
from kgraph.kube.oidc import OidcLogin
from kgraph.kube.settings import AuthMethod

GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "logins.md"
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```$", GUIDE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
KUBECONFIGS = [text for text in EXAMPLES if "kind: Config" in text]
CONFIGURATIONS = [text for text in EXAMPLES if "kind: Config" not in text]
IN_A_POD = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"}


def method_of(text: str) -> AuthMethod:
    """The auth method of an example."""
    return AuthMethod(yaml.safe_load(text)["clusters"][0].get("auth_method", "kubeconfig"))


def test_every_login_has_an_example() -> None:
    """No auth method is without an example; a snapshot is no login, and a certificate is a `token` without one."""
    assert {method_of(text) for text in CONFIGURATIONS} == set(AuthMethod) - {AuthMethod.SNAPSHOT}
    assert [text for text in CONFIGURATIONS if "cert_file" in text]
    assert KUBECONFIGS


def placed(text: str, folder: Path) -> str:
    """An example whose files are in a folder, and are there."""
    for file in re.findall(r"/(?:etc|var/lib)/kgraph/([\w.-]+)", text):
        (folder / file).write_text(KUBECONFIGS[0] if file == "kubeconfig" else "content")
    (folder / "ca.pem").write_text("CA")
    return re.sub(r"/(?:etc|var/lib)/kgraph/", f"{folder}/", text)


@pytest.mark.parametrize("text", CONFIGURATIONS, ids=lambda text: method_of(text).value)
async def test_an_example_is_a_configuration_that_leads_to_a_server(tmp_path: Path, text: str) -> None:
    """Each example loads without a warning, its files are read, and its login is of the kind that it shows."""
    configuration = load("", {"CLUSTERS_CONFIG": placed(text, tmp_path)})
    assert not configuration.warnings
    (cluster,) = configuration.clusters
    mounted = tmp_path / "mounted"
    mounted.mkdir()
    for file in ("token", "ca.crt"):
        (mounted / file).write_text("content")
    access = access_to(cluster, IN_A_POD, mounted)
    assert access.server.startswith("https://")
    if cluster.auth_method is AuthMethod.OIDC:
        assert isinstance(access.credentials, OidcLogin)
    elif cluster.auth_method is not AuthMethod.KUBECONFIG:
        login = await access.credentials.login()
        assert bool(login.certificate) is ("cert_file" in text)
        assert bool(login.authorization) is not bool(login.certificate)


def test_the_kubeconfig_example_runs_a_plugin(tmp_path: Path) -> None:
    """The kubeconfig of the guide chooses a user whose login is a plugin's, which is told the cluster's CA."""
    file = tmp_path / "config"
    file.write_text(KUBECONFIGS[0])
    chosen = choose([file])
    assert chosen.user.exec is not None
    info: dict[str, Any] = chosen.cluster.exec_info(chosen.cluster.server, b"CA")
    plugin: Credentials = ExecPlugin(chosen.user.exec, tmp_path, info)
    assert plugin is not None
    assert info["certificate-authority-data"] == base64.b64encode(b"CA").decode()
