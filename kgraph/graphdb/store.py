"""The Neo4j store: the one module that knows the driver, but for its errors, which `driver_errors` makes ours.

Statements come from `kgraph.cypher` by name. Reads and writes go through managed transactions, which try again after a
deadlock or a lost leader.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Any, TypeVar, cast

import neo4j
import neo4j.time
import stamina
from neo4j import AsyncDriver, AsyncGraphDatabase, AsyncManagedTransaction

from kgraph import cypher
from kgraph.discreet import Discreet
from kgraph.graphdb import errors
from kgraph.graphdb.dealings import CALLERS, JOINED, Dealings
from kgraph.graphdb.driver_errors import CONNECTION_LOST, mapped, may_pass, may_pass_alone
from kgraph.graphdb.parameters import quiet
from kgraph.graphdb.plans import PLAN_SECONDS, Plans
from kgraph.telemetry.telemetry import Telemetry

Record = dict[str, Any]
Seen = neo4j.Bookmarks  # how far a statement has seen the graph
T = TypeVar("T")

# A pooled connection idle for longer than this is asked whether it lives before it is used: a firewall or a
# restarted Neo4j would otherwise cost the next caller a failed transaction.
LIVENESS_CHECK_SECONDS = 60.0
# The driver's own retries of a transaction give up after this; the callers' loops go on with their own back-off.
RETRY_SECONDS = 15.0
CONNECT_SECONDS = 10.0


class GraphSettings(Discreet, frozen=True):
    """Where the graph is: `NEO4J_URI`, `NEO4J_USER`, `NEO4J_PASSWORD`, `NEO4J_DATABASE`."""

    shown = ("uri", "user", "database")

    uri: str
    user: str = "neo4j"
    password: str = ""
    database: str = "neo4j"
    max_connections: int = 100


class Store:
    """A graph that answers: reads, and one write transaction at a time per caller."""

    def __init__(self, driver: AsyncDriver, settings: GraphSettings, telemetry: Telemetry | None = None) -> None:
        self._driver = driver
        self._settings = settings
        self._plans = Plans()
        self.dealings = Dealings(telemetry or Telemetry(), settings.max_connections)
        self.statements_sent = 0  # how many statements went to Neo4j: tests count a query's cost by it
        self.told: tuple[Seen, float] | None = None  # how far a caller was told of the graph, and when (monotonic)

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: GraphSettings, telemetry: Telemetry | None = None) -> AsyncIterator["Store"]:
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
            store = cls(driver, settings, telemetry)
            try:
                yield store
            finally:
                await store._plans.aclose()
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
        name = what if what in cypher.NAMES else CALLERS

        async def ask() -> tuple[list[Record], Seen]:
            # What callers write is theirs: each text is asked for once or twice.
            if name != CALLERS and query.text not in self._plans:
                unhurried = neo4j.Query(query.text, timeout=max(query.timeout or 0, PLAN_SECONDS))
                run = partial(self._run, unhurried, parameters, max_records, after)
                answered = await self._plans.first(query.text, run, what=what, timeout=query.timeout)
                if answered is not None:
                    return answered[0]
            return await self._run(query, parameters, max_records, after)

        with self._asked(what):
            return await self._answered(name, ask, may_pass)

    async def _answered(self, name: str, ask: Callable[[], Awaitable[T]], may_pass: Callable[[Exception], bool]) -> T:
        """What Neo4j answers, asked again while that may help.

        The first time is without the library that counts and waits: it leaves thirty objects in circles, and takes 4 %
        of the processor of a server that answers many small questions.
        """
        try:
            with self._sent(name):
                return await ask()
        except Exception as error:
            if not may_pass(error):
                raise
        async for attempt in stamina.retry_context(on=may_pass, attempts=None, timeout=RETRY_SECONDS):
            with attempt, self._sent(name, attempt.num + 1):
                return await ask()
        raise AssertionError("a retry that neither returns nor raises")

    async def _run(
        self, query: neo4j.Query, parameters: Mapping[str, Any] | None, max_records: int | None, after: Seen | None
    ) -> tuple[list[Record], Seen]:
        try:
            async with self._driver.session(
                database=self._settings.database, default_access_mode=neo4j.READ_ACCESS, bookmarks=after
            ) as session:
                result = await session.run(query, quiet(parameters))
                if max_records is None:
                    records = [dict(record) async for record in result]
                else:
                    records = [dict(record) for record in await result.fetch(max_records)]
                return records, await session.last_bookmarks()
        except CONNECTION_LOST:
            self._plans.forget()
            raise

    async def explain(self, text: str, parameters: Mapping[str, Any] | None = None) -> str:
        """The kind of a statement, without running it: "r" where it only reads, else "rw", "w" or "s"."""
        with self._asked("explaining a caller's statement"):
            async with self._driver.session(
                database=self._settings.database, default_access_mode=neo4j.READ_ACCESS
            ) as session:
                result = await session.run(f"EXPLAIN {text}", quiet(parameters))
                summary = await result.consume()
                return summary.query_type or ""

    async def plan(self, text: str, parameters: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The plan that Neo4j makes for a statement, as nested mappings (operatorType, children, args)."""
        with self._asked("explaining a statement"):
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
        tried = 0

        @neo4j.unit_of_work(timeout=timeout)
        async def unit(transaction: AsyncManagedTransaction) -> T:
            nonlocal tried
            tried += 1
            if tried > 1:
                self.dealings.again()
            return await work(Transaction(self, transaction))

        with self._asked(what):
            async with self._driver.session(database=self._settings.database) as session:
                return await session.execute_write(unit)

    async def write_one(self, name: str, parameters: Mapping[str, Any] | None = None) -> Record | None:
        """Run the one write statement `name` in a transaction of its own; its first record, if any."""

        async def work(transaction: Transaction) -> Record | None:
            records = await transaction.run(name, parameters)
            return records[0] if records else None

        return await self.write(work, what=name)

    async def write_counted(self, text: str, parameters: Mapping[str, Any], *, what: str) -> int:
        """Run a part of a migration, text of its own, in one transaction; how much it says that it has `changed`."""

        @neo4j.unit_of_work()
        async def unit(transaction: AsyncManagedTransaction) -> int:
            result = await transaction.run(text, quiet(parameters))
            return int((await result.single(strict=True))["changed"])

        with mapped(what):
            self.statements_sent += 1
            async with self._driver.session(database=self._settings.database) as session:
                return await session.execute_write(unit)

    async def write_at_once(
        self, first: str, others: Mapping[str, Mapping[str, Any]], parameters: Mapping[str, Any], *, timeout: float
    ) -> bool:
        """Run statements as one, in one round trip (`cypher.joined`); whether the first one had a row.

        It is tried once: an error that may pass is one of the store's, as any other.
        """
        text = cypher.joined(first, *others)
        inner = {name.rpartition("/")[2]: quiet(each) for name, each in others.items()}
        with self._asked(first), self._sent(JOINED):
            async with self._driver.session(database=self._settings.database) as session:
                result = await session.run(neo4j.Query(text, timeout=timeout), {**quiet(parameters), **inner})
                return await result.single() is not None

    async def run_alone(self, text: str, parameters: Mapping[str, Any] | None = None, *, what: str) -> None:
        """Run a statement that must own its transaction: schema, `CALL { … } IN TRANSACTIONS`; or that is in a hurry.

        It may run twice, so that it has to be one that does no harm then: schema statements of two programs that start
        at once end one another in deadlocks.
        """
        name = what if what in cypher.NAMES else JOINED

        async def run() -> None:
            async with self._driver.session(database=self._settings.database) as session:
                result = await session.run(text, quiet(parameters))
                await result.consume()

        with self._asked(what):
            await self._answered(name, run, may_pass_alone)

    @contextmanager
    def _asked(self, what: str) -> Iterator[None]:
        with self.dealings.asked(), mapped(what):
            yield

    @contextmanager
    def _sent(self, name: str, attempt: int = 1) -> Iterator[None]:
        self.statements_sent += 1
        if attempt > 1:
            self.dealings.again()
        with self.dealings.statement(name):
            yield


class Transaction:
    """An open write transaction, as the writers see it."""

    def __init__(self, store: Store, transaction: AsyncManagedTransaction) -> None:
        self._store = store
        self._transaction = transaction

    async def run(self, name: str, parameters: Mapping[str, Any] | None = None) -> list[Record]:
        """Run the statement `name` and return its records."""
        self._store.statements_sent += 1
        with self._store.dealings.statement(name):
            result = await self._transaction.run(cypher.statement(name), quiet(parameters))
            return [dict(record) async for record in result]


def native(value: Any) -> Any:
    """The driver's DateTime as Python's; every other value as it is."""
    return value.to_native() if isinstance(value, neo4j.time.DateTime) else value


def _only(name: str, records: list[Record]) -> Record:
    if len(records) != 1:
        raise errors.GraphError(f"the statement {name} gave {len(records)} records where it promises one")
    return records[0]
