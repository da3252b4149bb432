"""One request: who sent it, the graph as they see it, and the limits."""

import msgspec
from litestar.types import Scope

from kgraph.api.callers.caller import Caller
from kgraph.api.changing.mutations import Mutations
from kgraph.api.events.streams import Streams
from kgraph.api.kinds import KindReader
from kgraph.api.pod_logs import PodLogs
from kgraph.api.reading.reader import Reader
from kgraph.api.roots import Namer
from kgraph.api.settings import ApiSettings
from kgraph.kube.sealing import Sealer

_STATE = "kgraph.rest"


class Asked(msgspec.Struct, frozen=True):
    """What a handler has at hand."""

    caller: Caller
    reader: Reader
    kinds: KindReader
    settings: ApiSettings
    mutations: Mutations
    logs: PodLogs
    streams: Streams
    sealer: Sealer

    @property
    def timeout(self) -> float:
        """How many seconds one statement may take."""
        return self.settings.limits.statement_seconds

    @property
    def namer(self) -> Namer:
        """Makes keys of a caller's words."""
        return Namer(self.kinds, self.settings.default_namespace)


def put(scope: Scope, asked: Asked) -> None:
    """Leave it for the handler; a guard does."""
    scope["state"][_STATE] = asked


def asked_of(scope: Scope) -> Asked:
    """What the guard has left: without it no handler gets at the graph."""
    asked: Asked = scope["state"][_STATE]
    return asked
