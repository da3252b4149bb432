"""Which Neo4j a command works on: the user's own, or the one that `kgraph up` starts."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from kgraph.cli.configuration.reading import Configuration
from kgraph.cli.errors import BadConfiguration, NothingRuns
from kgraph.cli.running import Running, find_running
from kgraph.graphdb.schema import prepare
from kgraph.graphdb.store import GraphSettings, Store
from kgraph.graphdb.wire import read_at_once
from kgraph.telemetry.telemetry import Telemetry


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """What the options --neo4j-… say; "" where one was not given."""

    uri: str = ""
    user: str = ""
    password_file: str = ""

    @classmethod
    def given(cls, options: Mapping[str, Any]) -> "Named":
        """What click has read of `options.neo4j`."""
        return cls(uri=options["neo4j_uri"], user=options["neo4j_user"], password_file=options["neo4j_password_file"])


def own_graph(named: Named, configuration: Configuration) -> GraphSettings | None:
    """The Neo4j that the options or the environment name; None where neither does."""
    uri = named.uri or configuration.neo4j_uri
    if not uri:
        if named.user or named.password_file:
            raise BadConfiguration("--neo4j-user and --neo4j-password-file go with --neo4j-uri, or with NEO4J_URI")
        return None
    return GraphSettings(
        uri=uri,
        user=named.user or configuration.neo4j_user,
        password=_password(named.password_file) if named.password_file else configuration.neo4j_password,
        database=configuration.neo4j_database,
    )


def needed_graph(named: Named, configuration: Configuration) -> GraphSettings:
    """The Neo4j that is named; BadConfiguration where none is."""
    graph = own_graph(named, configuration)
    if graph is None:
        raise BadConfiguration("which Neo4j? name it with --neo4j-uri or NEO4J_URI; `kgraph up` brings its own")
    return graph


def graph_at_work(named: Named, configuration: Configuration) -> GraphSettings:
    """The Neo4j that is named, else that of the `kgraph up` which runs here."""
    if settings := own_graph(named, configuration):
        return settings
    if (found := find_running()) and found.neo4j_uri:
        return graph_of(found)
    raise NothingRuns("which graph? start one with `kgraph up`, or name your Neo4j with --neo4j-uri or NEO4J_URI")


def graph_of(running: Running) -> GraphSettings:
    """The Neo4j of a running `kgraph up`."""
    return GraphSettings(
        uri=running.neo4j_uri, user=running.neo4j_user, password=_password(running.neo4j_password_file)
    )


@asynccontextmanager
async def opened(settings: GraphSettings, telemetry: Telemetry | None = None) -> AsyncIterator[Store]:
    """The store, its schema prepared."""
    async with connected(settings, telemetry) as store:
        await prepare(store)
        yield store


@asynccontextmanager
async def connected(settings: GraphSettings, telemetry: Telemetry | None = None) -> AsyncIterator[Store]:
    """The store of a graph that is there, its schema as it is."""
    read_at_once()
    async with Store.open(settings, telemetry) as store:
        yield store


def _password(file: str) -> str:
    try:
        return Path(file).expanduser().read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as cause:
        why = cause.strerror if isinstance(cause, OSError) else "it is no text"
        raise BadConfiguration(f"Neo4j's password cannot be read from {file}: {why}") from cause
