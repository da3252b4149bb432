"""`python -m tests.bench.stream_server ours|bare PORT RATE`: a feed, served by us, or by nothing but uvicorn.

Both send the same bytes at the same times. The events are a Pod's, as large as a real one's.
"""

import asyncio
import itertools
import os
import sys
from datetime import UTC, datetime
from typing import Any

import msgspec
import structlog
import uvicorn
import uvloop

from kgraph.api.app import create_app
from kgraph.api.events.hub import Hub
from kgraph.api.events.positions import Position
from kgraph.api.events.told import Told
from kgraph.api.rest.event_stream import written
from kgraph.api.settings import ApiSettings
from kgraph.cli import logs
from kgraph.cli.process.serving import listening, running
from kgraph.feed.bus import Bus
from kgraph.feed.event import Event, EventType, FieldChange, Gvk, Identity, Metadata, event_id, written_time
from kgraph.graphdb.store import GraphSettings, Store
from kgraph.kube.sealing import Sealer

log = structlog.get_logger(__name__)

_CONTAINER = {"name": "web", "image": "nginx:1.29", "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}}}
_CONDITIONS = [
    {"type": name, "status": "True", "lastTransitionTime": "2026-01-31T12:00:00Z", "observedGeneration": 1}
    for name in ("Initialized", "Ready", "ContainersReady", "PodScheduled", "PodReadyToStartContainers")
]


def event(number: int) -> Event:
    """One change of a Pod: 3 kB with both its states."""
    name, uid = f"web-{number % 100}", f"6f1c9f3e-2c1b-4a51-8c30-{number % 100:012}"
    metadata = {
        "name": name,
        "namespace": "shop",
        "uid": uid,
        "resourceVersion": str(1_000_000 + number),
        "labels": {"app": "web", "tier": "front", "pod-template-hash": "7f9c6d5b8"},
    }
    spec = {"nodeName": "node-1", "serviceAccountName": "default", "containers": [_CONTAINER], "volumes": []}
    status = {"phase": "Running", "podIP": "10.0.0.7", "conditions": _CONDITIONS}
    new = msgspec.Raw(msgspec.json.encode({"metadata": metadata, "spec": spec, "status": status}))
    old = msgspec.Raw(
        msgspec.json.encode({"metadata": metadata, "spec": spec, "status": {**status, "phase": "Pending"}})
    )
    return Event(
        event_id=event_id(EventType.UPDATED, name, str(number)),
        event_type=EventType.UPDATED,
        timestamp=written_time(datetime.now(UTC)),
        cluster_id="prod",
        resource=Identity("kubernetes.pod", "shop", name, uid, Gvk("", "v1", "Pod")),
        old_object=old,
        new_object=new,
        diff={"status.phase": FieldChange(msgspec.Raw(b'"Pending"'), msgspec.Raw(b'"Running"'))},
        metadata=Metadata(trace_id="0" * 32, span_id="0" * 16, sequence=number),
    )


class Bare:
    """Server-sent events, and nothing else."""

    def __init__(self) -> None:
        self.clients: set[asyncio.Queue[bytes]] = set()

    def publish(self, event: Event) -> None:
        """Send an event's bytes to all."""
        number = event.metadata.sequence
        data = written(Told(event, Position(number + 10**15, "0" * 8, event.event_id)))
        for client in self.clients:
            client.put_nowait(data)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """The application."""
        if scope["type"] != "http":
            return
        del receive
        headers = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        queue: asyncio.Queue[bytes] = asyncio.Queue()
        self.clients.add(queue)
        while True:
            await send({"type": "http.response.body", "body": await queue.get(), "more_body": True})


async def ours(port: int, rate: float) -> None:
    """Our server over the graph that the environment names."""
    bus = Bus()
    hub = Hub(bus)
    hub.start()
    graph = GraphSettings(os.environ["NEO4J_URI"], os.environ["NEO4J_USER"], os.environ["NEO4J_PASSWORD"])
    async with Store.open(graph) as store:
        app = create_app(store, ApiSettings(), Sealer.of({}), hub=hub)
        with listening("127.0.0.1", port) as listener:
            async with running(app, listener, 1_000_000, closing=hub):
                log.info("the API listens")
                await _publish(lambda one: bus.publish([one]), rate)


async def bare(port: int, rate: float) -> None:
    """The other one, with the same protocols."""
    app = Bare()
    config = uvicorn.Config(app, log_config=None, access_log=False, server_header=False, lifespan="off")
    with listening("127.0.0.1", port) as listener:
        serving = asyncio.create_task(uvicorn.Server(config).serve([listener]))
        log.info("the API listens")
        await _publish(app.publish, rate)
        await serving


async def _publish(publish: Any, rate: float) -> None:
    began = asyncio.get_running_loop().time()
    for number in itertools.count(1):
        await asyncio.sleep(began + number / rate - asyncio.get_running_loop().time())
        publish(event(number))


def main(which: str, port: str, rate: str) -> None:
    """Serve until killed."""
    logs.set_up(os.environ, level="info")
    uvloop.run({"ours": ours, "bare": bare}[which](int(port), float(rate)))


if __name__ == "__main__":
    main(*sys.argv[1:])
