"""What no linter knows of: `python -m tests.lint`, part of `make lint`.

- The pages of docs/reference are what the tables say.
- The plain manifests are what the chart gives.
- No file names a package registry's host: where things are fetched from is the reader's own setting.
- An ignore names its rule and its reason.
- The schemas of GraphQL and of events break no client without saying so (`tests.breaking`).
"""

import re
import subprocess
import sys
from pathlib import Path

from kgraph.cli.reference.pages import stale_pages
from tests.breaking import unaccepted_breaks
from tests.chart import MANIFESTS, stale_manifests

ROOT = Path(__file__).parent.parent

# These are written so that this file has none of them either.
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

IGNORES = "# noq[a]|# type: ignor[e]"
REASONED = re.compile(r"# noq[a]: [A-Z0-9, ]+ - \S|# type: ignor[e]\[[a-z, -]+\]\s+# \S")


def main() -> None:
    """Print what is wrong, and end with 1 where something is."""
    wrong = [f"docs/reference/{name} is not current: make docs" for name in stale_pages(ROOT / "docs" / "reference")]
    if stale_manifests():
        wrong.append(f"{MANIFESTS.relative_to(ROOT)} is not what the chart gives: make docs")
    wrong += [f"names a package registry: {line[:160]}" for line in _lines("|".join(REGISTRIES))]
    ignores = [line for line in _lines(IGNORES, "*.py") if not REASONED.search(line)]
    wrong += [f"an ignore without its rule and its reason: {line[:160]}" for line in ignores]
    wrong += [f"the schema breaks clients: {line}" for line in unaccepted_breaks()]
    sys.stderr.writelines(f"{line}\n" for line in wrong)
    sys.exit(bool(wrong))


def _lines(pattern: str, *files: str) -> list[str]:
    """The lines of the repository's text files that match, as `file:number:line`."""
    command = ["git", "grep", "--line-number", "-I", "--extended-regexp", "-e", pattern, "--", *files]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if found.returncode > 1:
        sys.exit(f"git grep failed: {found.stderr.strip()}")
    return found.stdout.splitlines()


if __name__ == "__main__":
    main()
