"""Logins, discovery and errors against a real apiserver."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kgraph.kube import discovery, errors
from kgraph.kube.access import access_to
from kgraph.kube.connection import Connection
from kgraph.kube.discovery import discover
from kgraph.kube.selection import select
from kgraph.kube.settings import AuthMethod, ClusterSettings, TlsSettings
from kgraph.stack.kubernetes import ControlPlane
from tests.servers import Cluster

pytestmark = pytest.mark.kubernetes


def settings(control_plane: Cluster, **given: Any) -> ClusterSettings:
    """The settings of the test cluster."""
    return ClusterSettings(**{"id": "prod", "kubeconfig_path": str(control_plane.kubeconfig), "qps": 0, **given})


@pytest.fixture
async def conn(control_plane: Cluster) -> AsyncIterator[Connection]:
    """The administrator's connection."""
    async with Connection.open(settings(control_plane)) as opened:
        yield opened


async def who(given: ClusterSettings) -> str:
    """Whom the apiserver takes us for."""
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    async with Connection.open(given) as conn:
        answer = await conn.request(
            "POST",
            "/apis/authentication.k8s.io/v1/selfsubjectreviews",
            body=msgspec.json.encode(review),
            headers=[("Content-Type", "application/json")],
        )
    name: str = msgspec.json.decode(answer)["status"]["userInfo"]["username"]
    return name


def bearer(control_plane: Cluster, token: str) -> ClusterSettings:
    """The settings of someone with a token."""
    return settings(
        control_plane,
        auth_method=AuthMethod.TOKEN,
        api_server_url=control_plane.server,
        service_account_token=token,
        tls_config=TlsSettings(ca_file=str(control_plane.ca_file)),
    )


async def test_a_kubeconfig_leads_to_the_cluster(conn: Connection, control_plane: Cluster) -> None:
    """The administrator's kubeconfig is enough to be answered."""
    assert (conn.cluster, conn.server) == ("prod", control_plane.server)
    assert (await conn.version())["gitVersion"].startswith("v1.")


async def test_a_token_is_who_it_belongs_to(control_plane: Cluster) -> None:
    """A user's token makes us that user."""
    assert await who(bearer(control_plane, control_plane.token_of("alice"))) == "alice"


async def test_a_client_certificate_is_who_it_names(own_control_plane: ControlPlane) -> None:
    """A certificate of the cluster's CA makes us its common name."""
    pair = await own_control_plane.client_certificate("jane", ("developers",))
    tls = TlsSettings(ca_file=str(own_control_plane.ca_file), cert_file=str(pair.certificate), key_file=str(pair.key))
    given = settings(
        own_control_plane, auth_method=AuthMethod.TOKEN, api_server_url=own_control_plane.server, tls_config=tls
    )
    assert await who(given) == "jane"


async def test_in_a_pod_the_service_accounts_token_is_used(control_plane: Cluster, tmp_path: Path) -> None:
    """The mounted token and CA, and the two variables, are all that is needed in a cluster."""
    (tmp_path / "token").write_text(control_plane.token_of("bob"))
    (tmp_path / "ca.crt").write_bytes(control_plane.ca_file.read_bytes())
    host, _, port = control_plane.server.removeprefix("https://").rpartition(":")
    environ = {"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port}
    access = access_to(ClusterSettings(id="here", auth_method=AuthMethod.IN_CLUSTER), environ, tmp_path)
    conn = Connection("here", access)
    with pytest.raises(errors.Forbidden, match='User "bob" cannot list resource "secrets"'):
        await conn.get("/api/v1/secrets")
    await conn.close()


async def test_an_exec_plugin_logs_in_and_again_when_its_token_is_refused(
    control_plane: Cluster, tmp_path: Path
) -> None:
    """A plugin's first token has been revoked; the 401 makes it run again, and the request succeeds."""
    plugin, tokens = tmp_path / "plugin", tmp_path / "tokens"
    tokens.write_text(f"revoked\n{control_plane.token_of('carol')}\n")
    plugin.write_text(
        f"#!{sys.executable}\nimport json\n"
        f"first, _, rest = open({str(tokens)!r}).read().partition('\\n')\n"
        f"open({str(tokens)!r}, 'w').write(rest)\n"
        "print(json.dumps({'apiVersion': 'client.authentication.k8s.io/v1', 'kind': 'ExecCredential',"
        " 'status': {'token': first}}))\n"
    )
    plugin.chmod(0o755)
    login = {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": "./plugin",
            "interactiveMode": "IfAvailable",
        }
    }
    cluster = {"server": control_plane.server, "certificate-authority": str(control_plane.ca_file)}
    config = {
        "current-context": "x",
        "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}],
        "clusters": [{"name": "x", "cluster": cluster}],
        "users": [{"name": "x", "user": login}],
    }
    (tmp_path / "config").write_bytes(msgspec.json.encode(config))
    given = ClusterSettings(id="prod", kubeconfig_path=str(tmp_path / "config"))
    # The pause after a run keeps a plugin with a cache from being asked over and over.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kgraph.kube.renewal.PAUSE_SECONDS", 0)
        assert await who(given) == "carol"


async def test_refusals_are_told_in_the_apiservers_words(control_plane: Cluster, conn: Connection) -> None:
    """401, 403, 404, 409, 422 and 400 each have their error, with the server's sentence and its reason."""
    async with Connection.open(bearer(control_plane, "no-such-token")) as stranger:
        with pytest.raises(errors.Unauthenticated, match="renew the token") as refused:
            await stranger.get("/api/v1/pods")
    assert "no-such-token" not in repr(refused.value)
    with pytest.raises(errors.NotFound, match='namespaces "gone" not found') as missing:
        await conn.get("/api/v1/namespaces/gone")
    assert missing.value.reason == "NotFound"
    json = [("Content-Type", "application/json")]
    default, wrong = (msgspec.json.encode({"metadata": {"name": name}}) for name in ("default", "Upper_Case"))
    with pytest.raises(errors.Conflict) as exists:
        await conn.request("POST", "/api/v1/namespaces", body=default, headers=json)
    assert exists.value.reason == "AlreadyExists"
    with pytest.raises(errors.Invalid) as invalid:
        await conn.request("POST", "/api/v1/namespaces", body=wrong, headers=json)
    assert [cause.field for cause in invalid.value.causes] == ["metadata.name"]
    with pytest.raises(errors.BadRequest, match="unable to parse requirement"):
        await conn.get("/api/v1/pods", {"labelSelector": "a in b"})


async def test_aggregated_and_older_discovery_say_the_same(conn: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """What two requests of aggregated discovery give is what asking group by group gives, in one order."""
    aggregated = await discover(conn)
    monkeypatch.setattr(discovery, "ACCEPT_AGGREGATED", "application/json")
    one_by_one = await discover(conn)
    assert {(r.group, r.version, r.kind, r.plural, r.singular, r.namespaced) for r in aggregated.resources} == {
        (r.group, r.version, r.kind, r.plural, r.singular, r.namespaced) for r in one_by_one.resources
    }
    assert [str(r) for r in aggregated.resources] == [str(r) for r in one_by_one.resources]
    assert {(str(r), frozenset(r.verbs)) for r in aggregated.resources} == {
        (str(r), frozenset(r.verbs)) for r in one_by_one.resources
    }
    assert aggregated.resources[0].group == ""
    assert (await discover(conn)) == one_by_one


async def test_each_kind_is_there_once_and_no_sub_resource(conn: Connection) -> None:
    """Events are core's, pods/log is no kind, and every kind is at the path that it says."""
    found = (await discover(conn)).resources
    kinds = [(r.group, r.kind) for r in found]
    assert [group for group, kind in kinds if kind == "Event"] == [""]
    assert not [r for r in found if "/" in r.plural]
    by_name = {str(r): r for r in found}
    assert by_name["pods"].short_names == ("po",)
    assert by_name["nodes"].namespaced is False
    assert by_name["tokenreviews.authentication.k8s.io"].listable is False
    for resource in select(found, ["pods", "*.apps", "*.rbac.authorization.k8s.io", "events"]):
        assert msgspec.json.decode(await conn.get(resource.path(), {"limit": "1"}))["kind"] == f"{resource.kind}List"


@pytest.mark.parametrize("older", [False, True])
async def test_a_group_whose_server_is_down_costs_that_group_alone(
    conn: Connection,
    control_plane: Cluster,
    monkeypatch: pytest.MonkeyPatch,
    older: bool,
) -> None:
    """An aggregated API without its server is a failure in the result, and all other kinds are there."""
    before = (await discover(conn)).resources
    service = {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": "v1.broken.example.com"},
        "spec": {
            "group": "broken.example.com",
            "version": "v1",
            "insecureSkipTLSVerify": True,
            "groupPriorityMinimum": 1000,
            "versionPriority": 15,
            "service": {"name": "nobody", "namespace": "default"},
        },
    }
    path = "/apis/apiregistration.k8s.io/v1/apiservices"
    await control_plane.request("POST", path, service)
    try:
        if older:
            monkeypatch.setattr(discovery, "ACCEPT_AGGREGATED", "application/json")
        async with asyncio.timeout(60):
            while not (found := await discover(conn)).failures:  # the aggregator hears of an APIService a moment later
                pass
    finally:
        await control_plane.request("DELETE", f"{path}/v1.broken.example.com")
        async with asyncio.timeout(60):
            while (await discover(conn)).failures:  # no other test is to find it
                pass
    (failure,) = found.failures
    assert (failure.group, failure.version) == ("broken.example.com", "v1")
    assert isinstance(failure.error, errors.Unavailable)
    assert [str(r) for r in found.resources] == [str(r) for r in before]
    assert select(found.resources, ["pods", "things.broken.example.com"], failures=found.failures)


async def test_an_apiserver_that_hangs_or_is_gone_is_unavailable_until_it_is_back(
    own_control_plane: ControlPlane,
) -> None:
    """A paused and a killed apiserver are Unavailable, and the same connection works when it answers again."""
    async with Connection.open(settings(own_control_plane, timeout=1)) as conn:
        await conn.version()
        own_control_plane.pause("kube-apiserver")
        try:
            with pytest.raises(errors.Unavailable, match="no bytes for 1 s"):
                await conn.version()
        finally:
            own_control_plane.resume("kube-apiserver")
        await own_control_plane.kill("kube-apiserver")
        try:
            with pytest.raises(errors.Unavailable):
                await conn.version()
        finally:
            await own_control_plane.start_again("kube-apiserver")
        assert (await conn.version())["major"] == "1"
