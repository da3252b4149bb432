"""The image and the compose file, as far as no Docker daemon is needed to know."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from kgraph.stack.cache import cached
from kgraph.stack.commands import run
from tests.chart import DEPLOY, FOLDER

ROOT = DEPLOY.parent
INSTALL, LOCK = DEPLOY / "install.sh", ROOT / "requirements.lock"
VERSION = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)


@pytest.fixture(scope="module")
async def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the image has at /opt/kgraph, made by the steps of the Dockerfile.

    Its libraries depend on nothing but the lock, the step and Python: pip needs 20 s for them, so they are kept.
    """
    folder = tmp_path_factory.mktemp("image") / "kgraph"
    depends = f"{sys.version} {LOCK.read_text('utf-8')} {INSTALL.read_text('utf-8')}"
    name = f"image-libraries-{hashlib.sha256(depends.encode()).hexdigest()[:12]}"
    libraries = await cached(name, partial(_install, "libraries"))
    shutil.copytree(libraries, folder, symlinks=True, copy_function=_linked)
    await _install("program", folder)
    return folder


def _linked(source: str, target: str) -> None:
    # 200 MB, of which the next step changes nothing: it adds.
    try:
        os.link(source, target)
    except OSError:  # it is on another disk
        shutil.copy2(source, target)


async def _install(step: str, folder: Path) -> None:
    # The Python of the image has pip; the machine's own may have none, this environment's has.
    path = f"PATH={Path(sys.executable).parent}:{os.environ['PATH']}"
    await run("env", path, str(INSTALL), step, str(folder), cwd=ROOT)


def test_the_installed_program_has_all_its_files(image: Path) -> None:
    """Statements, pages, the demo and locks are in the wheel: every file that the repository has of the package."""
    (installed,) = image.glob("lib/python3.*/site-packages/kgraph")
    tracked = subprocess.run(["git", "ls-files", "kgraph"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    missing = [file for file in tracked.splitlines() if not (installed.parent / file).is_file()]
    assert missing == []


@pytest.mark.parametrize("words", [("serve",), ("worker",)])
def test_the_installed_program_starts_without_the_repository(image: Path, words: tuple[str, ...]) -> None:
    """With an empty environment and no HOME, the commands of the image get as far as asking for their Neo4j."""
    found = subprocess.run(
        [image / "bin" / "kgraph", *words], cwd="/", env={"LOG_FORMAT": "json"}, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert found.returncode != 0
    assert "which Neo4j?" in found.stderr


def test_the_health_check_asks_the_api_and_leaves_a_worker_alone(image: Path) -> None:
    """In a process that is no API it is content: there is nothing to ask."""
    check = [image / "bin" / "python", DEPLOY / "healthcheck.py"]
    assert subprocess.run(check, capture_output=True, timeout=60, check=False).returncode == 0


def test_the_dockerfile_keeps_its_promises() -> None:
    """Two stages of one base, a user who is not root, a health check, SPEC's ports, and the steps that are tested."""
    lines = (DEPLOY / "Dockerfile").read_text("utf-8").splitlines()
    assert [line for line in lines if line.startswith("FROM")] == ["FROM ${PYTHON} AS build", "FROM ${PYTHON}"]
    assert [line for line in lines if line.startswith("RUN")] == [
        "RUN deploy/install.sh libraries /opt/kgraph",
        "RUN deploy/install.sh program /opt/kgraph",
    ]
    assert "USER 65532:65532" in lines
    assert "EXPOSE 8080 9090" in lines
    assert any(line.startswith("HEALTHCHECK") for line in lines)


def test_what_the_dockerfile_copies_is_sent_to_the_daemon() -> None:
    """.dockerignore lets through each path of the repository that the Dockerfile copies."""
    sent = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")}
    copied: set[str] = set()
    for line in (DEPLOY / "Dockerfile").read_text("utf-8").splitlines():
        if line.startswith("COPY ") and "--from" not in line:
            copied |= set(line.split()[1:-1])
    assert copied == sent
    assert all((ROOT / path).exists() for path in copied)


def test_everything_has_the_programs_version() -> None:
    """Chart, its appVersion and the compose file's image have the version of pyproject.toml."""
    assert VERSION is not None
    chart = yaml.safe_load((FOLDER / "Chart.yaml").read_text("utf-8"))
    assert (chart["version"], chart["appVersion"]) == (VERSION[1], VERSION[1])
    assert compose()["services"]["api"]["image"].endswith(f":{VERSION[1]}")


def test_compose_opens_nothing_to_other_machines() -> None:
    """Ports are the loopback's; the adapter has a read-only root, no capabilities, and loopback as its address."""
    services = compose()["services"]
    ports = [port for service in services.values() for port in service.get("ports", ())]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)
    for name in ("api", "worker"):
        assert services[name]["read_only"] is True
        assert services[name]["cap_drop"] == ["ALL"]
        assert services[name]["command"][0] == {"api": "serve", "worker": "worker"}[name]
        assert "--host" not in services[name]["command"]


def compose() -> dict[str, Any]:
    """The compose file, its merges done."""
    return dict(yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8")))
