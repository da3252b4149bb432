"""Clusters that are added and removed while `kgraph up` runs, by the API and by the command line."""

import base64
import json
import secrets
from typing import Any

import httpx
import pytest

from kgraph.cli.running import find_running
from kgraph.cli.sources import demo_folder
from tests.e2e.conftest import UP_SECONDS, Home, wait_until
from tests.integration.sync.live import files_with

pytestmark = [pytest.mark.neo4j, pytest.mark.timeout(1200)]

CONFIG = (
    f"{{enable_mutations: true, clusters: [{{id: shop, auth_method: snapshot, snapshot_path: '{demo_folder()}'}}]}}"
)
MARKER = "t0ken-marker-of-a-cluster"
NOBODY = "https://127.0.0.1:9"  # discard: nothing listens there
ADD = """
mutation Add($input: ClusterInput!, $dryRun: Boolean!) {
  addCluster(input: $input, dryRun: $dryRun) { id server status { ready message components { name ready } } }
}"""
REMOVE = "mutation Remove($id: ID!) { removeCluster(id: $id) }"


def test_clusters_come_and_go_and_their_credentials_are_nowhere_to_be_read(home: Home) -> None:
    """Added by API and command, listed with why they are not connected, removed; the token is in no file or answer."""
    key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    home.environ["KGRAPH_CREDENTIALS_KEY"] = key
    token = home.folder / "token"
    token.write_text(MARKER)
    with home.up("--config", CONFIG) as up:
        running = find_running(home.environ)
        assert running is not None
        answers: list[str] = []

        def ask(query: str, **variables: Any) -> dict[str, Any]:
            response = httpx.post(
                f"{running.api}/graphql", json={"query": query, "variables": variables}, trust_env=False, timeout=60
            )
            answers.append(response.text)
            answer: dict[str, Any] = response.json()
            return answer

        one = {"id": "one", "server": NOBODY, "token": MARKER}
        assert ask(ADD, input=one, dryRun=True) == {"data": {"addCluster": None}}
        added = ask(ADD, input=one, dryRun=False)["data"]["addCluster"]
        assert (added["server"], added["status"]["ready"]) == (NOBODY, False)
        refused = ask(ADD, input={**one, "kubeconfig": "x"}, dryRun=False)["errors"][0]
        assert refused["extensions"]["code"] == "BAD_USER_INPUT"
        assert ask(ADD, input=one, dryRun=False)["errors"][0]["extensions"]["code"] == "CONFLICT"
        assert ask(REMOVE, id="shop")["errors"][0]["extensions"]["code"] == "CONFLICT"
        by_command = home.run("cluster", "add", "two", "--server", NOBODY, "--token-file", str(token))
        assert by_command.returncode == 0, by_command.stderr
        twice = home.run("cluster", "add", "two", "--server", NOBODY, "--token-file", str(token))
        assert (twice.returncode, "already" in twice.stderr) == (1, True), twice.stderr

        def both_are_known_as_lost() -> bool:
            listed = home.run("cluster", "list", "-o", "json")
            answers.append(listed.stdout)
            found = {each["id"]: each for each in json.loads(listed.stdout)}
            return found["shop"]["status"]["ready"] and not any(
                found[each]["connected"] in (None, True) for each in TWO
            )

        wait_until(both_are_known_as_lost, UP_SECONDS, "both are listed as not connected")
        table = home.run("cluster", "list")
        lines = {line.split("\t")[0]: line.split("\t") for line in table.stdout.splitlines()}
        assert [lines[each][1] for each in ("one", "shop", "two")] == ["lost", "ready", "lost"]
        assert "cannot connect to 127.0.0.1:9" in " ".join(table.stderr.split())
        health = httpx.get(f"{running.api}/health/ready", trust_env=False).json()
        assert {each["id"]: each["connected"] for each in health["clusters"]} == {
            "one": False,
            "shop": None,
            "two": False,
        }
        assert ask(REMOVE, id="one") == {"data": {"removeCluster": True}}
        removed = home.run("cluster", "remove", "two")
        assert removed.returncode == 0, removed.stderr

        def both_are_gone() -> bool:
            return [each["id"] for each in json.loads(home.run("cluster", "list", "-o", "json").stdout)] == ["shop"]

        wait_until(both_are_gone, UP_SECONDS, "both are gone")
        answers += [up.said, table.stdout, table.stderr, by_command.stderr, twice.stderr]
        token.unlink()
        assert files_with(home.folder, (MARKER.encode(), key.encode())) == []
    assert not [answer for answer in answers if MARKER in answer or key in answer]


TWO = ("one", "two")
