"""What the documentation shows: its blocks of code, and whether a program printed what a block says that it prints.

`docs/contributing/index.md` says to writers what is done with which block.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "README.md", *(ROOT / "docs").rglob("*.md")))
LANGUAGES = frozenset({"console", "sh", "graphql", "cypher", "yaml", "json", "python", "js", "promql", "text"})

_BLOCK = re.compile(
    r"(?:^[ ]*<!-- not run: (?P<reason>[^\n]+?) -->\n\n?)?"
    r"^(?P<indent> *)```(?P<language>[^\n]*)\n(?P<text>.*?)^(?P=indent)```$",
    re.DOTALL | re.MULTILINE,
)
_IN_A_TABLE = re.compile(r"`(kgraph [^`]+)`")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_AGE = re.compile(r"\b0(?:ms|s|m|h|d)\b")
# What Kubernetes ends generated names with: a template's hash, and five letters of these.
_GENERATED = re.compile(r"(?<=-)(?:[bcdf-hj-np-tv-z\d]{8,10}-)?[bcdf-hj-np-tv-z\d]{5}\b|(?<=-)[bcdf\d]{8,10}\b")
_REST = ("...", "…")


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """A block of code in a page."""

    page: str
    line: int
    language: str
    text: str
    reason: str  # why nobody can run it here; "" where it is run

    def __str__(self) -> str:
        """Where it is, as a test's id."""
        return f"{self.page}:{self.line}"

    def commands(self) -> Iterator[tuple[str, list[str]]]:
        """The commands behind `$`, each with the lines that it prints."""
        for part in re.split(r"^\$ ", self.text, flags=re.MULTILINE)[1:]:
            command, _, printed = part.partition("\n")
            yield command, printed.rstrip().splitlines()


def blocks(*languages: str) -> list[Block]:
    """All blocks of these languages, of no language given all there are."""
    return [one for page in PAGES for one in _of_page(page) if not languages or one.language in languages]


def run_blocks(*languages: str) -> list[Block]:
    """Those of them that do not say why they cannot be run."""
    return [one for one in blocks(*languages) if not one.reason]


def commands_of_tables(page: Path) -> list[str]:
    """The commands of kgraph that stand in a page's tables, but for those that leave something out."""
    rows = [line for line in page.read_text("utf-8").splitlines() if line.startswith("|")]
    return [typed for row in rows for typed in _IN_A_TABLE.findall(row) if "…" not in typed]


def is_as_shown(shown: Iterable[str], printed: str) -> bool:
    """Whether the printed lines have the shape of those that are shown.

    Numbers, ages and the generated ends of names may differ, and so may the width of gaps. A shown line that ends in
    an ellipsis stands for any end of it, and one that is nothing else for any lines.
    """
    pattern = ""
    for line in shown:
        if line.strip(" │├└─") in _REST:
            pattern += r"(?:.*\n)*?"
            continue
        whole = line.rstrip()
        open_end = whole.endswith(_REST)
        pattern += re.escape(_shape(whole.removesuffix("...").removesuffix("…"))) + (r".*\n" if open_end else r"\n")
    lines = [_shape(line) for line in printed.rstrip().splitlines()]
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in lines)) is not None


def _shape(line: str) -> str:
    """A line without what differs from run to run."""
    named = _GENERATED.sub("X", line)
    return re.sub(r"[\s│├└─]+", " ", _AGE.sub("0m", _NUMBER.sub("0", named))).strip()


def _of_page(page: Path) -> Iterator[Block]:
    text = page.read_text("utf-8")
    for found in _BLOCK.finditer(text):
        yield Block(
            page=page.relative_to(ROOT).as_posix(),
            line=text.count("\n", 0, found.start("language")) + 1,
            language=found["language"],
            text=re.sub(rf"^{found['indent']}", "", found["text"], flags=re.MULTILINE),
            reason=found["reason"] or "",
        )
