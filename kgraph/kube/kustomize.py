"""Folders with a kustomization.yaml, rendered by the tool that is there: `kustomize`, else `kubectl kustomize`.

The tool gets nothing that it could reach the network or another program with: no PATH, so that it finds no git, and a
proxy that nobody listens at. Remote bases are looked for beforehand and named. Exec plugins and Helm inflation are off
unless a flag turns them on (kustomize's documentation, "build"), and none is given.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from kgraph.kube.yaml_text import YamlError, documents, load

FILES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
RENDER_SECONDS = 60.0  # a large overlay takes a second
_SAID_CHARACTERS_MOST = 600
_DEAD_PROXY = "http://127.0.0.1:9"  # discard: nobody listens
_LOCAL = ("resources", "bases", "components")  # what names further folders


class Rendered(msgspec.Struct, frozen=True):
    """What a folder gives as YAML, or the `problem` that kept it from it."""

    text: str = ""
    problem: str = ""


def file_of(folder: Path) -> Path | None:
    """The folder's kustomization, if it has one."""
    return next((folder / name for name in FILES if (folder / name).is_file()), None)


def is_component(folder: Path) -> bool:
    """Whether a folder is a Component, which only another kustomization can build."""
    return _read(folder).get("kind") == "Component"


def used_by(folder: Path) -> frozenset[Path]:
    """The folders that a kustomization builds on, and those that they build on in turn."""
    return frozenset(each for each, _ in _uses(folder))


def render(folder: Path) -> Rendered:
    """The folder's objects as YAML; never raises."""
    for remote in (remote for _, remotes in ((folder, _remotes(folder)), *_uses(folder)) for remote in remotes):
        return Rendered(problem=f"it builds on {remote}, and nothing is fetched from the network; vendor it")
    kustomize, kubectl = shutil.which("kustomize"), shutil.which("kubectl")
    if kustomize is None and kubectl is None:
        return Rendered(problem="it is Kustomize's, and neither kustomize nor kubectl is on PATH; install one of them")
    argv = [kustomize, "build"] if kustomize else [str(kubectl), "kustomize"]
    with tempfile.TemporaryDirectory(prefix="kgraph-kustomize-") as home:
        environ = {"PATH": home, "HOME": home, "TMPDIR": home}
        environ |= dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), _DEAD_PROXY)
        try:
            ended = subprocess.run(
                [*map(str, argv), str(folder)],
                env=environ,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=RENDER_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Rendered(problem=f"{Path(str(argv[0])).name} did not build it within {RENDER_SECONDS:g} s")
        except OSError as error:
            return Rendered(problem=f"{argv[0]} cannot be run: {error.strerror}")
    if ended.returncode != 0:
        said = " ".join(ended.stderr.decode("utf-8", "replace").split())
        return Rendered(problem=f"{Path(str(argv[0])).name} could not build it: {said[:_SAID_CHARACTERS_MOST]}")
    return Rendered(ended.stdout.decode("utf-8", "replace"))


def _uses(folder: Path) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Every folder that a kustomization builds on, however far down, with what each names of the network."""
    seen = {folder.resolve()}
    ahead = [folder.resolve()]
    while ahead:
        at = ahead.pop()
        for entry in _entries(at):
            target = _folder(at / entry)
            if target is not None and target not in seen:
                seen.add(target)
                ahead.append(target)
                yield target, _remotes(target)


def _folder(path: Path) -> Path | None:
    """The folder that a path leads to; None where there is none, or what is written can be no path."""
    try:
        target = path.resolve()
        return target if target.is_dir() else None
    except (OSError, ValueError, RuntimeError):  # too long, with a NUL in it, or links that lead to themselves
        return None


def _remotes(folder: Path) -> tuple[str, ...]:
    return tuple(entry for entry in _entries(folder) if _is_remote(folder, entry))


def _entries(folder: Path) -> list[str]:
    value = _read(folder)
    found = (value.get(field) for field in _LOCAL)
    return [entry for entries in found if isinstance(entries, list) for entry in entries if isinstance(entry, str)]


def _is_remote(folder: Path, entry: str) -> bool:
    """Whether kustomize would fetch it: an address, or a path that begins with a host (`github.com/org/repo`)."""
    if "://" in entry or entry.startswith(("git@", "git::")):
        return True
    host, slash, _ = entry.partition("/")
    return bool(slash) and "." in host.strip(".") and _is_absent(folder / entry)


def _is_absent(path: Path) -> bool:
    try:
        return not path.exists()
    except (OSError, ValueError):
        return True


def _read(folder: Path) -> dict[str, Any]:
    """The kustomization as it is written; empty where it cannot be read, which the tool will say better."""
    file = file_of(folder)
    if file is None:
        return {}
    try:
        lines = file.read_text("utf-8-sig").splitlines(keepends=True)
        value = next((value for document in documents(lines) for value, _ in load(document)), None)
    except (OSError, UnicodeDecodeError, YamlError):
        return {}
    return value if isinstance(value, dict) else {}
