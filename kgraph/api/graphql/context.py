"""What a resolver has at hand: the graph, the kinds, the settings, and the loaders of this one operation."""

from typing import Any

from strawberry.litestar import BaseContext
from strawberry.types import Info as StrawberryInfo

from kgraph.api.graphql.loaders import Loaders
from kgraph.api.kinds import KindReader
from kgraph.api.settings import ApiSettings
from kgraph.graphdb.store import Store
from kgraph.kube.sealing import Sealer


class Context(BaseContext, kw_only=True):
    """One request's context. `connection_params` is declared because Strawberry sets it only where it is."""

    store: Store
    kinds: KindReader
    settings: ApiSettings
    loaders: Loaders
    sealer: Sealer
    connection_params: dict[str, Any] | None = None

    @property
    def timeout(self) -> float:
        """How many seconds one statement may take."""
        return self.settings.limits.statement_seconds


Info = StrawberryInfo[Context, None]
