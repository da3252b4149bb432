"""The cache holds whole folders only, and one process builds each."""

import asyncio
from pathlib import Path

import pytest

from kgraph.stack.cache import cache_root, cached
from kgraph.stack.errors import DataFolderInUse
from kgraph.stack.folders import held_folder


def names_in(folder: Path) -> set[str]:
    """The names of the files and folders in a folder."""
    return {file.name for file in folder.iterdir()}


async def test_two_want_it_one_builds(tmp_path: Path) -> None:
    """Of two that want the same folder at once, one builds and both get it."""
    builds = 0

    async def build(folder: Path) -> None:
        nonlocal builds
        builds += 1
        await asyncio.sleep(0)
        (folder / "file").write_text("built")

    folders = await asyncio.gather(*(cached("thing-1.0", build, root=tmp_path) for _ in range(3)))
    assert builds == 1
    assert {folder / "file" for folder in folders} == {tmp_path / "thing-1.0" / "file"}


async def test_failed_build_leaves_nothing(tmp_path: Path) -> None:
    """A build that fails leaves no folder behind, and the next one starts afresh."""

    async def fails(folder: Path) -> None:
        (folder / "half").touch()
        raise RuntimeError("no space")

    with pytest.raises(RuntimeError, match="no space"):
        await cached("thing-1.0", fails, root=tmp_path)
    assert names_in(tmp_path) == {".thing-1.0.lock"}

    async def works(folder: Path) -> None:
        (folder / "whole").touch()

    folder = await cached("thing-1.0", works, root=tmp_path)
    assert names_in(folder) == {"whole"}


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"KGRAPH_CACHE": "/a", "XDG_CACHE_HOME": "/b"}, "/a"),
        ({"XDG_CACHE_HOME": "/b"}, "/b/dictamesh"),
        ({"HOME": "/home/c"}, "/home/c/.cache/dictamesh"),
    ],
    ids=["named", "xdg", "home"],
)
def test_cache_root(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], expected: str) -> None:
    """The cache is where it was asked for, else where the user's caches are."""
    for name in ("KGRAPH_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert str(cache_root()) == expected


async def test_second_holder_is_refused(tmp_path: Path) -> None:
    """A data folder that is held is refused to the next one, who is told by which process."""
    async with held_folder(tmp_path / "data"):
        with pytest.raises(DataFolderInUse) as caught:
            async with held_folder(tmp_path / "data"):
                pass
    assert caught.value.pid is not None
    assert f"process {caught.value.pid}" in str(caught.value)
    async with held_folder(tmp_path / "data") as held:
        assert held.path == tmp_path / "data"
