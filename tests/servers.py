"""What the tests need of a Neo4j, a Kubernetes, a Kafka and a Redis, whoever runs them.

Where a Docker daemon answers, they are containers (`tests/containers.py`); elsewhere they are child processes
(`kgraph.stack`). Set KGRAPH_TEST_SERVERS to `processes` or `containers` to decide otherwise.
"""

import gc
import os
import warnings
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Protocol

# Users that the test cluster knows by a token, and their groups.
TEST_USERS: Mapping[str, tuple[str, ...]] = {"alice": ("developers",), "bob": (), "carol": ("auditors",)}


class Restartable(Protocol):
    """A running server that a test may kill, restart and hang. Its addresses survive its restarts."""

    async def kill(self) -> None: ...
    async def start_again(self) -> None: ...
    async def restart(self) -> None: ...
    def pause(self) -> None: ...
    def resume(self) -> None: ...


class Graph(Restartable, Protocol):
    """A running Neo4j."""

    user: str
    password: str

    @property
    def bolt_uri(self) -> str: ...
    @property
    def http_uri(self) -> str: ...


class Feed(Restartable, Protocol):
    """A running Kafka, in which no topic is made by itself."""

    @property
    def bootstrap_servers(self) -> str: ...


class Fast(Restartable, Protocol):
    """A running Redis."""

    @property
    def url(self) -> str: ...


class Cluster(Protocol):
    """A running Kubernetes that knows the test users."""

    @property
    def server(self) -> str: ...
    @property
    def ca_file(self) -> Path: ...
    @property
    def kubeconfig(self) -> Path: ...
    @property
    def admin_token(self) -> str: ...
    def token_of(self, user: str) -> str: ...
    async def kubectl(self, *arguments: str, stdin: str | None = None) -> str: ...
    async def request(self, method: str, path: str, body: Any = None) -> Any: ...


@cache
def docker_answers() -> bool:
    """Whether the servers are to be containers."""
    return decide(os.environ.get("KGRAPH_TEST_SERVERS", ""), ping_docker)


def decide(wish: str, ping: Any) -> bool:
    """Whether to use containers: as wished, else where the daemon answers a ping. Raises ValueError."""
    if wish not in {"", "processes", "containers"}:
        raise ValueError(f"KGRAPH_TEST_SERVERS is processes or containers, not {wish!r}")
    return wish == "containers" or (wish == "" and ping())


def ping_docker() -> bool:
    """Whether a Docker daemon answers here."""
    with warnings.catch_warnings():
        # The library leaves its socket open where nobody listens; it is collected here, where nobody minds.
        warnings.simplefilter("ignore", ResourceWarning)
        answers = _ping_docker()
        gc.collect()
    return answers


def _ping_docker() -> bool:
    import docker

    try:
        client = docker.from_env(timeout=3)
    except docker.errors.DockerException:
        return False
    try:
        return bool(client.ping())
    except Exception:  # noqa: BLE001 - docker lets the errors of two libraries below it through
        return False
    finally:
        client.close()
