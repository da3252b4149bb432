"""`python -m kgraph.cli.reference FOLDER`: write the pages into the folder."""

import sys
from pathlib import Path

from kgraph.cli.reference.pages import PAGES


def main(arguments: list[str]) -> None:
    """Write the pages into the folder."""
    if len(arguments) != 1:
        sys.exit("usage: python -m kgraph.cli.reference FOLDER")
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (folder / name).write_text(page(), encoding="utf-8")


main(sys.argv[1:])
