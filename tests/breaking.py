"""Whether the schema still answers what clients ask today: part of `python -m tests.lint`.

It is compared with that of the last release, else with what the main branch had where this one began, else with the
last commit's. A change that breaks clients on purpose is a line in docs/reference/schema-breaks.txt, with the reason
above it, and a line in the changelog.
"""

import subprocess
from pathlib import Path

from graphql import build_schema
from graphql.utilities import find_breaking_changes

ROOT = Path(__file__).parent.parent
SCHEMA = "docs/reference/schema.graphql"
ACCEPTED = ROOT / "docs" / "reference" / "schema-breaks.txt"
MAIN = ("origin/main", "main")


def breaking_changes(before: str, now: str) -> list[str]:
    """What a client of the schema before may ask that is not answered now, or otherwise, one line each."""
    # The federation's directives are defined by the gateway's specification, not in the text.
    old, new = (build_schema(text, assume_valid_sdl=True) for text in (before, now))
    return sorted(f"{change.type.name}: {change.description}" for change in find_breaking_changes(old, new))


def accepted() -> frozenset[str]:
    """The breaks that are meant."""
    lines = ACCEPTED.read_text("utf-8").splitlines()
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))


def unaccepted_breaks() -> list[str]:
    """The changes since the last release that break clients, and that nobody has accepted."""
    bases = [_git("describe", "--tags", "--abbrev=0"), *(_git("merge-base", "HEAD", main) for main in MAIN), "HEAD"]
    for base in filter(None, bases):
        before = _git("show", f"{base}:{SCHEMA}")
        if before is not None:
            now = (ROOT / SCHEMA).read_text("utf-8")
            return [f"{line} (since {base})" for line in breaking_changes(before, now) if line not in accepted()]
    return [f"{SCHEMA} cannot be compared: no commit has it"]


def _git(*arguments: str) -> str | None:
    found = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return found.stdout.strip() if found.returncode == 0 else None
