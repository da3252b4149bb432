"""`kgraph worker` and `kgraph serve`, over a Neo4j that others run; `up` and `snapshot` on a live cluster."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import neo4j
import pytest

from kgraph.cli.sources import demo_folder
from kgraph.stack.ports import free_ports
from tests.e2e.conftest import READY, STOP_SECONDS, UP_SECONDS, Home, wait_until
from tests.servers import Cluster, Feed, Graph

pytestmark = [pytest.mark.neo4j, pytest.mark.timeout(1200)]

DEMO = f"clusters: [{{id: shop, auth_method: snapshot, snapshot_path: '{demo_folder()}'}}]"


@pytest.fixture
def home(home: Home, neo4j_server: Graph, graph_driver: neo4j.AsyncDriver) -> Home:
    """A user whose variables name the session's Neo4j, which is empty."""
    home.environ |= {
        "NEO4J_URI": neo4j_server.bolt_uri,
        "NEO4J_USER": neo4j_server.user,
        "NEO4J_PASSWORD": neo4j_server.password,
    }
    return home


@contextmanager
def started(home: Home, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """A command that runs until the test ends it."""
    with (
        (home.folder / "service.log").open("a") as log,
        subprocess.Popen(
            [sys.executable, "-m", "kgraph.cli.main", *words], env=home.environ, stdout=log, stderr=log
        ) as process,
    ):
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def test_worker_serve_and_check_share_a_graph(home: Home) -> None:
    """What the worker syncs the API answers from, and the checker finds no difference; SIGTERM ends the API with 0."""
    worked = home.run("worker", "--config", DEMO)
    assert worked.returncode == 0, worked.stderr
    (port,) = free_ports(1)
    api = f"http://127.0.0.1:{port}"
    with started(home, "serve", "--port", str(port)) as process:
        wait_until(lambda: answers(f"{api}/health/ready"), UP_SECONDS, "the API is ready")
        graph = home.run("graph", "deploy/web", "-n", "shop")  # found without --api and without --cluster
        assert graph.stdout.startswith("Deployment shop/web in shop"), graph.stderr
        checked = home.run("check", "--config", DEMO)
        assert (checked.returncode, "no difference" in checked.stdout) == (0, True), checked.stdout + checked.stderr
        process.send_signal(signal.SIGTERM)
        assert process.wait(STOP_SECONDS) == 0, (home.folder / "service.log").read_text()


def test_serve_tells_of_what_the_worker_has_sent_to_kafka(home: Home, kafka_server: Feed) -> None:
    """What a worker writes comes to who follows at another process; SIGTERM ends open streams with words, and 0."""
    home.environ["KAFKA_BOOTSTRAP_SERVERS"] = kafka_server.bootstrap_servers
    (port,) = free_ports(1)
    api = f"http://127.0.0.1:{port}"
    path, asked = f"{api}/api/v1/events/stream", {"namespace": "shop", "resource_type": "deployments"}
    with started(home, "serve", "--port", str(port)) as process:
        wait_until(lambda: answers(f"{api}/health/live"), UP_SECONDS, "the API lives")
        with httpx.stream("GET", path, params=asked, timeout=UP_SECONDS, trust_env=False) as live:
            lines = live.iter_lines()
            assert next(lines).startswith("retry")
            worked = home.run("worker", "--config", DEMO)
            assert worked.returncode == 0, worked.stderr
            told = next(line for line in lines if line.startswith("data") and '"name":"web"' in line)
            assert '"event_type":"CREATED"' in told
            with httpx.stream(
                "GET", path, params={**asked, "initialState": "true"}, timeout=UP_SECONDS, trust_env=False
            ) as whole:
                names = []
                for line in whole.iter_lines():
                    names += [line.removeprefix("event: ")] if line.startswith("event") else []
                    if names[-1:] == ["SYNCED"]:
                        break
            assert set(names) == {"INITIAL", "SYNCED"}
            process.send_signal(signal.SIGTERM)
            assert any("go on from the last event" in line for line in lines)
        assert process.wait(STOP_SECONDS) == 0, (home.folder / "service.log").read_text()


def test_a_login_that_neo4j_refuses_is_one_sentence(home: Home) -> None:
    """A wrong password is told as such, at once."""
    home.environ["NEO4J_PASSWORD"] = "wrong-password"
    ended = home.run("worker", "--config", DEMO)
    assert ended.returncode == 1
    assert "Neo4j refuses the login" in " ".join(ended.stderr.split())
    assert "Traceback" not in ended.stderr


def test_a_worker_without_clusters_waits_for_some_and_ends_when_told_to(home: Home) -> None:
    """Clusters may be added later: a worker with none says how, and SIGTERM ends it with 0."""
    with started(home, "worker") as process:
        log = home.folder / "service.log"
        wait_until(lambda: "kgraph cluster add" in log.read_text(), UP_SECONDS, "it says how to add one")
        process.send_signal(signal.SIGTERM)
        assert process.wait(STOP_SECONDS) == 0, log.read_text()


def test_a_key_that_is_none_is_told_at_once(home: Home) -> None:
    """A worker does not start with a key that could open nothing, and the text is not repeated."""
    home.environ["KGRAPH_CREDENTIALS_KEY"] = "no-key-at-all"
    ended = home.run("worker", "--config", DEMO)
    assert ended.returncode == 1
    assert "KGRAPH_CREDENTIALS_KEY is no key" in " ".join(ended.stderr.split())
    assert "no-key-at-all" not in ended.stderr


def test_two_of_up_do_not_fight_over_one_graph(home: Home) -> None:
    """The second names the first and ends with 1; the first's lease is given up as it ends, and another can begin."""
    once = ("up", "--once", "--config", DEMO)
    with started(home, "up", "--config", DEMO) as first:
        log = home.folder / "service.log"
        wait_until(lambda: READY in log.read_text(), UP_SECONDS, "the first is ready")
        second = home.run(*once)
        assert second.returncode == 1, second.stdout
        assert f"-{first.pid} syncs shop into this graph already" in " ".join(second.stderr.split())
        first.send_signal(signal.SIGTERM)
        assert first.wait(STOP_SECONDS) == 0, log.read_text()
    assert home.run(*once).returncode == 0


@pytest.mark.kubernetes
async def test_a_live_cluster_can_be_seen_and_taken_home(
    home: Home, control_plane: Cluster, namespace: str, tmp_path: Path
) -> None:
    """`up` shows the current context; `snapshot` dumps it without secret values; `up` shows the dump."""
    secret = {"metadata": {"name": "login"}, "stringData": {"password": "correct-horse"}}
    await control_plane.request("POST", f"/api/v1/namespaces/{namespace}/secrets", secret)
    home.environ["KUBECONFIG"] = str(control_plane.kubeconfig)
    live = home.run("up", "--once")
    assert live.returncode == 0, live.stderr
    assert "Showing the cluster of the current context" in " ".join(live.stderr.split())
    folder = tmp_path / "dump"
    dumped = home.run("snapshot", str(folder))
    assert dumped.returncode == 0, dumped.stderr
    text = "".join(file.read_text("utf-8") for file in folder.rglob("*.yaml"))
    assert "name: login" in text
    assert not any(word in text for word in ("correct-horse", "Y29ycmVjdC1ob3JzZQ"))
    again = home.run("snapshot", str(folder))
    assert again.returncode == 2, "a folder that holds a dump already is not written into"
    shown = home.run("up", "--once", "--snapshot", str(folder))
    assert shown.returncode == 0, shown.stderr


def test_a_server_that_others_reach_wants_authentication(home: Home) -> None:
    """Without it the address is refused, with what to configure."""
    ended = home.run("serve", "--host", "0.0.0.0")
    assert ended.returncode == 2
    assert "set `authentication` in the configuration" in " ".join(ended.stderr.split())


@pytest.mark.kubernetes
def test_who_asks_a_server_says_who_they_are(
    home: Home, control_plane: Cluster, namespace: str, tmp_path: Path
) -> None:
    """`serve` on all addresses knows callers by the cluster's tokens, and `kgraph` sends the one that it is given."""
    config = tmp_path / "clusters.yaml"
    config.write_text(
        f"clusters: [{{id: live, kubeconfig_path: '{control_plane.kubeconfig}'}}]\n"
        "authentication: {token_review: [{cluster: live}]}\n"
    )
    token = tmp_path / "token"
    token.write_text(control_plane.admin_token)
    (port,) = free_ports(1)
    log = home.folder / "service.log"
    with ExitStack() as stack:
        serving = ("serve", "--config", str(config), "--host", "0.0.0.0", "--port", str(port))
        stack.enter_context(started(home, *serving))
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/health/ready"), UP_SECONDS, "the API is ready")
        stack.enter_context(started(home, "worker", "--config", str(config)))
        asked = ("graph", f"namespace/{namespace}", "--cluster", "live")
        stranger = home.run(*asked)
        assert stranger.returncode == 1
        assert "does not know you" in stranger.stderr
        assert "--token-file" in stranger.stderr
        known = ("--token-file", str(token))
        wait_until(lambda: home.run(*asked, *known).returncode == 0, UP_SECONDS, "the namespace is in the graph")
        assert home.run(*asked, *known).stdout.startswith(f"Namespace {namespace}")
        elsewhere = home.run(*asked, *known, "--api", "http://kgraph.example.com")
        assert elsewhere.returncode == 2
        assert "never sent over plain http" in " ".join(elsewhere.stderr.split())
        assert control_plane.admin_token not in log.read_text() + stranger.stderr + elsewhere.stderr


def answers(address: str) -> bool:
    """Whether an address answers with 200."""
    try:
        return httpx.get(address, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False
