"""What the documentation shows works, and where it points something is."""

import asyncio
import json
import re
from pathlib import Path

import pytest
import yaml
from graphql import build_schema, parse, validate

from kgraph.cli.configuration.reading import load
from kgraph.cli.reference.pages import PAGES as GENERATED
from kgraph.stack.pki import Authority
from tests.shown import LANGUAGES, Block, blocks, is_as_shown, run_blocks
from tests.shown import PAGES as SHOWN

ROOT = Path(__file__).parents[2]
PAGES = sorted(path for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")))
# Its directives are those of Apollo Federation, which graphql-core does not know.
SCHEMA = build_schema((ROOT / "docs/reference/schema.graphql").read_text("utf-8"), assume_valid_sdl=True)


def name(path: Path) -> str:
    """The page as a test's id."""
    return str(path.relative_to(ROOT))


def test_every_block_is_held_to_what_it_says() -> None:
    """Each block of code is of a kind that is tested, and one that nobody can run here says why."""
    unknown = [
        f"{block} is {block.language or 'of no language'}" for block in blocks() if block.language not in LANGUAGES
    ]
    assert unknown == [], f"allowed are {sorted(LANGUAGES)}; see docs/contributing/index.md"
    fences = sum(len(re.findall(r"^ *```", page.read_text("utf-8"), re.MULTILINE)) for page in SHOWN)
    assert fences == 2 * len(blocks()), "a block is not closed, or its fences are indented differently"
    reasons = sum(page.read_text("utf-8").count("<!-- not run: ") for page in SHOWN)
    # One is shown in the page that explains the mark.
    assert reasons - 1 == sum(bool(block.reason) for block in blocks()), "a reason stands before no block"


@pytest.mark.parametrize("block", blocks("graphql"), ids=str)
def test_graphql_shown_in_a_page_is_valid(block: Block) -> None:
    """Every GraphQL block of the documentation is a valid operation of the schema."""
    assert validate(SCHEMA, parse(block.text)) == []


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate in the place of those that configurations name."""
    return asyncio.run(Authority.create(tmp_path_factory.mktemp("authority"), "documented")).ca.certificate


@pytest.mark.parametrize("block", run_blocks("yaml"), ids=str)
def test_yaml_shown_in_a_page_can_be_used(block: Block, authority: Path) -> None:
    """A YAML block is a configuration that the program takes, or an object of Kubernetes."""
    documents = list(yaml.safe_load_all(block.text))
    if all(isinstance(one, dict) and {"apiVersion", "kind"} <= one.keys() for one in documents):
        return
    assert load(re.sub(r"/etc/kgraph/\S+\.pem", str(authority), with_clusters(block.text)), {}).clusters


def with_clusters(text: str) -> str:
    """A part of a configuration, with the clusters that it names and does not show."""
    if "clusters:" in re.findall(r"^\w+:", text, re.MULTILINE):
        return text
    return "clusters: [{id: prod}, {id: staging}, {id: lab}]\n" + text


@pytest.mark.parametrize("block", run_blocks("json"), ids=str)
def test_json_shown_in_a_page_is_json(block: Block) -> None:
    """A JSON block can be parsed."""
    assert json.loads(block.text)


@pytest.mark.parametrize("block", run_blocks("python"), ids=str)
def test_python_shown_in_a_page_compiles(block: Block) -> None:
    """A Python block can be compiled."""
    compile(block.text, str(block), "exec")


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        (["4m ago  a"], "12h ago a", True),
        (["web-558947475f-4b9sx  2/3"], "web-7d4b9c8f6d-x2x9k  10/11", True),
        (["BROKEN 31", "..."], "BROKEN 4\na\nb", True),
        (["BROKEN 31"], "BROKEN 4\na", False),
        (["  path …"], "path is long", True),
        (["Pod web"], "Pod api", False),
        (["a", "...", "c"], "a\nb", False),
    ],
    ids=["ages", "names", "any lines", "more lines", "any end", "another name", "a last line is missing"],
)
def test_what_is_printed_has_the_shape_of_what_is_shown(shown: list[str], printed: str, same: bool) -> None:
    """Numbers, ages and generated names may differ between a page and a run, and nothing else."""
    assert is_as_shown(shown, printed) is same


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


def test_each_threat_is_shown_by_tests_that_are_there() -> None:
    """Each file that the table of threats names has tests; one without a folder is beside the one before."""
    rows = [row for row in (ROOT / "docs/guides/security.md").read_text("utf-8").splitlines() if "test_" in row]
    assert len(rows) > 15
    for row in (row for row in rows if row.startswith("|")):
        folder = ""
        for file in re.findall(r"`([\w/]*test_\w+\.py)`", row.rpartition(" | ")[2]):
            folder = file.rpartition("/")[0] or folder
            text = (ROOT / folder / file.rpartition("/")[2]).read_text("utf-8")
            assert re.search(r"^(?:async )?def test_", text, re.MULTILINE), file


def test_sizing_says_what_was_measured() -> None:
    """The figures of the sizing table are those of the last measurement."""
    rows = re.findall(r"^\| (.+?) \| (.+?) \|", (ROOT / "docs/benchmarks.md").read_text("utf-8"), re.MULTILINE)
    measured = dict(rows)
    sizing = (ROOT / "docs/operations/sizing.md").read_text("utf-8")
    planned = re.findall(r"^\| [^|]+ \| ([^|]+) \| ([^|]+) \|$", sizing, re.MULTILINE)[1:]
    assert len(planned) > 5
    assert [(figure, value) for figure, value in planned if measured.get(figure) != value] == []
