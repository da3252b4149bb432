"""How the API is set up: one frozen value, made by the composition root."""

import msgspec

from kgraph.api.prices import Prices


class Limits(msgspec.Struct, frozen=True):
    """What one request may cost. Each number is there so that no single question starves the others."""

    body_bytes: int = 1_000_000  # a query with its variables; the longest sensible one is far below 100 kB
    batch_operations: int = 10  # operations in one request: a page's widgets, not a crawl
    tokens: int = 5_000  # the introspection query of GraphiQL has some 500
    depth: int = 20  # fields below one another; introspection needs 15
    aliases: int = 50
    # Fields that an answer may have at most, list sizes multiplied: a million would take seconds to write down.
    cost: int = 250_000
    first: int = 500
    first_most: int = 5_000
    walk_depth: int = 10
    graph_nodes: int = 5_000
    statement_seconds: float = 10.0
    cypher_rows: int = 1_000


class TokenReviewSettings(msgspec.Struct, frozen=True):
    """Which cluster says who a bearer token's holder is, and for whom the token must be."""

    cluster: str
    audiences: tuple[str, ...] = ()


class ApiSettings(msgspec.Struct, frozen=True):
    """What the application needs to know beside its store."""

    default_namespace: str = "default"
    neo4j_browser: str = ""  # where Neo4j Browser is, "" where it is not known: the landing page links it
    allowed_hosts: tuple[str, ...] = ()  # names beside loopback's own that a Host header may carry
    limits: Limits = Limits()
    prices: Prices | None = None  # None: what things cost is not known
    mutations: bool = False  # whether the schema has any
    rbac: bool = True  # whether authenticated callers see only what Kubernetes would show them
    token_reviews: tuple[TokenReviewSettings, ...] = ()
