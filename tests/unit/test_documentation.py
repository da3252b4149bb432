"""What the documentation shows works, and where it points something is."""

import re
from pathlib import Path

import pytest
from graphql import build_schema, parse, validate

from kgraph.cli.reference import PAGES as GENERATED

ROOT = Path(__file__).parents[2]
PAGES = sorted(path for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")))
# Its directives are those of Apollo Federation, which graphql-core does not know.
SCHEMA = build_schema((ROOT / "docs/reference/schema.graphql").read_text("utf-8"), assume_valid_sdl=True)


def name(path: Path) -> str:
    """The page as a test's id."""
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_graphql_shown_in_a_page_is_valid(page: Path) -> None:
    """Every GraphQL block of the documentation is a valid operation of the schema."""
    for block in re.findall(r"```graphql\n(.*?)```", page.read_text("utf-8"), re.DOTALL):
        assert validate(SCHEMA, parse(block)) == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    """Every relative link of the documentation leads to a file or folder of the repository, and to a heading of it."""
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text("utf-8"), flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in link:
            continue
        file, _, heading = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), f"{name(page)} links to {link}"
        if heading:
            headings = re.findall(r"^#+ (.+)$", target.read_text("utf-8"), re.MULTILINE)
            assert heading in [re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings]


@pytest.mark.parametrize("page", sorted(GENERATED))
def test_a_generated_page_is_current(page: str) -> None:
    """The reference says what the tables say; `make docs` writes it anew."""
    assert (ROOT / "docs/reference" / page).read_text("utf-8") == GENERATED[page]()
