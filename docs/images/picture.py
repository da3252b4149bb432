"""The README's picture: the running demo in Neo4j Browser, by headless Chromium.

`kgraph up` in one terminal, then `.venv/bin/python docs/images/picture.py BROWSER_URL PASSWORD_FILE`.
Chromium is Debian's (`apt-get install chromium`), for Playwright's own is not fetched.
"""

import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).parent
STYLE = HERE.parents[1] / "kgraph/cypher/explore/style.grass"
SWITCHES = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
QUESTION = """
MATCH front = (i:Ingress)-[:ROUTES_TO]->(:Service {name: "web", namespace: "shop"})-[:SELECTS]->(p:Pod)
MATCH owned = (p)-[:OWNED_BY*2]->(d:Deployment)
MATCH needs = (d)-[:USES_CONFIGMAP|USES_SECRET|RUNS_AS|RUNS_IMAGE]->()
OPTIONAL MATCH scales = (d)<-[:SCALES]-()
OPTIONAL MATCH missing = (:Deployment {namespace: "shop"})-[:USES_CONFIGMAP|USES_SECRET]->(:Missing)
RETURN front, owned, needs, scales, missing
"""


def picture(page: Page, url: str, password: str) -> bytes:
    """Log in, load the style, ask, and look."""
    page.goto(url)
    page.get_by_test_id("username").fill("neo4j")
    page.get_by_test_id("password").fill(password)
    page.get_by_test_id("connect").click()
    page.get_by_text("You are connected as user").wait_for()
    run(page, ":style " + STYLE.read_text("utf-8"))
    run(page, ":clear")
    run(page, QUESTION)
    page.locator("svg g.node").first.wait_for(timeout=60_000)
    page.wait_for_timeout(10_000)  # the layout settles by itself, and says nothing when it has
    return page.screenshot()


def run(page: Page, statement: str) -> None:
    """Type into Browser's editor and run."""
    page.locator(".monaco-editor").first.click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(" ".join(statement.split()))
    page.get_by_test_id("editor-Run").click()
    page.wait_for_timeout(1_000)


def main() -> None:
    """Write browser.png beside this file."""
    url, password_file = sys.argv[1:]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=SWITCHES)
        page = browser.new_page(viewport={"width": 1400, "height": 620})
        (HERE / "browser.png").write_bytes(picture(page, url, Path(password_file).read_text("utf-8").strip()))
        browser.close()


if __name__ == "__main__":
    main()
