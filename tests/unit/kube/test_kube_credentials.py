"""Logins that are kept fresh: files, exec plugins, OIDC."""

import asyncio
import base64
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import msgspec
import psutil
import pytest

from kgraph.kube.credentials import Login, Stored
from kgraph.kube.errors import ConfigurationError, KubeError, Unauthenticated
from kgraph.kube.exec_plugin import ExecConfig, ExecPlugin, Variable
from kgraph.kube.oidc import OidcLogin
from kgraph.kube.settings import OidcSettings
from tests.workers import until

MARKER = "t0ken-marker"
V1 = "client.authentication.k8s.io/v1"


class Clock:
    """Time that a test sets."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def clocks(clock: Clock) -> dict[str, Clock]:
    """One clock for the time of day and for what has passed."""
    return {"now": clock, "clock": clock}


async def test_a_token_file_is_read_again_each_minute_and_after_a_401(tmp_path: Path) -> None:
    """A rotated token is taken up within a minute, and at once when the old one is refused."""
    clock, file = Clock(), tmp_path / "token"
    file.write_text("one\n")
    stored = Stored(token="ignored", token_file=file, clock=clock)
    first = await stored.login()
    assert first.authorization == "Bearer one"
    assert await stored.renew(first) is False
    file.write_text("two")
    clock.now += 59
    assert (await stored.login()).authorization == "Bearer one"
    assert await stored.renew(first) is True
    file.write_text("three")
    clock.now += 60
    assert (await stored.login()).authorization == "Bearer three"


async def test_a_token_file_that_vanishes_leaves_the_last_token(tmp_path: Path) -> None:
    """While a file cannot be read the login that was read last is used, as client-go does."""
    clock, file = Clock(), tmp_path / "token"
    with pytest.raises(ConfigurationError, match="the token cannot be read from"):
        await Stored(token_file=file, clock=clock).login()
    file.write_text("one")
    stored = Stored(token_file=file, clock=clock)
    await stored.login()
    file.unlink()
    clock.now += 61
    assert (await stored.login()).authorization == "Bearer one"


@pytest.mark.parametrize("text", ["two words", "line\nbreak", "tökén"])
async def test_a_text_that_can_be_no_token_is_refused_and_not_shown(text: str) -> None:
    """A header cannot be broken by what stands in a token."""
    with pytest.raises(ConfigurationError) as error:
        await Stored(token=text).login()
    assert text not in str(error.value)


async def test_a_password_becomes_basic_authentication() -> None:
    """What proxies before an apiserver still ask for."""
    assert (
        await Stored(basic=("jane", "pw")).login()
    ).authorization == f"Basic {base64.b64encode(b'jane:pw').decode()}"


@pytest.fixture
def plugin(tmp_path: Path) -> Callable[..., ExecPlugin]:
    """Makes exec plugins of Python scripts; each run adds a line to the file `runs`."""

    def make(script: str, clock: Clock | None = None, **config: Any) -> ExecPlugin:
        file = tmp_path / "plugin"
        counted = f"open({str(tmp_path / 'runs')!r}, 'a').write('x\\n')"
        file.write_text(f"#!{sys.executable}\nimport json, os, sys, time\n{counted}\n{script}\n")
        file.chmod(0o755)
        given = {"command": "./plugin", "api_version": V1, "interactive_mode": "Never", **config}
        return ExecPlugin(ExecConfig(**given), tmp_path, {"server": "https://prod"}, **clocks(clock or Clock()))

    return make


def printing(**status: object) -> str:
    """A script that prints an ExecCredential."""
    return f"print(json.dumps({{'apiVersion': {V1!r}, 'kind': 'ExecCredential', 'status': {status!r}}}))"


async def test_a_plugin_is_told_what_kubectl_tells_it(plugin: Callable[..., ExecPlugin]) -> None:
    """The plugin gets its arguments, its variables and KUBERNETES_EXEC_INFO with the cluster, and no terminal."""
    script = (
        "info = json.loads(os.environ['KUBERNETES_EXEC_INFO'])\n"
        "assert info['spec'] == {'interactive': False, 'cluster': {'server': 'https://prod'}}, info\n"
        "assert sys.stdin.read() == ''\n"
        "status = {'token': sys.argv[1] + os.environ['STAGE']}\n"
        "print(json.dumps({'apiVersion': info['apiVersion'], 'kind': 'ExecCredential', 'status': status}))"
    )
    made = plugin(script, args=["tok-"], env=[Variable("STAGE", "prod")], provide_cluster_info=True)
    assert await made.login() == Login("Bearer tok-prod")


async def test_a_plugin_can_give_a_client_certificate(plugin: Callable[..., ExecPlugin]) -> None:
    """A certificate and its key are a login as well as a token is."""
    login = await plugin(printing(clientCertificateData="CRT", clientKeyData="KEY")).login()
    assert login.authorization == ""
    assert login.certificate is not None
    assert login.certificate.key == b"KEY"


async def test_a_plugin_runs_again_only_shortly_before_its_login_ends(
    plugin: Callable[..., ExecPlugin], tmp_path: Path
) -> None:
    """One run serves all requests, at once or later, until the login is about to end."""
    clock = Clock()
    made = plugin(printing(token="t", expirationTimestamp="2027-01-15T08:05:00Z"), clock)  # 300 s from the clock
    await asyncio.gather(*(made.login() for _ in range(5)))
    clock.now += 269
    await made.login()
    assert (tmp_path / "runs").read_text() == "x\n"
    clock.now += 2
    await made.login()
    await made.login()
    assert (tmp_path / "runs").read_text() == "x\n" * 2


async def test_a_401_runs_the_plugin_once_for_all_who_were_refused(
    plugin: Callable[..., ExecPlugin], tmp_path: Path
) -> None:
    """A hundred watches that are refused together start one plugin, and one that changes nothing is not asked again."""
    clock = Clock()
    made = plugin(printing_a_new_token_each_time(), clock)
    refused = await made.login()
    clock.now += 60
    assert await asyncio.gather(*(made.renew(refused) for _ in range(5))) == [True] * 5
    assert (tmp_path / "runs").read_text() == "x\n" * 2
    assert await made.renew(await made.login()) is False


def printing_a_new_token_each_time() -> str:
    """A script whose token is its process's id."""
    status = "{'token': str(os.getpid())}"
    return f"print(json.dumps({{'apiVersion': {V1!r}, 'kind': 'ExecCredential', 'status': {status}}}))"


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (
            f"sys.stderr.write('no session for jane\\n{MARKER * 5}'); sys.exit(3)",
            "ended with code 3: no session for jane",
        ),
        (f"print('{MARKER}')", "printed no ExecCredential in JSON"),
        ("", "printed no ExecCredential in JSON"),
        ("print('{}')", "printed no kind of no apiVersion"),
        (printing(), "printed neither a token nor a client certificate"),
        (printing(clientKeyData=MARKER), "a client certificate without its key, or a key alone"),
    ],
)
async def test_a_failing_plugin_is_an_error_that_names_it_and_shows_no_token(
    plugin: Callable[..., ExecPlugin], script: str, said: str
) -> None:
    """A plugin that fails never ends in an anonymous request, and what it printed is not repeated."""
    with pytest.raises(Unauthenticated) as error:
        await plugin(script).login()
    assert "exec plugin ./plugin" in str(error.value)
    assert said in str(error.value)
    assert MARKER not in str(error.value)
    assert error.value.__cause__ is None


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"command": "no-such-plugin", "install_hint": "install it from X"}, "not on the PATH; install it from X"),
        ({"command": "./missing"}, "cannot be started: No such file"),
        ({"api_version": "client.authentication.k8s.io/v1alpha1"}, "is none of"),
        ({"interactive_mode": "Always"}, "nobody to ask here"),
    ],
)
async def test_a_plugin_that_cannot_run_says_what_to_mend(
    plugin: Callable[..., ExecPlugin], config: dict[str, Any], said: str
) -> None:
    """A missing or unsuitable plugin is a configuration error with the way out."""
    with pytest.raises(ConfigurationError) as error:
        await plugin("", **config).login()
    assert said in str(error.value)


async def test_a_plugin_that_hangs_is_ended(plugin: Callable[..., ExecPlugin], monkeypatch: pytest.MonkeyPatch) -> None:
    """A plugin that waits for ever does not keep the cluster waiting for ever."""
    monkeypatch.setattr("kgraph.kube.exec_plugin.TIMEOUT_SECONDS", 0.5)
    with pytest.raises(Unauthenticated, match=r"gave no answer within 0\.5 s"):
        await plugin("time.sleep(600)").login()


def id_token(ends: float, **more: float) -> str:
    """A JSON Web Token that says when it ends."""
    claims = base64.urlsafe_b64encode(msgspec.json.encode({"exp": ends, **more})).decode().rstrip("=")
    return f"eyJh.{claims}.{MARKER}"


class Issuer:
    """An OpenID Connect issuer at the other end of the wire."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.forms: list[dict[str, str]] = []
        self.logins: list[str] = []
        self.discovered: dict[str, Any] = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
        self.answer: Callable[[], httpx.Response] = lambda: httpx.Response(
            200, json={"id_token": id_token(clock.now + 300), "refresh_token": f"refresh-{len(self.forms)}"}
        )

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/.well-known/openid-configuration"):
            return httpx.Response(200, json={"token_endpoint": "https://issuer/token", **self.discovered})
        self.forms.append(dict(httpx.QueryParams(request.content.decode())))
        self.logins.append(request.headers.get("Authorization", ""))
        return self.answer()


@pytest.fixture
def oidc(tmp_path: Path) -> tuple[OidcLogin, Issuer, Clock]:
    """An OIDC login with a refresh token and a client secret in files."""
    clock = Clock()
    issuer = Issuer(clock)
    (tmp_path / "refresh").write_text("refresh-0\n")
    (tmp_path / "secret").write_text("client-secret")
    settings = OidcSettings(
        issuer_url="https://issuer/",
        client_id="kgraph",
        refresh_token_file=str(tmp_path / "refresh"),
        client_secret_file=str(tmp_path / "secret"),
    )
    return OidcLogin(settings, {}, transport=httpx.MockTransport(issuer), **clocks(clock)), issuer, clock


async def test_an_id_token_is_renewed_before_it_ends_and_rotation_is_kept(
    oidc: tuple[OidcLogin, Issuer, Clock], tmp_path: Path
) -> None:
    """One refresh serves until shortly before the end; a rotated refresh token is used and written back."""
    login, issuer, clock = oidc
    first = await login.login()
    assert first.authorization.startswith("Bearer eyJh.")
    clock.now += 269
    assert await login.login() == first
    clock.now += 2
    assert await login.login() != first
    assert [form["refresh_token"] for form in issuer.forms] == ["refresh-0", "refresh-1"]
    assert issuer.forms[0] | {"refresh_token": ""} == {
        "grant_type": "refresh_token",
        "client_id": "kgraph",
        "client_secret": "client-secret",
        "refresh_token": "",
    }
    assert (tmp_path / "refresh").read_text() == "refresh-2"
    assert (tmp_path / "refresh").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (httpx.Response(400, json={"error": "invalid_grant", "error_description": MARKER}), "400 invalid_grant"),
        (httpx.Response(200, json={"access_token": MARKER}), "no id_token"),
        (httpx.Response(200, text=f"<html>{MARKER}"), "no JSON of OpenID Connect"),
    ],
)
async def test_a_refusing_issuer_is_an_error_that_names_it(
    oidc: tuple[OidcLogin, Issuer, Clock], answer: httpx.Response, said: str
) -> None:
    """What the issuer refuses is said with its code, and no token of its answer."""
    login, issuer, _ = oidc
    issuer.answer = lambda: answer
    with pytest.raises(Unauthenticated) as error:
        await login.login()
    assert "the OIDC issuer https://issuer/" in str(error.value)
    assert said in str(error.value)
    assert MARKER not in repr(error.value)


async def test_an_issuer_that_is_not_there_is_no_crash(oidc: tuple[OidcLogin, Issuer, Clock]) -> None:
    """A network failure on the way to the issuer is a KubeError."""
    login, issuer, _ = oidc

    def fail() -> httpx.Response:
        raise httpx.ConnectError("refused")

    issuer.answer = fail
    with pytest.raises(KubeError, match="cannot be reached"):
        await login.login()


async def test_a_refused_id_token_is_renewed_once_for_all(oidc: tuple[OidcLogin, Issuer, Clock]) -> None:
    """After a 401 the issuer is asked once, however many were refused, and not again at once."""
    login, issuer, clock = oidc
    refused = await login.login()
    assert await login.renew(refused) is False
    clock.now += 60
    assert await asyncio.gather(*(login.renew(refused) for _ in range(5))) == [True] * 5
    assert len(issuer.forms) == 2


async def test_a_refresh_token_that_cannot_be_written_back_lives_on_in_memory(
    oidc: tuple[OidcLogin, Issuer, Clock], tmp_path: Path
) -> None:
    """On a read-only file system rotation still works, for as long as the process lives."""
    login, issuer, clock = oidc
    (tmp_path / ".refresh.new").mkdir()
    await login.login()
    clock.now += 300
    await login.login()
    assert [form["refresh_token"] for form in issuer.forms] == ["refresh-0", "refresh-1"]
    assert (tmp_path / "refresh").read_text() == "refresh-0\n"


async def test_what_someone_else_writes_into_the_refresh_token_file_is_taken(
    oidc: tuple[OidcLogin, Issuer, Clock], tmp_path: Path
) -> None:
    """A new login's refresh token replaces one that was rotated and then revoked, without a restart."""
    login, issuer, clock = oidc
    (tmp_path / ".refresh.new").mkdir()  # nothing can be written back
    await login.login()
    (tmp_path / "refresh").write_text("of-a-new-login")
    clock.now += 300
    await login.login()
    assert [form["refresh_token"] for form in issuer.forms] == ["refresh-0", "of-a-new-login"]


async def test_a_clients_secret_goes_where_the_issuer_wants_it(oidc: tuple[OidcLogin, Issuer, Clock]) -> None:
    """An issuer that says nothing of the matter is told the secret by Basic authentication, as OpenID Connect says."""
    login, issuer, _ = oidc
    issuer.discovered = {}
    await login.login()
    assert issuer.logins == [f"Basic {base64.b64encode(b'kgraph:client-secret').decode()}"]
    assert "client_secret" not in issuer.forms[0]


@pytest.mark.parametrize("hours", [-5, 5])
async def test_an_issuer_whose_clock_is_hours_apart_is_asked_as_often_as_any(
    oidc: tuple[OidcLogin, Issuer, Clock], hours: int
) -> None:
    """How long a token holds is read off the issuer's own clock, so ours may be wrong by hours."""
    login, issuer, clock = oidc

    def answer() -> httpx.Response:
        there = clock.now + 3600 * hours
        return httpx.Response(200, json={"id_token": id_token(there + 300, iat=there)})

    issuer.answer = answer
    for _ in range(100):
        await login.login()
        clock.now += 9
    assert 3 <= len(issuer.forms) <= 4, "900 s of tokens that hold 300 s"


async def test_an_issuer_that_is_down_is_asked_once_for_all_and_a_login_that_holds_is_used(
    oidc: tuple[OidcLogin, Issuer, Clock],
) -> None:
    """While a token holds its renewal may fail; when it has ended all hear why, at the cost of one request a pause."""
    login, issuer, clock = oidc
    first = await login.login()
    mended, issuer.answer = issuer.answer, lambda: httpx.Response(503)
    clock.now += 280
    assert await login.login() == first
    asked = len(issuer.forms)
    clock.now += 30
    refused = await asyncio.gather(*(login.login() for _ in range(50)), return_exceptions=True)
    assert {type(each) for each in refused} == {Unauthenticated}
    assert "answers 503" in str(refused[0])
    assert len(issuer.forms) == asked + 1
    issuer.answer = mended
    with pytest.raises(Unauthenticated):
        await login.login()
    clock.now += 10
    assert await login.login() != first


async def test_a_caller_that_gives_up_does_not_lose_a_rotated_refresh_token(
    oidc: tuple[OidcLogin, Issuer, Clock], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that is cancelled while the issuer answers leaves the answer to those who come after it."""
    login, issuer, _ = oidc
    asked, go_on = asyncio.Event(), asyncio.Event()
    answer = OidcLogin._answer

    async def slowly(self: OidcLogin, *given: Any) -> Any:
        asked.set()
        await go_on.wait()
        return await answer(self, *given)

    monkeypatch.setattr(OidcLogin, "_answer", slowly)
    first = asyncio.create_task(login.login())
    await asked.wait()
    first.cancel()
    await asyncio.wait({first})
    assert first.cancelled()
    go_on.set()
    await login.login()
    assert len(issuer.forms) == 1
    assert (tmp_path / "refresh").read_text() == "refresh-1"


async def test_a_plugin_that_hangs_is_ended_with_all_that_it_has_started(
    plugin: Callable[..., ExecPlugin], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shell that waits for its child is the usual plugin; neither outlives the time limit, nor holds us up."""
    monkeypatch.setattr("kgraph.kube.exec_plugin.TIMEOUT_SECONDS", 1)
    child = f"import os, time; open({str(tmp_path / 'child')!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    made = plugin(f"import subprocess; subprocess.run([sys.executable, '-c', {child!r}])")
    async with asyncio.timeout(30):
        with pytest.raises(Unauthenticated, match="gave no answer within"):
            await made.login()
    pid = int((tmp_path / "child").read_text())

    async def is_gone() -> bool:
        return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE

    await until(is_gone, "the plugin's child is gone", 30)


async def test_a_plugin_that_fails_is_not_started_by_each_who_asks(
    plugin: Callable[..., ExecPlugin], tmp_path: Path
) -> None:
    """A hundred watches without a login start one failing plugin a pause, and all hear why it failed."""
    clock = Clock()
    made = plugin("sys.exit('no session')", clock)
    for _ in range(2):
        refused = await asyncio.gather(*(made.login() for _ in range(50)), return_exceptions=True)
        assert {str(each).partition(" (")[0] for each in refused} == {
            "exec plugin ./plugin ended with code 1: no session"
        }
    assert (tmp_path / "runs").read_text() == "x\n"
    clock.now += 10
    with pytest.raises(Unauthenticated):
        await made.login()
    assert (tmp_path / "runs").read_text() == "x\n" * 2


async def test_a_plugin_whose_login_has_ended_by_our_clock_is_started_once_a_pause(
    plugin: Callable[..., ExecPlugin], tmp_path: Path
) -> None:
    """With a clock hours ahead every login looks ended; it is used, and the plugin is not run again and again."""
    clock = Clock()
    made = plugin(printing(token="t", expirationTimestamp="2027-01-15T03:05:00Z"), clock)  # five hours before the clock
    for _ in range(10):
        assert (await made.login()).authorization == "Bearer t"
        clock.now += 2
    assert (tmp_path / "runs").read_text() == "x\n" * 2
