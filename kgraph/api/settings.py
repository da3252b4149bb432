"""How the API is set up: one frozen value, made by the composition root."""

import msgspec

from kgraph.api.callers.rates import RateSettings
from kgraph.api.callers.tenants import Tenant
from kgraph.api.prices import Prices
from kgraph.discreet import Discreet


class Limits(msgspec.Struct, frozen=True):
    """What one request may cost. Each number is there so that no single question starves the others."""

    body_bytes: int = 1_000_000  # a query with its variables; the longest sensible one is far below 100 kB
    operations_per_socket: int = 50  # that are under way on one WebSocket, subscriptions among them
    batch_operations: int = 10  # operations in one request: a page's widgets, not a crawl
    # Reading a megabyte of document takes 0.3 s; two thousand ordinary tokens are 15,000 characters.
    document_characters: int = 50_000
    tokens: int = 2_000  # all fields of a Pod and of its relations are some 300, introspection some 170
    depth: int = 20  # fields below one another; introspection needs 15
    aliases: int = 50
    # Fields that an answer may have at most, list sizes multiplied: a million would take seconds to write down.
    cost: int = 250_000
    # Resources that an answer may have beside those of its first level: those can be counted only while it is made.
    related: int = 50_000
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


class IssuerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """An OpenID Connect issuer whose tokens are taken, as kube-apiserver's `--oidc-…` flags describe one.

    `username_prefix` "" is the apiserver's default (the issuer and `#`, but nothing for `email`), `-` is none.
    `required_claims` are written `claim=value`. `clock_skew` is in seconds.
    """

    issuer_url: str
    audiences: tuple[str, ...]
    username_claim: str = "sub"
    username_prefix: str = ""
    groups_claim: str = ""
    groups_prefix: str = ""
    required_claims: tuple[str, ...] = ()
    ca_file: str = ""
    clock_skew: float = 30.0

    @property
    def prefix(self) -> str:
        """What every username begins with."""
        if self.username_prefix:
            return "" if self.username_prefix == "-" else self.username_prefix
        return "" if self.username_claim == "email" else f"{self.issuer_url}#"


class ApiSettings(Discreet, frozen=True):
    """What the application needs to know beside its store."""

    shown = ("token_reviews", "issuers")

    default_namespace: str = "default"
    neo4j_browser: str = ""  # where Neo4j Browser is, "" where it is not known: the landing page links it
    allowed_hosts: tuple[str, ...] = ()  # names beside loopback's own that a Host header may carry
    limits: Limits = Limits()
    cache_seconds: float = 0.0  # how long results are kept at most; 0: not at all
    redis_url: str = ""  # where replicas share them, and access reviews; "": nowhere
    prices: Prices | None = None  # None: what things cost is not known
    mutations: bool = False  # whether the schema has any
    audit_retention_seconds: float = 7_776_000.0  # 90 days; 0: for ever
    ready_max_lag: float = 0.0  # seconds that the graph may be behind all clusters and be ready; 0: however far
    rbac: bool = True  # whether authenticated callers see only what Kubernetes would show them
    token_reviews: tuple[TokenReviewSettings, ...] = ()
    issuers: tuple[IssuerSettings, ...] = ()
    tenants: tuple[Tenant, ...] = ()  # narrow what `rbac` shows
    rates: RateSettings = RateSettings()  # of each caller who is known

    @property
    def authenticates(self) -> bool:
        """Whether callers have to say who they are."""
        return bool(self.token_reviews or self.issuers)
