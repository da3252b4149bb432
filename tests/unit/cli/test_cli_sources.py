"""Which clusters a command is about, and what it says of them."""

from pathlib import Path

import pytest

from kgraph.cli.configuration.reading import load
from kgraph.cli.errors import BadConfiguration
from kgraph.cli.sources import Asked, choose_source, demo_folder
from kgraph.kube.errors import KubeError
from kgraph.kube.settings import AuthMethod
from kgraph.stack.ports import free_ports

NOTHING = load("", {})


def kubeconfig(folder: Path, server: str) -> Path:
    """A kubeconfig whose current context is `there`."""
    file = folder / "kubeconfig"
    file.write_text(
        "current-context: there\n"
        f"clusters: [{{name: c, cluster: {{server: '{server}'}}}}]\n"
        "users: [{name: u, user: {token: t}}]\n"
        "contexts: [{name: there, context: {cluster: c, user: u}}]\n"
    )
    return file


async def test_without_a_kubeconfig_there_is_the_demo(tmp_path: Path) -> None:
    """A bare machine sees the demo, and reads why."""
    source = await choose_source(Asked(), NOTHING, {"KUBECONFIG": str(tmp_path / "none")})
    (cluster,) = source.clusters
    assert (cluster.id, cluster.auth_method) == ("demo", AuthMethod.SNAPSHOT)
    assert Path(cluster.snapshot_path) == demo_folder()
    assert source.why.startswith(f"Showing the bundled demo: no kubeconfig: {tmp_path / 'none'} is not there")


async def test_a_context_that_does_not_answer_gives_the_demo(tmp_path: Path) -> None:
    """A cluster that is down is not waited for; the sentence names the context and what happened."""
    (port,) = free_ports(1)
    file = kubeconfig(tmp_path, f"http://127.0.0.1:{port}")
    source = await choose_source(Asked(), NOTHING, {"KUBECONFIG": str(file)})
    assert [cluster.id for cluster in source.clusters] == ["demo"]
    assert "the current context there does not answer" in source.why


async def test_a_context_that_was_named_has_to_answer(tmp_path: Path) -> None:
    """Whoever names a context wants that one: there is an error, and no demo."""
    (port,) = free_ports(1)
    file = kubeconfig(tmp_path, f"http://127.0.0.1:{port}")
    for asked in (Asked(context="there"), Asked(context="elsewhere"), Asked(kubeconfig=str(file))):
        with pytest.raises(KubeError):
            await choose_source(asked, NOTHING, {"KUBECONFIG": str(file)})


async def test_the_configured_clusters_win_over_the_kubeconfig(tmp_path: Path) -> None:
    """A configuration that names clusters is what is shown."""
    source = await choose_source(Asked(), load("clusters: [{id: a}, {id: b}]", {}), {})
    assert [cluster.id for cluster in source.clusters] == ["a", "b"]


async def test_snapshots_are_named_after_their_files(tmp_path: Path) -> None:
    """Each snapshot is a cluster of its own, with an id that says where it is from; no two share one."""
    for name in ("one/dump.yaml", "two/dump.json", "prod eu"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    paths = tuple(str(tmp_path / name) for name in ("one/dump.yaml", "two/dump.json", "prod eu"))
    source = await choose_source(Asked(snapshots=(*paths, "-")), NOTHING, {})
    assert [cluster.id for cluster in source.clusters] == ["dump", "dump-2", "prod-eu", "stdin"]
    with pytest.raises(BadConfiguration, match="no such file"):
        await choose_source(Asked(snapshots=("/no/such/dump",)), NOTHING, {})
