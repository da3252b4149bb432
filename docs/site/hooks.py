"""What the site needs beyond the pages of docs/: its menu, and pages from elsewhere in the repository.

mkdocs calls it (`hooks` in mkdocs.yml).

The menu is made from what is there, so that a new page needs no entry: a guide that `MENU` does not name stands at the
end of the guides. The pages are read on GitHub too, so their links lead to files of the repository; here, those outside
docs/ become pages (`ELSEWHERE`) or files to look at, under `source/`.
"""

import logging
import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

log = logging.getLogger("mkdocs.plugins.site")
ROOT = Path(__file__).parents[2]

# A section and its pages, in the order of reading. `folder/*` are all pages of it that no other line names, by title.
MENU: dict[str, tuple[str, ...]] = {
    "Start": ("index.md",),
    "Concepts": (
        "concepts/index.md", "graph.md", "concepts/edges.md", "concepts/access.md", "concepts/sync.md",
        "concepts/feed.md", "concepts/*", "glossary.md",
    ),
    "Guides": (
        "guides/graphql.md", "guides/rest.md", "guides/cypher.md", "guides/search.md", "guides/history.md",
        "guides/compare-and-drift.md", "guides/*", "guides/use-cases/*",
    ),
    "Operations": (
        "operations/index.md", "guides/deploy.md", "guides/logins.md", "guides/many-clusters.md",
        "guides/many-workers.md", "guides/observe.md", "operations/sizing.md", "guides/limits.md", "guides/tls.md",
        "security.md", "guides/upgrade.md", "guides/rebuild.md",
        "guides/backup.md", "guides/chaos-and-load.md", "guides/servers.md",
        "operations/*", "benchmarks.md",
    ),
    "Reference": ("reference/*",),
    "Comparison": ("comparison.md",),
    "Contributing": ("contributing/index.md", "guides/add-an-edge.md", "contributing/*"),
    "Decisions": ("decisions/index.md", "decisions/*"),
    "Changelog": ("changelog.md",),
}  # fmt: skip
ELSEWHERE = {"README.md": "index.md", "CHANGELOG.md": "changelog.md"}
# A page may stand beside the others of docs/ before it has a place in the menu.
REST = "Guides"

_LINK = re.compile(r"(?<=\]\()(?!\w+:)([^)#\s]+)(#[^)\s]*)?(?=\))")
# Links are followed by readers, these by browsers. A page's own address (`canonical`) is not fetched.
_FETCHED = re.compile(
    r"""<(?:script|img|iframe|link(?![^>]*canonical))\b[^>]*?(?:src|href)=["']?((?:https?:)?//[^"'\s>]+)"""
)
_FENCE = re.compile(r"^(\s*)(```|~~~)")
_ITEM = re.compile(r"^(?:[-*]|\d+\.) ")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Bring in the changelog and the list of decisions, and write the menu."""
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    files.append(File.generated(config, "changelog.md", content=changelog))
    decisions = [file for file in files.documentation_pages() if re.match(r"decisions/\d", file.src_uri)]
    listed = "".join(f"- [{title(file)}]({posixpath.basename(file.src_uri)})\n" for file in by_number(decisions))
    files.append(File.generated(config, "decisions/index.md", content=_DECISIONS + listed))
    config.nav = menu({file.src_uri: title(file) for file in files.documentation_pages()})
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead links out of docs/ to what the site has of it, and begin lists as Python's Markdown wants them."""

    def led(match: re.Match[str]) -> str:
        link, heading = match[1], match[2] or ""
        # A generated page stands in docs/ for a file of the repository's root.
        folder = "" if page.file.src_uri in ELSEWHERE.values() and page.file.generated_by else "docs"
        beside = folder or "."
        target = posixpath.normpath(posixpath.join(beside, posixpath.dirname(page.file.src_uri), link))
        if target in ELSEWHERE:
            return relative(ELSEWHERE[target], page) + heading
        if target.startswith("docs/"):
            inside = target.removeprefix("docs/")
            if (ROOT / target).is_dir() and f"{inside}/index.md" in files.src_uris:
                inside += "/index.md"
            return relative(inside, page) + heading
        source = ROOT / target
        if source.is_dir():
            source /= "__init__.py"
        if not source.is_file():
            return match[0]  # mkdocs says what is wrong with it
        shown = f"source/{source.relative_to(ROOT).as_posix()}.txt"  # .txt: to be shown, not kept
        if shown not in files.src_uris:
            files.append(File.generated(config, shown, content=source.read_text("utf-8")))
        return relative(shown, page)

    return outside_fences(markdown, lambda text: begun(_LINK.sub(led, text)))


def on_post_page(output: str, page: Page, **_: object) -> str:
    """Refuse what a page would fetch from another host; pictures too."""
    for address in _FETCHED.findall(output):
        log.warning("%s fetches %s from another host", page.file.src_uri, address)
    return output


def menu(titles: dict[str, str]) -> list[Any]:
    """The menu of these pages, each in one place."""
    named = {page for pages in MENU.values() for page in pages}
    placed: set[str] = set()
    sections: dict[str, list[str]] = {}
    for section, pages in MENU.items():
        shown = sections.setdefault(section, [])
        for pattern in pages:
            folder = pattern.removesuffix("*")
            found = [pattern] if pattern in titles else []
            if folder != pattern:
                found = [page for page in titles if page.startswith(folder) and "/" not in page[len(folder) :]]
                found = sorted(set(found) - named, key=lambda page: order(page, titles))
            shown += [page for page in found if page not in placed]
            placed.update(found)
    sections[REST] += sorted(set(titles) - placed)
    return [{section: shown} for section, shown in sections.items() if shown]


def order(page: str, titles: dict[str, str]) -> str:
    """By title; decisions by the number in their name."""
    name = posixpath.basename(page)
    return name if name[0].isdigit() else titles[page].lower()


def by_number(pages: list[File]) -> list[File]:
    """Decisions in the order in which they were made."""
    return sorted(pages, key=lambda file: file.src_uri)


def title(file: File) -> str:
    """The page's first heading."""
    return next((line[2:] for line in file.content_string.splitlines() if line.startswith("# ")), file.name)


def relative(target: str, page: Page) -> str:
    """The link from a page to another file of the site's sources."""
    return posixpath.relpath(target, posixpath.dirname(page.file.src_uri) or ".")


def outside_fences(markdown: str, change: Any) -> str:
    """Change the text between code blocks, and leave those as they are."""
    parts: list[str] = []
    text: list[str] = []
    closing = ""
    for line in markdown.splitlines(keepends=True):
        fence = _FENCE.match(line)
        if closing:
            parts.append(line)
            closing = "" if line.strip() == closing else closing
        elif fence:
            parts += [change("".join(text)), line]
            text, closing = [], fence[2]
        else:
            text.append(line)
    return "".join([*parts, change("".join(text))])


def begun(text: str) -> str:
    """A blank line before a list that follows a paragraph: GitHub needs none, Python's Markdown does."""
    lines: list[str] = []
    for line in text.splitlines(keepends=True):
        before = lines[-1] if lines else "\n"
        within = before.startswith((" ", "#")) or _ITEM.match(before)
        if _ITEM.match(line) and before.strip() and not within:
            lines.append("\n")
        lines.append(line)
    return "".join(lines)


_DECISIONS = """\
# Decisions

What someone may want to undo, with the reasons, a page each.

"""
