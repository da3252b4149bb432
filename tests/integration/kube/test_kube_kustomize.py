"""Folders of Kustomize as manifests, rendered by the real kubectl."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from kgraph.kube import kustomize
from kgraph.kube.snapshot import Document, Problem, read
from kgraph.stack.kubernetes_programs import programs
from kgraph.stack.progress import silent

pytestmark = pytest.mark.kubernetes

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {LEVEL: info}\n"
BASE = "resources: [settings.yaml]\n"
OVERLAY = "resources: [../../base]\nnamespace: shop\nnamePrefix: prod-\n"


@pytest.fixture
async def _kubectl(control_plane: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """A PATH that holds the stack's kubectl and nothing else."""
    monkeypatch.setenv("PATH", str((await programs(silent)).kubernetes))


def written(folder: Path, files: Mapping[str, str]) -> Path:
    """The folder with these files."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def found(folder: Path) -> tuple[list[str], list[Problem]]:
    """The objects as `namespace/name`, and the problems."""
    everything = list(read(folder))
    objects = [each.object["metadata"] for each in everything if isinstance(each, Document)]
    problems = [each for each in everything if isinstance(each, Problem)]
    return [f"{each.get('namespace', '')}/{each['name']}" for each in objects], problems


@pytest.mark.usefixtures("_kubectl")
def test_an_overlay_is_rendered_and_its_base_is_not_read_beside_it(tmp_path: Path) -> None:
    """Of an overlay and its base one set of objects comes, the overlay's; plain manifests beside them come too."""
    files = {
        "base/kustomization.yaml": BASE, "base/settings.yaml": CONFIG, "overlays/prod/kustomization.yml": OVERLAY,
        "plain/other.yaml": CONFIG.replace("settings", "other"),
    }  # fmt: skip
    assert found(written(tmp_path, files)) == (["shop/prod-settings", "/other"], [])
    assert found(tmp_path / "overlays" / "prod") == (["shop/prod-settings"], [])


@pytest.mark.usefixtures("_kubectl")
def test_what_cannot_be_rendered_is_named_and_the_rest_goes_in(tmp_path: Path) -> None:
    """The tool's own words, a remote base, a generator plugin and a chart are each told with their folder."""
    annotations = "{config.kubernetes.io/function: 'exec: {path: ./x}'}"
    plugin = f"apiVersion: v1\nkind: Exec\nmetadata: {{name: x, annotations: {annotations}}}\n"
    files = {
        "broken/kustomization.yaml": "resources: [gone.yaml]\n",
        "chart/Chart.yaml": "name: x\n",
        "chart/templates/x.yaml": "{{ no yaml }}",
        "good/a.yaml": CONFIG,
        "plugin/kustomization.yaml": "generators: [exec.yaml]\n",
        "plugin/exec.yaml": plugin,
        "plugin/x": f"#!/bin/sh\n: > {tmp_path}/was-run\n",
        "remote/base/kustomization.yaml": "resources: ['https://github.com/org/repo//base?ref=v1']\n",
        "remote/over/kustomization.yaml": "resources: [../base]\n",
        "short/kustomization.yaml": "resources: [github.com/org/repo]\n",
    }  # fmt: skip
    (written(tmp_path, files) / "plugin/x").chmod(0o755)
    objects, problems = found(tmp_path)
    assert objects == ["/settings"]
    told = {Path(each.origin).relative_to(tmp_path).as_posix(): (each.level, each.message) for each in problems}
    assert sorted(told) == ["broken", "chart", "plugin", "remote/over", "short"]
    assert "gone.yaml" in told["broken"][1]
    assert told["chart"][0] == "warning"
    assert "helm template" in told["chart"][1]
    assert "could not build it" in told["plugin"][1]
    assert not (tmp_path / "was-run").exists()
    assert "https://github.com/org/repo//base?ref=v1" in told["remote/over"][1]
    assert "nothing is fetched" in told["short"][1]


@pytest.mark.usefixtures("_kubectl")
def test_a_tool_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rendering that takes longer than it may is a problem of its folder, and nothing waits for it."""
    written(tmp_path, {"bin/kustomize": "#!/bin/sh\nwhile :; do :; done\n", "app/kustomization.yaml": BASE})
    (tmp_path / "bin/kustomize").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(kustomize, "RENDER_SECONDS", 0.5)
    _, (problem,) = found(tmp_path / "app")
    assert "within 0.5 s" in problem.message


def test_without_a_tool_the_folder_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where neither tool is on PATH, the folder is left out with what to do."""
    monkeypatch.setenv("PATH", str(tmp_path))
    _, (problem,) = found(written(tmp_path, {"kustomization.yaml": BASE, "settings.yaml": CONFIG}))
    assert "neither kustomize nor kubectl is on PATH" in problem.message
