"""What no linter knows of: `python -m tests.lint`, part of `make lint`.

- The pages of docs/reference are what the tables say.
- No file names a package registry's host: where things are fetched from is the reader's own setting.
"""

import subprocess
import sys
from pathlib import Path

from kgraph.cli.reference import stale_pages

ROOT = Path(__file__).parent.parent

# Written so that this file does not name them either.
REGISTRIES = (
    "py[p]i\\.org",
    "python[h]osted\\.org",
    "repo1?\\.mave[n]",
    "maven\\.apach[e]",
    "proxy\\.gol[a]ng",
    "sum\\.gol[a]ng",
    "npm[j]s\\.org",
    "deb\\.debia[n]",
)


def main() -> None:
    """Print what is wrong, and end with 1 where something is."""
    wrong = [f"docs/reference/{name} is not current: make docs" for name in stale_pages(ROOT / "docs" / "reference")]
    found = subprocess.run(
        ["git", "grep", "--line-number", "-I", "--extended-regexp", "|".join(REGISTRIES)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    wrong += [f"names a package registry: {line[:160]}" for line in found.stdout.splitlines()]
    if found.returncode > 1:
        wrong.append(f"git grep failed: {found.stderr.strip()}")
    sys.stderr.writelines(f"{line}\n" for line in wrong)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
