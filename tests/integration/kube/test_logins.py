"""Every login against a real apiserver: who it takes us for, and what is said where it does not know us."""

import asyncio
import base64
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from kgraph.kube import renewal, rereading
from kgraph.kube.access import access_to
from kgraph.kube.connection import Connection
from kgraph.kube.errors import KubeError, Unauthenticated
from kgraph.kube.oidc import OidcLogin
from kgraph.kube.settings import AuthMethod, ClusterSettings, OidcSettings, TlsSettings
from kgraph.stack.kubernetes import ControlPlane
from kgraph.stack.kubernetes_setting import ControlPlaneOptions
from kgraph.stack.pki import Authority
from kgraph.stack.progress import silent
from tests.issuer import CLIENT, Issuer
from tests.servers import TEST_USERS
from tests.workers import until

pytestmark = pytest.mark.kubernetes

V1 = "client.authentication.k8s.io/v1"
ACCOUNTS = "/api/v1/namespaces/default/serviceaccounts"
WRONG = "a-t0ken-that-nobody-knows"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def plane(issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ControlPlane]:
    """An apiserver that trusts the issuer, knows the test users by their tokens, and its CA's certificates."""
    options = ControlPlaneOptions(minimal=True, users=TEST_USERS, apiserver_options=issuer.apiserver_options())
    async with ControlPlane.start(tmp_path_factory.mktemp("logins"), options, report=silent) as started:
        yield started


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what comes after a pause come soon."""
    monkeypatch.setattr(renewal, "PAUSE_SECONDS", 0.2)
    monkeypatch.setattr(rereading, "REREAD_SECONDS", 0.2)


async def who(conn: Connection) -> str:
    """Whom the apiserver takes us for."""
    answer = await conn.request(
        "POST",
        "/apis/authentication.k8s.io/v1/selfsubjectreviews",
        body=msgspec.json.encode({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}),
        headers=[("Content-Type", "application/json")],
    )
    name: str = msgspec.json.decode(answer)["status"]["userInfo"]["username"]
    return name


def at(plane: ControlPlane, method: AuthMethod, **given: Any) -> ClusterSettings:
    """A cluster at the apiserver's address."""
    tls = TlsSettings(ca_file=str(plane.ca_file), **given.pop("tls", {}))
    return ClusterSettings(
        id="prod", auth_method=method, api_server_url=plane.server, tls_config=tls, qps=0, timeout=10, **given
    )


def kubeconfig(file: Path, server: Mapping[str, Any] | None, user: Mapping[str, Any] | None, **more: Any) -> Path:
    """A kubeconfig of one context, `main`; without a cluster or a user, which another file has."""
    content = {
        "contexts": [{"name": "main", "context": {"cluster": "main", "user": "main"}}],
        "clusters": [{"name": "main", "cluster": server}] if server else [],
        "users": [{"name": "main", "user": user}] if user else [],
        **more,
    }
    file.write_bytes(msgspec.json.encode(content))
    return file


def server_of(plane: ControlPlane) -> dict[str, Any]:
    """The apiserver as a kubeconfig's cluster."""
    return {"server": plane.server, "certificate-authority": str(plane.ca_file)}


def through_kubeconfig(plane: ControlPlane, folder: Path, user: Mapping[str, Any]) -> ClusterSettings:
    """A cluster of a kubeconfig whose only user is this one."""
    file = kubeconfig(folder / "config", server_of(plane), user, **{"current-context": "main"})
    return ClusterSettings(id="prod", kubeconfig_path=str(file), qps=0)


async def test_several_kubeconfigs_are_one(plane: ControlPlane, tmp_path: Path) -> None:
    """A context, its cluster and its user may stand in three files, and each relative path starts from its own."""
    (tmp_path / "clusters").mkdir()
    (tmp_path / "clusters" / "ca.pem").write_bytes(plane.ca_file.read_bytes())
    (tmp_path / "token").write_text(plane.token_of("alice"))
    files = (
        kubeconfig(tmp_path / "contexts.yaml", None, None, **{"current-context": "main"}),
        kubeconfig(
            tmp_path / "clusters" / "c.yaml",
            {"server": plane.server, "certificate-authority": "ca.pem"},
            None,
            **{"current-context": "no such"},
        ),
        kubeconfig(tmp_path / "users.yaml", {"server": "https://lost.invalid"}, {"tokenFile": "token"}),
    )
    environ = {"KUBECONFIG": os.pathsep.join(map(str, files))}
    async with Connection.open(ClusterSettings(id="prod"), environ) as conn:
        assert await who(conn) == "alice"


async def test_a_rotated_token_file_is_used_from_its_next_look_on(plane: ControlPlane, tmp_path: Path) -> None:
    """A token file that is rewritten makes us its new bearer on the connection that there is."""
    file = tmp_path / "token"
    file.write_text(plane.token_of("alice"))
    async with Connection.open(at(plane, AuthMethod.TOKEN, service_account_token_file=str(file))) as conn:
        assert await who(conn) == "alice"
        file.write_text(plane.token_of("carol"))

        async def is_carol() -> bool:
            return await who(conn) == "carol"

        await until(is_carol, "the new token is used", 10)


def plugin(folder: Path, script: str) -> dict[str, Any]:
    """A user whose login an exec plugin gives; `give(**status)` in the script prints it."""
    (folder / "plugin").write_text(
        f"#!{sys.executable}\nimport json, os, sys, time\n"
        f"open({str(folder / 'runs')!r}, 'a').write('x')\n"
        f"def give(**status):\n"
        f"    print(json.dumps({{'apiVersion': {V1!r}, 'kind': 'ExecCredential', 'status': status}}))\n{script}\n"
    )
    (folder / "plugin").chmod(0o755)
    return {"exec": {"apiVersion": V1, "command": "./plugin", "interactiveMode": "Never"}}


async def test_a_plugins_client_certificate_is_who_it_names(plane: ControlPlane, tmp_path: Path) -> None:
    """A certificate that a plugin prints, and prints anew when it has ended, is a login as a token is."""
    certificates = [await plane.client_certificate(name) for name in ("jane", "joan")]
    pairs = [(pair.certificate.read_text(), pair.key.read_text()) for pair in certificates]
    user = plugin(
        tmp_path,
        f"first = len(open({str(tmp_path / 'runs')!r}).read()) == 1\ncrt, key = {pairs!r}[0 if first else 1]\n"
        "ends = time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(time.time() + (2 if first else 3600)))\n"
        "give(clientCertificateData=crt, clientKeyData=key, expirationTimestamp=ends)",
    )
    async with Connection.open(through_kubeconfig(plane, tmp_path, user)) as conn:
        assert await who(conn) == "jane"

        async def is_joan() -> bool:
            return await who(conn) == "joan"

        await until(is_joan, "the plugin's next certificate is used", 20)
    assert (tmp_path / "runs").read_text() == "xx"


async def test_a_slow_plugin_is_waited_for_once(plane: ControlPlane, tmp_path: Path) -> None:
    """Many requests that need the login of a plugin that takes its time wait for one run of it."""
    gate, runs = tmp_path / "gate", tmp_path / "runs"
    os.mkfifo(gate)
    opened = os.open(gate, os.O_RDWR)
    user = plugin(tmp_path, f"open({str(gate)!r}).readline(); give(token={plane.token_of('alice')!r})")

    async def is_running() -> bool:
        return runs.exists()

    async def let_go() -> None:
        await until(is_running, "the plugin runs")
        os.write(opened, b"\n")

    try:
        async with Connection.open(through_kubeconfig(plane, tmp_path, user)) as conn:
            *found, _ = await asyncio.gather(*(who(conn) for _ in range(20)), let_go())
            assert set(found) == {"alice"}
    finally:
        os.close(opened)
    assert (tmp_path / "runs").read_text() == "x"


@asynccontextmanager
async def wrong(case: str, plane: ControlPlane, issuer: Issuer, folder: Path) -> AsyncIterator[ClusterSettings]:
    """A cluster whose login is wrong in one way."""
    (folder / "wrong").write_text(WRONG)
    match case:
        case "token":
            yield at(plane, AuthMethod.TOKEN, service_account_token=WRONG)
        case "token file":
            yield at(plane, AuthMethod.SERVICE_ACCOUNT, service_account_token_file=str(folder / "wrong"))
        case "password":
            yield through_kubeconfig(plane, folder, {"username": "jane", "password": WRONG})
        case "certificate":
            pair = await (await Authority.create(folder, "another")).issue_client("jane")
            tls = {"cert_file": str(pair.certificate), "key_file": str(pair.key)}
            yield at(plane, AuthMethod.TOKEN, tls=tls)
        case "plugin's token":
            yield through_kubeconfig(plane, folder, plugin(folder, f"give(token={WRONG!r})"))
        case "plugin":
            yield through_kubeconfig(plane, folder, plugin(folder, f"sys.exit('no session; {WRONG * 2}')"))
        case "refresh token":
            yield at(plane, AuthMethod.OIDC, oidc=signed_in(issuer, folder / "wrong"))


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("token", "401 Unauthorized"),
        ("token file", "401 Unauthorized"),
        ("password", "takes no passwords"),
        ("certificate", "401 Unauthorized"),
        ("plugin's token", "401 Unauthorized"),
        ("plugin", "exec plugin ./plugin ended with code 1: no session"),
        ("refresh token", "refuses the refresh token: 400 invalid_grant"),
    ],
)
async def test_wrong_credentials_name_the_cluster_and_the_reason_and_not_the_secret(
    plane: ControlPlane, issuer: Issuer, tmp_path: Path, case: str, reason: str
) -> None:
    """Whatever is wrong with a login, the error says where and why, and holds nothing of it."""
    async with wrong(case, plane, issuer, tmp_path) as given, Connection.open(given) as conn:
        with pytest.raises(Unauthenticated) as error:
            await who(conn)
    chain: list[BaseException] = [error.value]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None:
        chain.append(cause)
    said = " ".join(f"{each} {each!r} {vars(each)}" for each in chain)
    assert "cluster prod" in str(error.value)
    assert plane.server in str(error.value)
    assert reason in str(error.value)
    assert WRONG not in said
    assert base64.b64encode(f"jane:{WRONG}".encode()).decode() not in said


def signed_in(issuer: Issuer, file: Path, *, ca_file: Path | None = None) -> OidcSettings:
    """An OpenID Connect login with the refresh token of a file, which is written unless it is there."""
    if not file.exists():
        file.write_text(issuer.refresh_token)
    return OidcSettings(
        issuer_url=issuer.url, client_id=CLIENT, refresh_token_file=str(file), ca_file=str(ca_file or issuer.ca_file)
    )


async def test_an_id_token_is_refreshed_before_it_ends_and_no_request_fails(
    plane: ControlPlane, issuer: Issuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tokens of six seconds follow one another without a 401, and the refresh token in the file is the latest."""
    refused: list[object] = []
    renew = OidcLogin.renew

    async def noted(self: OidcLogin, login: Any) -> bool:
        refused.append(login)
        return await renew(self, login)

    monkeypatch.setattr(OidcLogin, "renew", noted)
    monkeypatch.setattr(issuer, "lifetime_seconds", 6)
    file = tmp_path / "refresh"
    settings = at(plane, AuthMethod.OIDC, oidc=signed_in(issuer, file))
    before = issuer.issued
    async with Connection.open(settings) as conn:

        async def three_tokens_later() -> bool:
            assert await who(conn) == "jane"
            return issuer.issued >= before + 3

        await until(three_tokens_later, "the token was refreshed twice", 60)
    assert not refused
    assert issuer.issued == before + 3
    assert file.read_text() == issuer.refresh_token
    async with Connection.open(settings) as conn:  # after a restart
        assert await who(conn) == "jane"


@pytest.mark.parametrize("ca", ["another", "the system's"])
async def test_an_issuer_is_never_trusted_without_its_authority(
    plane: ControlPlane, issuer: Issuer, tmp_path: Path, ca: str
) -> None:
    """The refresh token goes to nobody whose certificate is not from the authority that the settings name."""
    oidc = signed_in(issuer, tmp_path / "refresh", ca_file=plane.ca_file)
    if ca == "the system's":
        oidc = msgspec.structs.replace(oidc, ca_file="")
    before = issuer.refused, issuer.issued
    async with Connection.open(at(plane, AuthMethod.OIDC, oidc=oidc)) as conn:
        with pytest.raises(Unauthenticated, match="certificate verify failed") as error:
            await who(conn)
    assert "cluster prod" in str(error.value)
    assert issuer.url in str(error.value)
    assert (issuer.refused, issuer.issued) == before


async def test_an_issuer_that_is_down_is_named_and_works_again_when_it_is_back(
    plane: ControlPlane, issuer: Issuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the token holds nobody needs the issuer; then the error names it, until it answers again."""
    monkeypatch.setattr(issuer, "lifetime_seconds", 6)
    async with Connection.open(at(plane, AuthMethod.OIDC, oidc=signed_in(issuer, tmp_path / "refresh"))) as conn:
        assert await who(conn) == "jane"
        await issuer.down()
        try:
            assert await who(conn) == "jane"

            async def refused() -> str:
                try:
                    await who(conn)
                except KubeError as error:
                    return str(error)
                return ""

            said = await until(refused, "the token has ended", 60)
            assert f"no login to cluster prod ({plane.server}): the OIDC issuer {issuer.url} cannot be reached" in said
        finally:
            await issuer.up()

        async def known() -> bool:
            return await refused() == ""

        await until(known, "the issuer is asked again", 30)


async def mounted(plane: ControlPlane, folder: Path, account: str) -> None:
    """What a kubelet puts into a Pod of this service account, or its next token."""
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 600}}
    answer = await plane.request("POST", f"{ACCOUNTS}/{account}/token", request)
    (folder / "ca.crt").write_bytes(plane.ca_file.read_bytes())
    (folder / ".token").write_text(answer["status"]["token"])
    (folder / ".token").replace(folder / "token")


async def test_in_a_pod_tokens_are_rotated_and_one_that_is_revoked_is_told(plane: ControlPlane, tmp_path: Path) -> None:
    """A bound token is replaced on the way; with its account gone the error says so, until there is a new one."""
    account = {"metadata": {"name": "worker"}}
    name = "system:serviceaccount:default:worker"
    await plane.request("POST", ACCOUNTS, account)
    await mounted(plane, tmp_path, "worker")
    host, _, port = plane.server.removeprefix("https://").rpartition(":")
    environ = {"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port}
    access = access_to(ClusterSettings(id="here", auth_method=AuthMethod.IN_CLUSTER), environ, tmp_path)
    conn = Connection("here", access)
    try:
        assert await who(conn) == name
        first = await access.credentials.login()
        await mounted(plane, tmp_path, "worker")

        async def is_rotated() -> bool:
            assert await who(conn) == name
            return await access.credentials.login() != first

        await until(is_rotated, "the next token is used", 10)
        await plane.request("DELETE", f"{ACCOUNTS}/worker")

        async def is_refused() -> str:
            try:
                await who(conn)
            except Unauthenticated as error:
                return str(error)
            return ""

        said = await until(is_refused, "the apiserver has forgotten the account", 60)
        assert "on cluster here" in said
        assert "401 Unauthorized" in said
        assert (tmp_path / "token").read_text() not in said
        await plane.request("POST", ACCOUNTS, account)
        await mounted(plane, tmp_path, "worker")
        assert await who(conn) == name, "a 401 reads the file at once"
    finally:
        await conn.close()
