"""What a resolver has at hand: the caller, the graph as they see it, the kinds, and this one operation's loaders."""

from collections.abc import Callable

import msgspec
from graphql import FieldNode
from strawberry.litestar import BaseContext
from strawberry.types import Info as StrawberryInfo

from kgraph.api.callers.caller import Caller
from kgraph.api.changing.mutations import Mutations
from kgraph.api.errors import ApiError
from kgraph.api.events.streams import Streams
from kgraph.api.graphql.loaders import Loaders
from kgraph.api.graphql.sharing import Answers
from kgraph.api.kinds import KindReader
from kgraph.api.reading.reader import Reader
from kgraph.api.settings import ApiSettings
from kgraph.kube.sealing import Sealer


class Context(BaseContext, kw_only=True):
    """One request's context. It has no `connection_params`, so that Strawberry keeps no token in it."""

    caller: Caller
    reader: Reader
    kinds: KindReader
    settings: ApiSettings
    loaders: Loaders
    sealer: Sealer
    mutations: Mutations
    streams: Streams
    answers: Answers
    make_reader: Callable[[], Reader]
    lost: ApiError | None = None  # why a subscription has ended that was not ended by its caller
    # By the ids of a field's nodes in the document: these, and the paths of what is selected below it.
    selections: dict[tuple[int, ...], tuple[list[FieldNode], frozenset[str]]] = msgspec.field(default_factory=dict)

    def renew(self) -> None:
        """Forget what was loaded, and learnt of what may be seen: a subscription's next event is a question anew."""
        self.reader = self.make_reader()
        self.loaders = Loaders(self.reader, self.settings.limits)

    @property
    def timeout(self) -> float:
        """How many seconds one statement may take."""
        return self.settings.limits.statement_seconds


Info = StrawberryInfo[Context, None]
