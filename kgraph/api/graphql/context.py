"""What a resolver has at hand: the caller, the graph as they see it, the kinds, and this one operation's loaders."""

from typing import Any

from strawberry.litestar import BaseContext
from strawberry.types import Info as StrawberryInfo

from kgraph.api.callers import Caller
from kgraph.api.graphql.loaders import Loaders
from kgraph.api.kinds import KindReader
from kgraph.api.reader import Reader
from kgraph.api.settings import ApiSettings
from kgraph.kube.sealing import Sealer


class Context(BaseContext, kw_only=True):
    """One request's context. `connection_params` is declared because Strawberry sets it only where it is."""

    caller: Caller
    reader: Reader
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
