"""What describes the REST API: OpenAPI 3.1 at /schema, and a page to try it at /schema/pages."""

from importlib.metadata import version
from typing import Any

from litestar import Request
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, OpenAPIRenderPlugin
from litestar.openapi.spec import Components, Contact, License, SecurityScheme

_PAGE = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>kgraph: REST</title>'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    '<link rel="icon" type="image/svg+xml" href="/static/graphiql/favicon.svg">'
    '<link rel="stylesheet" href="/static/swagger/swagger-ui.css"></head><body><div id="pages"></div>'
    '<script src="/static/swagger/swagger-ui-bundle.js"></script><script src="/static/swagger/start.js"></script>'
    "</body></html>"
)


class Pages(OpenAPIRenderPlugin):
    """Swagger UI from this server: nothing of it comes from elsewhere."""

    def __init__(self) -> None:
        super().__init__(path="/pages")

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:  # noqa: ARG002 - Litestar's signature
        """The page, which asks for the description itself."""
        return _PAGE.encode()


def openapi() -> OpenAPIConfig:
    """The description's frame."""
    return OpenAPIConfig(
        title="kgraph",
        version=version("dictamesh-k8s-adapter"),
        description="A live graph of Kubernetes clusters. What is not here, GraphQL has: /graphql.",
        license=License(name="AGPL-3.0-or-later", identifier="AGPL-3.0-or-later"),
        contact=Contact(name="DictaMesh"),
        components=Components(
            security_schemes={"bearer": SecurityScheme(type="http", scheme="bearer", description="A cluster's token.")}
        ),
        security=[{"bearer": []}, {}],
        use_handler_docstrings=True,
        path="/schema",
        render_plugins=[JsonRenderPlugin(path=["/", "/openapi.json"]), Pages()],
    )
