"""GraphQL as it is executed in this process, without HTTP: what its resolvers have at hand."""

from typing import cast

from kgraph.api.callers.caller import ANYONE
from kgraph.api.changing.mutations import Mutations
from kgraph.api.events.streams import Streams
from kgraph.api.graphql.context import Context
from kgraph.api.graphql.loaders import Loaders
from kgraph.api.graphql.sharing import Answers
from kgraph.api.kinds import KindReader
from kgraph.api.reading.reader import Reader
from kgraph.api.settings import ApiSettings
from kgraph.graphdb.store import Store
from kgraph.kube.sealing import Sealer


def context(store: Store, kinds: KindReader) -> Context:
    """That of one operation, which sees everything, changes nothing, and follows nothing."""
    reader, settings = Reader(store), ApiSettings()
    return Context(
        caller=ANYONE,
        reader=reader,
        kinds=kinds,
        settings=settings,
        loaders=Loaders(reader, settings.limits),
        sealer=Sealer.of({}),
        mutations=cast("Mutations", None),
        streams=cast("Streams", None),
        answers=Answers(),
        make_reader=lambda: reader,
    )
