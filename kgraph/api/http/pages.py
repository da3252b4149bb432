"""The landing page: where everything is. Plain HTML without a script, so that it needs nothing from elsewhere."""

from html import escape

from litestar import MediaType, get
from litestar.handlers import HTTPRouteHandler

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 40rem; margin: 10vh auto; padding: 0 1.5rem }
h1 { font-size: 1.6rem; margin-bottom: 0 }
ul { list-style: none; padding: 0; margin-top: 2rem }
li { margin: .9rem 0 }
a { font-weight: 600; color: LinkText }
small { display: block; opacity: .75 }
code { font-size: .9em }
"""


def landing_page(neo4j_browser: str) -> HTTPRouteHandler:
    """GET /: links to GraphiQL, Neo4j Browser where it is known, and the health endpoints."""
    links = [("/graphql", "GraphiQL", "Ask in GraphQL: what is near a resource, what breaks without it.")]
    links.append(("/schema/pages", "REST", "The same over REST, described and to be tried."))
    if neo4j_browser:
        links.append((neo4j_browser, "Neo4j Browser", "See the graph, and ask in Cypher."))
    links += [
        ("/health/ready", "Readiness", "Whether the graph answers, and which clusters are in step."),
        ("/health/live", "Liveness", "Whether this process serves requests."),
    ]
    items = "".join(
        f'<li><a href="{escape(address, quote=True)}">{escape(title)}</a><small>{escape(text)}</small></li>'
        for address, title, text in links
    )
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>kgraph</title>'
        '<link rel="icon" type="image/svg+xml" href="/static/graphiql/favicon.svg">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head><body>'
        "<h1>kgraph</h1><div>A live graph of Kubernetes clusters in Neo4j.</div>"
        f"<ul>{items}</ul></body></html>"
    )

    @get("/", media_type=MediaType.HTML, sync_to_thread=False, include_in_schema=False)
    def landing() -> str:
        """The page."""
        return page

    return landing
