"""The real servers that the tests share; see `tests/servers.py` for which are used where."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import neo4j
import pytest

from kgraph.stack.helm import helm as helm_program
from kgraph.stack.kafka import KafkaProgram, KafkaServer, kafka_program
from kgraph.stack.kubernetes import ControlPlane
from kgraph.stack.kubernetes_programs import programs
from kgraph.stack.kubernetes_setting import ControlPlaneOptions
from kgraph.stack.neo4j import DATABASE, Neo4jServer
from kgraph.stack.neo4j_config import Neo4jOptions
from kgraph.stack.neo4j_fetch import prepare
from kgraph.stack.otlp_receiver import receiver_program
from kgraph.stack.progress import Report, shown, silent
from kgraph.stack.prometheus import prometheus_programs
from kgraph.stack.redis import RedisServer
from kgraph.stack.redis_fetch import redis_program
from kgraph.stack.schema_registry import SchemaRegistryServer, schema_registry_program
from tests import containers
from tests.chart import Chart
from tests.examples import register_profiles
from tests.proxied import ProxiedKafka, proxied_kafka
from tests.servers import TEST_USERS, Cluster, Fast, Feed, Graph, docker_answers

register_profiles()
SMALL_NEO4J = Neo4jOptions(heap_mib=512, page_cache_mib=128)
# Fixtures that are containers where Docker answers, and what has to be fetched or built for which child processes.
CONTAINED = frozenset({"neo4j_server", "kafka_server", "redis_server", "control_plane"})
PREPARED: dict[Callable[[Report], Awaitable[object]], frozenset[str]] = {
    lambda report: prepare(report=report): frozenset({"neo4j_server"}),
    kafka_program: frozenset({"kafka_server", "own_kafka", "kafka_tools"}),
    redis_program: frozenset({"redis_server", "own_redis"}),
    schema_registry_program: frozenset({"schema_registry"}),
    prometheus_programs: frozenset({"promtool", "own_prometheus"}),
    receiver_program: frozenset({"otlp_receiver"}),
    programs: frozenset({"control_plane", "own_control_plane", "metered_control_plane", "heard_control_plane"}),
    helm_program: frozenset({"chart"}),
}
EMPTY_DATABASE = "MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 10000 ROWS"


def pytest_collection_finish(session: pytest.Session) -> None:
    """Fetch and build the servers before the first test: it takes minutes, and no test's time limit."""
    if session.config.option.collectonly:
        return
    wanted = {name for item in session.items for name in getattr(item, "fixturenames", ())}
    if docker_answers():
        wanted -= CONTAINED
    needed = [prepare_one for prepare_one, fixtures in PREPARED.items() if wanted & fixtures]

    async def prepare_servers() -> None:
        with shown() as report:
            for prepare_one in needed:
                await prepare_one(report)

    if needed:
        # In a thread of its own: asyncio.run takes away the loop of the thread that it runs in.
        with _uncaptured(session.config), ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, prepare_servers()).result()


@contextmanager
def _uncaptured(config: pytest.Config) -> Iterator[None]:
    capture = config.pluginmanager.getplugin("capturemanager")
    if capture is None:
        yield
    else:
        with capture.global_and_fixture_disabled():
            yield


@pytest.fixture(scope="session")
async def neo4j_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Graph]:
    """A Neo4j with a data folder of its own, for the whole session."""
    if docker_answers():
        async with containers.neo4j_container() as container:
            yield container
        return
    async with Neo4jServer.start(tmp_path_factory.mktemp("neo4j"), SMALL_NEO4J, report=silent) as server:
        yield server


@pytest.fixture(scope="session")
async def session_driver(neo4j_server: Graph) -> AsyncIterator[neo4j.AsyncDriver]:
    """A driver on the session's Neo4j; tests take `graph_driver`."""
    auth = (neo4j_server.user, neo4j_server.password)
    async with neo4j.AsyncGraphDatabase.driver(neo4j_server.bolt_uri, auth=auth) as driver:
        yield driver


@pytest.fixture
async def graph_driver(session_driver: neo4j.AsyncDriver) -> neo4j.AsyncDriver:
    """A driver on a database without nodes; constraints and indexes of earlier tests stay."""
    async with session_driver.session(database=DATABASE) as session:
        await (await session.run(EMPTY_DATABASE)).consume()
    return session_driver


@pytest.fixture(scope="session")
async def kafka_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Feed]:
    """A Kafka with a data folder of its own, for the whole session; a test's topics have names of the test's own."""
    if docker_answers():
        async with containers.kafka_container() as container:
            yield container
        return
    async with KafkaServer.start(tmp_path_factory.mktemp("kafka"), report=silent) as server:
        yield server


@pytest.fixture(scope="session")
async def kafka_tools() -> KafkaProgram:
    """Kafka's own programs in Java, its consumer among them."""
    return await kafka_program(silent)


@pytest.fixture(scope="session")
async def own_kafka(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ProxiedKafka]:
    """A Kafka of a child process behind a proxy; a test that cuts, kills or pauses it puts it right again."""
    async with proxied_kafka(tmp_path_factory.mktemp("own-kafka")) as made:
        yield made


@pytest.fixture(scope="session")
async def redis_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Fast]:
    """A Redis that keeps nothing, for the whole session."""
    if docker_answers():
        async with containers.redis_container() as container:
            yield container
        return
    async with RedisServer.start(tmp_path_factory.mktemp("redis"), report=silent) as server:
        yield server


@pytest.fixture(scope="session")
async def schema_registry(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SchemaRegistryServer]:
    """A schema registry of a child process; a test that kills it puts it right again, and has topics of its own."""
    async with SchemaRegistryServer.start(tmp_path_factory.mktemp("schema-registry"), report=silent) as server:
        yield server


@pytest.fixture(scope="session")
async def own_control_plane(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ControlPlane]:
    """A control plane of child processes, whose components a test may kill, pause and make forget.

    A test that breaks a component puts it right again. Three nodes are ready.
    """
    folder = tmp_path_factory.mktemp("kubernetes")
    async with ControlPlane.start(folder, ControlPlaneOptions(users=TEST_USERS), report=silent) as plane:
        await plane.add_nodes(3)
        yield plane


@pytest.fixture(scope="module")
async def metered_control_plane(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ControlPlane]:
    """A control plane with a metrics-server, and no nodes: a test's Pods use what their annotations say."""
    options = ControlPlaneOptions(metrics=True, users=TEST_USERS)
    async with ControlPlane.start(tmp_path_factory.mktemp("metered"), options, report=silent) as plane:
        yield plane


@pytest.fixture(scope="session")
async def chart() -> Chart:
    """The chart of deploy/, and the Helm that renders it."""
    return Chart(await helm_program(silent))


@pytest.fixture(scope="session")
async def k3s_cluster() -> AsyncIterator[Cluster]:
    """A K3s in a container; tests take `control_plane`."""
    async with containers.k3s_container() as container:
        yield container


@pytest.fixture(scope="session")
def control_plane(request: pytest.FixtureRequest) -> Cluster:
    """A Kubernetes whose Pods run, for tests that do not break it."""
    chosen: Cluster = request.getfixturevalue("k3s_cluster" if docker_answers() else "own_control_plane")
    return chosen


@pytest.fixture(scope="session")
def kubeconfig(control_plane: Cluster) -> Path:
    """The administrator's kubeconfig file of the session's Kubernetes."""
    return control_plane.kubeconfig


@pytest.fixture
async def namespace(control_plane: Cluster) -> AsyncIterator[str]:
    """A namespace for one test; its deletion is asked for and not waited for."""
    name = f"test-{os.getpid()}-{secrets.token_hex(4)}"
    await control_plane.request("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    yield name
    await control_plane.request("DELETE", f"/api/v1/namespaces/{name}")
