"""The Neo4j store: the one module that knows the driver.

Statements come from `kgraph.cypher` by name; the driver's errors are mapped to `errors` here, with the cause
chained. Reads and writes go through managed transactions, which try again after a deadlock or a lost leader.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar, cast

import msgspec
import neo4j
import stamina
from neo4j import AsyncDriver, AsyncGraphDatabase, AsyncManagedTransaction
from neo4j import exceptions as driver_errors

from kgraph import cypher
from kgraph.graphdb import errors
from kgraph.graphdb.parameters import quiet

Record = dict[str, Any]
Seen = neo4j.Bookmarks  # how far a statement has seen the graph
T = TypeVar("T")

# A pooled connection idle for longer than this is asked whether it lives before it is used: a firewall or a
# restarted Neo4j would otherwise cost the next caller a failed transaction.
LIVENESS_CHECK_SECONDS = 60.0
# The driver's own retries of a transaction give up after this; the callers' loops go on with their own back-off.
RETRY_SECONDS = 15.0
CONNECT_SECONDS = 10.0

_UNAVAILABLE = (
    driver_errors.ServiceUnavailable,
    driver_errors.SessionExpired,
    driver_errors.TransientError,
    driver_errors.DatabaseUnavailable,
    driver_errors.ConnectionAcquisitionTimeoutError,
    OSError,
)
# uvloop's words where a connection is gone before the driver knows (MagicStack/uvloop issues 506 and 653); asyncio's
# own loop says OSError, which the driver expects.
_UVLOOP_LOST = ("the handler is closed", "is used by transport")
_TIMEOUT_CODES = {
    "Neo.ClientError.Transaction.TransactionTimedOut",
    "Neo.ClientError.Transaction.TransactionTimedOutClientConfiguration",
    "Neo.TransientError.Transaction.TransactionTimedOut",
    # Where it was ended while it waited for a lock; the driver takes it for no transient error, as we do.
    "Neo.ClientError.Transaction.LockClientStopped",
}
# Neo4j calls them transient, but the same statement needs the same memory each time.
_MEMORY_CODES = {
    "Neo.TransientError.General.MemoryPoolOutOfMemoryError",
    "Neo.TransientError.General.TransactionMemoryLimit",
}

# What a schema statement is told when another has made the same at the same moment; run again, it finds it there.
_MADE_MEANWHILE = frozenset(
    {
        "Neo.ClientError.Schema.ConstraintAlreadyExists",
        "Neo.ClientError.Schema.EquivalentSchemaRuleAlreadyExists",
        "Neo.ClientError.Schema.IndexAlreadyExists",
    }
)


class GraphSettings(msgspec.Struct, frozen=True):
    """Where the graph is: `NEO4J_URI`, `NEO4J_USER`, `NEO4J_PASSWORD`, `NEO4J_DATABASE`."""

    uri: str
    user: str = "neo4j"
    password: str = ""
    database: str = "neo4j"
    max_connections: int = 100

    def __repr__(self) -> str:
        """Everything but the password."""
        return f"GraphSettings(uri={self.uri!r}, user={self.user!r}, database={self.database!r})"


class Store:
    """A graph that answers: reads, and one write transaction at a time per caller."""

    def __init__(self, driver: AsyncDriver, settings: GraphSettings) -> None:
        self._driver = driver
        self._settings = settings
        self.statements_sent = 0  # how many statements went to Neo4j: tests count a query's cost by it
        self.told: tuple[Seen, float] | None = None  # how far a caller was told of the graph, and when (monotonic)

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: GraphSettings) -> AsyncIterator["Store"]:
        """Connect, ask Neo4j for an answer, and close at the end; raises what `errors` lists."""
        driver = AsyncGraphDatabase.driver(
            settings.uri,
            auth=(settings.user, settings.password),
            max_connection_pool_size=settings.max_connections,
            connection_timeout=CONNECT_SECONDS,
            liveness_check_timeout=LIVENESS_CHECK_SECONDS,
            max_transaction_retry_time=RETRY_SECONDS,
            notifications_min_severity="OFF",
            telemetry_disabled=True,
            user_agent="dictamesh-k8s-adapter",
        )
        try:
            with mapped(f"connecting to Neo4j at {settings.uri} as {settings.user}"):
                await driver.verify_connectivity()
            yield cls(driver, settings)
        finally:
            await driver.close()

    async def read(
        self, name: str, parameters: Mapping[str, Any] | None = None, *, timeout: float | None = None
    ) -> list[Record]:
        """All records of the statement `name`; `timeout` in seconds ends it with GraphTimeout.

        Rows are dear in Python: statements meant for many results collect them into lists of one record.
        """
        return await self.read_text(cypher.statement(name), parameters, what=name, timeout=timeout)

    async def read_one(
        self, name: str, parameters: Mapping[str, Any] | None = None, *, timeout: float | None = None
    ) -> Record:
        """The one record that the statement `name` returns."""
        return _only(name, await self.read(name, parameters, timeout=timeout))

    async def read_text(
        self,
        text: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        what: str = "a caller's statement",
        timeout: float | None = None,
        max_records: int | None = None,
    ) -> list[Record]:
        """Run a statement's own text for reading, at most `max_records` records of it.

        It is a transaction of its own: one round trip, where a managed one takes three (its beginning, the statement,
        its end; measured: a walk's four statements at 2.4 ms each instead of 1.9, and a third more of the processor).
        Trying again is therefore ours, for as long and for the same errors as the driver would.
        """
        query = neo4j.Query(text, timeout=timeout)
        records, _ = await self._read(query, parameters, what=what, max_records=max_records)
        return records

    async def read_after(
        self,
        name: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        after: Seen | None,
        timeout: float | None = None,
    ) -> tuple[Record, Seen]:
        """The one record of a statement that sees all of what was seen before, and how far it has seen itself.

        A commit is visible while it is being applied, one part before another; whoever comes after one who has seen
        any of it waits until all of it is (Neo4j's causal consistency, by bookmarks).
        """
        query = neo4j.Query(cypher.statement(name), timeout=timeout)
        records, seen = await self._read(query, parameters, what=name, after=after)
        return _only(name, records), seen

    async def _read(
        self,
        query: neo4j.Query,
        parameters: Mapping[str, Any] | None,
        *,
        what: str,
        max_records: int | None = None,
        after: Seen | None = None,
    ) -> tuple[list[Record], Seen]:
        with mapped(what):
            async for attempt in stamina.retry_context(on=_may_pass, attempts=None, timeout=RETRY_SECONDS):
                with attempt:
                    self.statements_sent += 1
                    async with self._driver.session(
                        database=self._settings.database, default_access_mode=neo4j.READ_ACCESS, bookmarks=after
                    ) as session:
                        result = await session.run(query, quiet(parameters))
                        if max_records is None:
                            records = [dict(record) async for record in result]
                        else:
                            records = [dict(record) for record in await result.fetch(max_records)]
                        return records, await session.last_bookmarks()
        raise AssertionError("a retry that neither returns nor raises")

    async def explain(self, text: str, parameters: Mapping[str, Any] | None = None) -> str:
        """The kind of a statement, without running it: "r" where it only reads, else "rw", "w" or "s"."""
        with mapped("explaining a caller's statement"):
            async with self._driver.session(
                database=self._settings.database, default_access_mode=neo4j.READ_ACCESS
            ) as session:
                result = await session.run(f"EXPLAIN {text}", quiet(parameters))
                summary = await result.consume()
                return summary.query_type or ""

    async def plan(self, text: str, parameters: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The plan that Neo4j makes for a statement, as nested mappings (operatorType, children, args)."""
        with mapped("explaining a statement"):
            async with self._driver.session(database=self._settings.database) as session:
                result = await session.run(f"EXPLAIN {text}", quiet(parameters))
                summary = await result.consume()
                return cast("dict[str, Any]", summary.plan or {})

    async def write(
        self, work: Callable[["Transaction"], Awaitable[T]], *, what: str, timeout: float | None = None
    ) -> T:
        """One write transaction, committed when `work` returns and rolled back when it raises.

        `work` may be run again (a deadlock, a lost connection before the commit): it must not keep state.
        """

        @neo4j.unit_of_work(timeout=timeout)
        async def unit(transaction: AsyncManagedTransaction) -> T:
            return await work(Transaction(self, transaction))

        with mapped(what):
            async with self._driver.session(database=self._settings.database) as session:
                return await session.execute_write(unit)

    async def write_one(self, name: str, parameters: Mapping[str, Any] | None = None) -> Record | None:
        """Run the one write statement `name` in a transaction of its own; its first record, if any."""

        async def work(transaction: Transaction) -> Record | None:
            records = await transaction.run(name, parameters)
            return records[0] if records else None

        return await self.write(work, what=name)

    async def write_at_once(
        self, first: str, others: Mapping[str, Mapping[str, Any]], parameters: Mapping[str, Any], *, timeout: float
    ) -> bool:
        """Run statements as one, in one round trip (`cypher.joined`); whether the first one had a row.

        It is tried once: an error that may pass is one of the store's, as any other.
        """
        text = cypher.joined(first, *others)
        inner = {name.rpartition("/")[2]: quiet(each) for name, each in others.items()}
        with mapped(first):
            self.statements_sent += 1
            async with self._driver.session(database=self._settings.database) as session:
                result = await session.run(neo4j.Query(text, timeout=timeout), {**quiet(parameters), **inner})
                return await result.single() is not None

    async def run_alone(self, text: str, parameters: Mapping[str, Any] | None = None, *, what: str) -> None:
        """Run a statement that must own its transaction: schema, `CALL { … } IN TRANSACTIONS`; or that is in a hurry.

        It may run twice, so that it has to be one that does no harm then: schema statements of two programs that start
        at once end one another in deadlocks.
        """
        with mapped(what):
            async for attempt in stamina.retry_context(on=_may_pass_alone, attempts=None, timeout=RETRY_SECONDS):
                with attempt:
                    self.statements_sent += 1
                    async with self._driver.session(database=self._settings.database) as session:
                        result = await session.run(text, quiet(parameters))
                        await result.consume()


class Transaction:
    """An open write transaction, as the writers see it."""

    def __init__(self, store: Store, transaction: AsyncManagedTransaction) -> None:
        self._store = store
        self._transaction = transaction

    async def run(self, name: str, parameters: Mapping[str, Any] | None = None) -> list[Record]:
        """Run the statement `name` and return its records."""
        self._store.statements_sent += 1
        result = await self._transaction.run(cypher.statement(name), quiet(parameters))
        return [dict(record) async for record in result]


def _only(name: str, records: list[Record]) -> Record:
    if len(records) != 1:
        raise errors.GraphError(f"the statement {name} gave {len(records)} records where it promises one")
    return records[0]


def _may_pass(error: Exception) -> bool:
    """Whether the driver itself would try a transaction again that ended so."""
    return isinstance(error, driver_errors.Neo4jError | driver_errors.DriverError) and error.is_retryable()


def _may_pass_alone(error: Exception) -> bool:
    """The same of a schema statement; two that run at once may each find that there is none yet (`IF NOT EXISTS`)."""
    return _may_pass(error) or (isinstance(error, driver_errors.Neo4jError) and error.code in _MADE_MEANWHILE)


@contextmanager
def mapped(what: str) -> Iterator[None]:
    """Turn the driver's errors into this package's, each saying what was attempted."""
    try:
        yield
    except errors.GraphError:
        raise
    except driver_errors.AuthError as cause:
        raise errors.GraphLoginRefused(
            f"{what}: Neo4j refuses the login; check NEO4J_USER and NEO4J_PASSWORD"
        ) from cause
    except _UNAVAILABLE as cause:
        code = getattr(cause, "code", None) or ""
        if code in _TIMEOUT_CODES:
            raise errors.GraphTimeout(f"{what}: took longer than it may and was ended") from cause
        if code in _MEMORY_CODES:
            raise errors.StatementRefused(f"{what}: {cause}", code) from cause
        raise errors.GraphUnavailable(f"{what}: Neo4j does not answer ({cause})") from cause
    except driver_errors.Neo4jError as cause:
        if cause.code in _TIMEOUT_CODES:
            raise errors.GraphTimeout(f"{what}: took longer than it may and was ended") from cause
        raise errors.StatementRefused(f"{what}: {cause.message}", cause.code or "") from cause
    except driver_errors.DriverError as cause:
        raise errors.GraphUnavailable(f"{what}: {cause}") from cause
    except (OverflowError, UnicodeError) as cause:
        raise errors.StatementRefused(f"{what}: a value that Bolt cannot carry ({cause})") from cause
    except asyncio.IncompleteReadError as cause:
        raise errors.GraphUnavailable(f"{what}: Neo4j closed the connection") from cause
    except RuntimeError as cause:
        if not any(each in str(cause) for each in _UVLOOP_LOST):
            raise
        raise errors.GraphUnavailable(f"{what}: the connection to Neo4j was lost ({cause})") from cause
