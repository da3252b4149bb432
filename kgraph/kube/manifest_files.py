"""Which files of a folder are manifests, and which subfolders have to be rendered first.

A folder with a kustomization is one thing: its files are its own, and are not read beside what it renders. What another
kustomization builds on is not rendered a second time. Hidden folders (.git, the ..data of a mounted ConfigMap) are
passed over.
"""

import os
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

from kgraph.kube import kustomize

SUFFIXES = (".yaml", ".yml", ".json")
_CHART = "Chart.yaml"


class Sort(Enum):
    """What is at a path."""

    FILE = "a file of manifests"
    KUSTOMIZATION = "a folder to render"
    CHART = "a Helm chart"


def manifest_files(folder: Path) -> list[tuple[Path, Sort]]:
    """All that a folder and those below it hold, in the order of the paths."""
    found = sorted(_found(folder), key=lambda each: each[0])
    folders = [path for path, sort in found if sort is Sort.KUSTOMIZATION]
    used = frozenset[Path]().union(*(kustomize.used_by(each) for each in folders))
    return [
        (path, sort)
        for path, sort in found
        if sort is not Sort.KUSTOMIZATION or not (path.resolve() in used or kustomize.is_component(path))
    ]


def _found(folder: Path) -> Iterator[tuple[Path, Sort]]:
    for root, folders, names in os.walk(folder):
        here = Path(root)
        if _CHART in names or kustomize.file_of(here) is not None:
            folders.clear()
            yield here, Sort.CHART if _CHART in names else Sort.KUSTOMIZATION
            continue
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if name.endswith(SUFFIXES) and not name.startswith("."):
                yield here / name, Sort.FILE
