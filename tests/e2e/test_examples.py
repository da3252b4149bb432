"""The scripts of examples/, as their pages say to run them."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import EXAMPLES, Home, Up
from tests.servers import Cluster

pytestmark = [pytest.mark.neo4j, pytest.mark.timeout(1200)]

PAGES = EXAMPLES.parent / "docs" / "guides" / "use-cases"
SHOWN = re.compile(r"```console\n\$ \.venv/bin/python examples/(\w+)\.py\n(.*?)```", re.DOTALL)
SCRIPTS = sorted(path.stem for path in EXAMPLES.glob("*.py") if path.stem != "client")
DECLARED = """
clusters:
  - {{id: live, kubeconfig_path: '{kubeconfig}'}}
  - {{id: git, auth_method: snapshot, snapshot_path: '{folder}'}}
enable_mutations: true
"""
CONFIG_MAP = (
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: {namespace}}}\ndata: {{mode: fast}}\n"
)


def printed() -> dict[str, str]:
    """What the pages say that each script prints."""
    return dict(found for page in PAGES.glob("*.md") for found in SHOWN.findall(page.read_text("utf-8")))


@pytest.fixture(scope="module")
def up(home_of_module: Home) -> Iterator[Up]:
    """A running `kgraph up` over what the examples run over."""
    with home_of_module.up("--config", str(EXAMPLES / "fleet.yaml")) as running:
        yield running


def test_every_example_has_its_page() -> None:
    """Each script is shown in one page with what it prints."""
    assert sorted(printed()) == SCRIPTS


@pytest.mark.parametrize("script", SCRIPTS)
def test_pages_show_what_is_printed(home_of_module: Home, up: Up, script: str) -> None:
    """Each script prints, over the demo, what its page says, to the letter and within 80 columns."""
    ran = home_of_module.run_example(script)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == printed()[script]
    assert all(len(line) <= 80 for line in ran.stdout.splitlines())


@pytest.mark.kubernetes
async def test_a_dry_run_asks_the_cluster_and_changes_nothing(
    home: Home, control_plane: Cluster, namespace: str, tmp_path: Path
) -> None:
    """Of a live cluster the GitOps example learns what would be taken and what would not, and nothing is changed."""
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    held = {"metadata": {"name": "settings"}, "data": {"mode": "slow"}}
    locked = {"metadata": {"name": "locked"}, "data": {"mode": "slow"}, "immutable": True}
    for one in (held, locked):
        await control_plane.request("POST", path, one)
    folder = tmp_path / "git"
    folder.mkdir()
    for name in ("settings", "locked", "new"):
        (folder / f"{name}.yaml").write_text(CONFIG_MAP.format(name=name, namespace=namespace))
    with home.up("--config", DECLARED.format(kubeconfig=control_plane.kubeconfig, folder=folder)):
        ran = home.run_example("gitops", "git", "live")
    assert (ran.returncode, ran.stderr) == (0, "")
    told = dict(re.findall(r"^\w+ ConfigMap [^/]+/(\w+)$.*?dry run: (.*?)$", ran.stdout, re.DOTALL | re.MULTILINE))
    assert told["settings"] == told["new"] == "the cluster would take it"
    assert "immutable" in told["locked"]
    there = await control_plane.request("GET", path)
    modes = {one["metadata"]["name"]: one["data"]["mode"] for one in there["items"] if "mode" in one["data"]}
    assert modes == {"settings": "slow", "locked": "slow"}
