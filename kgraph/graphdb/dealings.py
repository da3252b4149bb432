"""What a process's dealings with Neo4j come to: how long statements take, what fails, whether it answers."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from kgraph.graphdb.errors import GraphError, GraphLoginRefused, GraphUnavailable
from kgraph.telemetry.telemetry import Telemetry

# What statements are called that have no file of their own.
CALLERS = "callers"
JOINED = "joined"


class Dealings:
    """Counted by the store, for as long as it is open."""

    def __init__(self, telemetry: Telemetry, connections_most: int) -> None:
        meter = telemetry.meter
        self.answers = True
        self.sessions = 0
        self._tracing = telemetry.tracing
        self._seconds = meter.summary("kgraph_neo4j_statement_seconds")
        self._errors = meter.counter("kgraph_neo4j_errors")
        self._retries = meter.counter("kgraph_neo4j_retries")
        meter.reads("kgraph_neo4j_up", lambda: [((), self.answers)])
        meter.reads("kgraph_neo4j_sessions", lambda: [((), self.sessions)])
        meter.reads("kgraph_neo4j_connections_most", lambda: [((), connections_most)])

    @contextmanager
    def asked(self) -> Iterator[None]:
        """A session is used, from the wish for a connection to the end, with all that is tried again."""
        self.sessions += 1
        try:
            yield
        except GraphError as error:
            self.answers = not isinstance(error, GraphUnavailable | GraphLoginRefused)
            self._errors.labels(type(error).__name__).inc()
            raise
        else:
            self.answers = True
        finally:
            self.sessions -= 1

    @contextmanager
    def statement(self, name: str) -> Iterator[None]:
        """One statement is sent and its answer read; a span of its own where traces are exported."""
        began = time.perf_counter()
        try:
            if self._tracing.exports:
                with self._tracing.inside(name, {"db.system.name": "neo4j", "db.query.summary": name}):
                    yield
            else:
                yield
        finally:
            self._seconds.labels(name).observe(time.perf_counter() - began)

    def again(self) -> None:
        """Something is sent once more."""
        self._retries.inc()
