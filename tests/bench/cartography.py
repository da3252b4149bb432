"""Cartography, the nearest other tool, loads the same cluster into the same Neo4j: its time, memory and result.

It has an environment of its own, made here from a lock file with hashes (tests/bench/cartography.lock), so that none
of its dependencies come among ours. It reads a cluster once, when it is run, and has no watch: what is compared is its
sync and our first one. Both read the same apiserver by the same kubeconfig file.
"""

import asyncio
import hashlib
import os
import sys
import time
from pathlib import Path

from kgraph.stack.cache import cached
from tests.bench.bench import Bench
from tests.bench.rows import Figure, figure

LOCK = Path(__file__).with_suffix(".lock")
MODULES = "create-indexes,kubernetes"
PASSWORD = "NEO4J_PASSWORD"
MIB_OF_KIB = 1024
LOOK_SECONDS = 0.1
SIZE = "MATCH (n) WHERE NOT n:SyncMetadata RETURN count(n), COUNT { ()-[]->() }"
LABELS = """
MATCH (n) UNWIND [l IN labels(n) WHERE l STARTS WITH 'Kubernetes'] AS label
RETURN label, count(*) AS many ORDER BY many DESC LIMIT 12
"""


async def cartography(bench: Bench) -> list[Figure]:
    """Our first sync of a cluster, and its own of the same, each into an empty graph."""
    program = await _program()
    await bench.wipe()
    async with bench.worker() as worker:
        began = await worker.said("workers start")
        ours = await worker.said("in step") - began
        resources, edges = await bench.size()
        memory = worker.memory().peak
    await bench.wipe()
    seconds, peak = await _sync(bench, program)
    ((nodes, relationships),) = await bench.query(SIZE)
    labels = ", ".join(f"{label} {many:,}" for label, many in await bench.query(LABELS))
    await bench.wipe()
    version = _version()
    data = (
        f"the other is Cartography {version}, modules {MODULES}, one sync into the same Neo4j, start to end: "
        f"{nodes:,} nodes, {relationships:,} relationships ({labels}); ours from the worker's start: {resources:,} "
        f"resources, {edges:,} edges"
    )
    beside = f"beside Cartography {version} (as the floor)"
    return [
        figure(f"first sync, {beside}", ours, "s", data, floor=seconds),
        figure(f"first sync's memory, peak resident, {beside}", memory, "MiB", data, floor=peak),
    ]


async def _sync(bench: Bench, program: Path) -> tuple[float, float]:
    """Run it once; seconds, and the most memory that it had resident, in MiB."""
    log = bench.folder / "logs" / "cartography.log"
    argv = (
        str(program), "-m", "cartography", "--neo4j-uri", bench.graph.bolt_uri, "--neo4j-user", bench.graph.user,
        "--neo4j-password-env-var", PASSWORD, "--selected-modules", MODULES,
        "--k8s-kubeconfig", str(bench.plane.kubeconfig),
    )  # fmt: skip
    began = time.perf_counter()
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *argv, stdout=output, stderr=output, env={**os.environ, PASSWORD: bench.graph.password}
        )
        ended, peak = asyncio.create_task(process.wait()), 0.0
        while not ended.done():
            peak = max(peak, _peak(process.pid))
            await asyncio.wait({ended}, timeout=LOOK_SECONDS)
    if process.returncode:
        words = log.read_text("utf-8", "replace")[-2000:]
        raise RuntimeError(f"cartography ended with {process.returncode}:\n{words}")
    return time.perf_counter() - began, peak


def _peak(pid: int) -> float:
    """The most that a process has had resident, in MiB; 0 where it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text("ascii")
    except OSError:
        return 0.0
    found = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(found[0]) / MIB_OF_KIB if found else 0.0


async def _program() -> Path:
    """The Python of its own environment, which is made where this machine has none."""

    async def make(target: Path) -> None:
        await _run(sys.executable, "-m", "venv", str(target))
        pip = (str(target / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet")
        await _run(*pip, "--require-hashes", "-r", str(LOCK))

    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]
    folder = await cached(f"cartography-{_version()}-{digest}", make)
    # Not its script, which names the interpreter of the folder in which it was made.
    return folder / "bin" / "python"


async def _run(*argv: str) -> None:
    process = await asyncio.create_subprocess_exec(*argv)
    if await process.wait():
        raise RuntimeError(f"{argv} ended with {process.returncode}")


def _version() -> str:
    lines = LOCK.read_text("utf-8").splitlines()
    return next(line for line in lines if line.startswith("cartography==")).split("==")[1].rstrip(" \\")
