"""The change feed: how soon, how many, at what cost, and how fast what has waited is sent.

Kafka is a real one beside the two servers of all measurements. A change is acknowledged before a consumer can have
it, so that what the consumer sees is never sooner than what is promised.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from statistics import median
from typing import NamedTuple

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.structs import TopicPartition

from kgraph.feed.event import EventType, decoded
from kgraph.feed.kafka_settings import KafkaSettings
from kgraph.feed.kafka_sink import BATCH_BYTES, KafkaSink
from kgraph.feed.message import Message, unpacked
from kgraph.feed.topics import MESSAGE_BYTES, prepared
from kgraph.graphdb.store import Store
from kgraph.stack.kafka import KafkaServer
from kgraph.sync.relay import Relay
from tests.bench.bench import Bench, quiet
from tests.bench.changes import PER_SECOND, Changes, followed, some_objects
from tests.bench.dataset import CLUSTER
from tests.bench.replay import PODS, REPLICA_SETS, ReplayedCluster
from tests.bench.rows import Bar, Figure, figure, percentiles
from tests.bench.sync import first_syncs
from tests.consumer import partitions

POLL_SECONDS = 0.05
PATIENCE_SECONDS = 300.0
# Of the changes that are told at full speed: half a minute's worth of what must be reached.
SUSTAINED = 30_000
LIMIT_BYTES = 2**30
UPDATED = EventType.UPDATED.topic
# How many workers share the shards, and whether all of them have been in step since: each has its own part.
_SHARED = """
MATCH (s:Shard) MATCH (w:SyncWorker {key: s.worker}) MATCH (c:Cluster {key: "cluster:" + split(s.cluster, "~")[0]})
WITH s, w, c, split(s.cluster, "~") AS parts
WITH w, c["syncedAt" + CASE size(parts) WHEN 1 THEN "" ELSE "~" + parts[1] END] AS syncedAt, s
RETURN count(DISTINCT w), all(at IN collect(syncedAt > coalesce(s.leftAt, syncedAt - duration({seconds: 1}))) WHERE at)
"""


@asynccontextmanager
async def kafka(bench: Bench) -> AsyncIterator[str]:
    """A Kafka with the feed's topics, which have leaders; its bootstrap servers."""
    async with KafkaServer.start(bench.new_folder("kafka"), report=bench.report) as server:
        await _is_ready(server.bootstrap_servers)
        yield server.bootstrap_servers


async def _is_ready(servers: str) -> None:
    await prepared(KafkaSettings(bootstrap_servers=(servers,)))
    await _until_led(servers)


def to(servers: str) -> Mapping[str, str]:
    """What a worker is told by its environment."""
    return {"KAFKA_BOOTSTRAP_SERVERS": servers}


async def latency(bench: Bench) -> list[Figure]:
    """Fifty changes a second, each followed to Kafka."""
    await bench.synced()
    async with kafka(bench) as servers, bench.worker(env=to(servers)) as worker:
        await worker.said("in step")
        objects, warm_up = await some_objects(bench, bench.effort.change_seconds)
        bare = await _bare_sends(servers, len(objects))
        before, began = worker.cpu_seconds(), time.perf_counter()
        async with _reader(servers, at_end=True) as consumer:
            changes = await followed(bench, objects, partial(_read, consumer))
        cores = (worker.cpu_seconds() - before) / (time.perf_counter() - began)
    keys = list(changes.sent)[warm_up:]
    ours, floor = changes.visible_seconds(keys), changes.delivery_seconds(keys)
    data = (
        f"{len(keys)} changes, {PER_SECOND} a second, after {warm_up} that warm it up; the worker used {cores:.0%} of "
        "a core; the floor is the watch's "
        f"delivery and one awaited send; slowest {ours[-1] * 1000:.0f} ms"
    )
    bars = {50: Bar("ours", 35), 99: Bar("ours", 90)}
    return percentiles("change acknowledged by Kafka", ours, [floor, bare], data, bars)


class Replay(NamedTuple):
    """How fast changes went that came as fast as they were taken: a second, and cores of each worker."""

    seconds: float
    first_half: float
    second_half: float
    cores: Sequence[float]

    @property
    def used(self) -> str:
        """What the workers used, for people."""
        return " and ".join(f"{one:.0%}" for one in self.cores)


async def sustained(bench: Bench) -> list[Figure]:
    """Changes as fast as one worker takes them, from a watch that is replayed over HTTP to Kafka."""
    count = int(SUSTAINED * bench.effort.change_seconds / 30)
    found = await _replayed(bench, {PODS: count})
    data = (
        f"{count:,} changes of Pods' labels over HTTP, as fast as they are taken; {found.first_half:,.0f} a second in "
        f"the first half, {found.second_half:,.0f} in the second; the worker used {found.used} of a core"
    )
    ours = found.seconds / count * 1e6
    return [figure("sustained change, its time to Kafka", ours, "us", data, bar=Bar("ours", 1000))]


async def in_parts(bench: Bench) -> list[Figure]:
    """The same of two kinds: one worker for both, and two workers that have a part of the cluster each."""
    count = int(SUSTAINED * bench.effort.change_seconds / 60)
    changes = {PODS: count, REPLICA_SETS: count}
    whole = await _replayed(bench, changes)
    parts = await _replayed(bench, changes, {"rs": ["replicasets.apps"]})
    data = (
        f"{count:,} changes of Pods' and as many of ReplicaSets' labels; the floor is one worker, which used "
        f"{whole.used} of a core; the two of the parts {parts.used}, beside Neo4j, Kafka and the apiserver on the same "
        "two cores"
    )
    ours, floor = (one.seconds / count / 2 * 1e6 for one in (parts, whole))
    return [figure("sustained change, the cluster in two parts", ours, "us", data, floor=floor)]


async def _replayed(bench: Bench, changes: Mapping[str, int], parts: Mapping[str, Sequence[str]] = {}) -> Replay:
    """Have changes of kinds, by their paths, told as fast as they are taken, by a worker for each part."""
    await bench.wipe()
    count = sum(changes.values())
    async with AsyncExitStack() as stack:
        servers = await stack.enter_async_context(kafka(bench))
        cluster, kubeconfig = await stack.enter_async_context(ReplayedCluster.running(bench, changes))
        clusters = json.dumps([{"id": CLUSTER, "kubeconfig_path": str(kubeconfig), "qps": 0, "parts": parts}])
        workers = [await stack.enter_async_context(bench.worker(clusters, to(servers))) for _ in range(len(parts) + 1)]
        consumer = await stack.enter_async_context(_reader(servers))
        while await bench.query(_SHARED) != [[len(workers), True]]:  # noqa: ASYNC110 - the graph tells only who asks
            await asyncio.sleep(POLL_SECONDS)
        await cluster.watched()
        used = [worker.cpu_seconds() for worker in workers]
        before, began = await _ends(consumer), time.perf_counter()
        cluster.go.set()
        half = await _until(consumer, before + count // 2)
        whole = await _until(consumer, before + count)
        cores = [
            (worker.cpu_seconds() - earlier) / (whole - began) for worker, earlier in zip(workers, used, strict=True)
        ]
    bench.report("Sustained changes", 1, 1)
    return Replay(whole - began, count / 2 / (half - began), count / 2 / (whole - half), cores)


async def first_sync(bench: Bench) -> list[Figure]:
    """An empty graph becomes the cluster's, with the feed and without it, in turns."""
    async with kafka(bench) as servers:
        without, with_feed = await first_syncs(bench, "First sync with the feed", {}, {"env": to(servers)})
    resources, _ = await bench.size()
    data = f"{resources:,} resources, each an event; medians of {bench.effort.repeats}; the floor is the same without"
    return [
        figure(
            "first sync with the change feed",
            median(with_feed),
            "s",
            data,
            floor=median(without),
            bar=Bar("ratio", 1.25),
        )
    ]


async def catching_up(bench: Bench) -> list[Figure]:
    """A whole cluster's events have waited for Kafka; they are sent, and by a bare producer the same."""
    await bench.wipe()
    async with KafkaServer.start(bench.new_folder("kafka"), report=bench.report) as server, bench.store() as store:
        servers = server.bootstrap_servers
        async with bench.worker(env=to(servers)) as worker:
            # Kafka is needed to be given the cluster, and away from then on.
            await worker.said("a cluster is taken")
            await server.kill()
            await worker.said("in step")
        await server.start_again()
        await _is_ready(servers)
        return await _caught_up(bench, servers, store)


async def _caught_up(bench: Bench, servers: str, store: Store) -> list[Figure]:
    """The outbox sent, put back and sent again, in turns with the bare producer."""
    rows = await bench.query("MATCH (o:Outbox) RETURN o.events AS events ORDER BY o.seq")
    messages = [message for (row,) in rows if isinstance(row, bytes) for message in unpacked(row)]
    ours: list[float] = []
    floors: list[float] = []
    quiet()
    for done in range(bench.effort.repeats):
        bench.report("Catching up", done, bench.effort.repeats)
        floors.append(await _send_bare(servers, messages))
        ours.append(await _relay_all(store, servers))
        if done < bench.effort.repeats - 1:
            await bench.put_back(rows)
    bench.report("Catching up", 1, 1)
    size = sum(len(message.value) for message in messages)
    data = f"{len(messages):,} events, {size / 1e6:.0f} MB of JSON, in {len(rows)} rows; floor: a bare producer"
    return [
        figure("outbox sent after an outage", median(ours), "s", data, floor=median(floors), bar=Bar("ratio", 2)),
    ]


async def _until_led(servers: str) -> None:
    """Send a message to each partition: a new one takes none before it has a leader, which may take seconds."""
    async with AIOKafkaProducer(bootstrap_servers=servers) as producer:
        for each in await partitions(servers):
            await producer.send_and_wait(each.topic, b"{}", b"nobody", partition=each.partition)


async def _relay_all(store: Store, servers: str) -> float:
    """Seconds from a relay's first look at the outbox until Kafka has acknowledged all of it."""
    async with Relay.running(store, KafkaSink(KafkaSettings(bootstrap_servers=(servers,))), LIMIT_BYTES) as relay:
        began = time.perf_counter()
        await relay.own(CLUSTER)
        while (await store.read_one("read/outbox_size", {"shard": CLUSTER}))["rows"]:  # noqa: ASYNC110 - the graph tells nobody
            await asyncio.sleep(POLL_SECONDS)
        return time.perf_counter() - began


async def _send_bare(servers: str, messages: list[Message]) -> float:
    """Seconds that a producer as ours takes for messages that it has in memory, connecting included as with ours."""
    began = time.perf_counter()
    async with AIOKafkaProducer(
        bootstrap_servers=servers,
        enable_idempotence=True,
        compression_type="lz4",
        max_batch_size=BATCH_BYTES,
        max_request_size=MESSAGE_BYTES,
    ) as producer:
        for message in messages:
            await producer.send(message.topic, message.value, message.key.encode(), headers=message.headers)
        await producer.flush()
    return time.perf_counter() - began


async def _bare_sends(servers: str, count: int) -> list[float]:
    """How long one awaited send of an event's size takes, in ascending order."""
    settings = KafkaSettings(bootstrap_servers=(servers,))
    await prepared(settings, ["bare"])
    seconds = []
    async with AIOKafkaProducer(bootstrap_servers=servers, enable_idempotence=True, compression_type="lz4") as producer:
        for number in range(count):
            began = time.perf_counter()
            await producer.send_and_wait("bare", b"{}" * 4000, str(number).encode())
            seconds.append(time.perf_counter() - began)
    return sorted(seconds)


@asynccontextmanager
async def _reader(servers: str, *, at_end: bool = False) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer of all updates."""
    updated = [each for each in await partitions(servers) if each.topic == UPDATED]
    async with AIOKafkaConsumer(bootstrap_servers=servers, fetch_max_wait_ms=1000) as consumer:
        consumer.assign(updated)
        if at_end:
            await consumer.seek_to_end(*updated)
        yield consumer


async def _read(consumer: AIOKafkaConsumer, changes: Changes, total: int) -> None:
    """Note when each change is there to be read, until all are."""
    while len(changes.seen) < total:
        found = await consumer.getmany(timeout_ms=1000)
        at = time.perf_counter()
        for some in found.values():
            for one in some:
                key = one.key.decode()
                if key in changes.sent and key not in changes.seen and _is_it(one.value, changes.waiting.get(key)):
                    changes.seen[key] = at


def _is_it(value: bytes, version: int | None) -> bool:
    """Whether an event has the change's version; where its PATCH is not answered yet, it was the first to come."""
    if version is None:
        return True
    metadata = msgspec.json.decode(decoded(value).new_object)["metadata"]
    return int(metadata["resourceVersion"]) >= version


async def _ends(consumer: AIOKafkaConsumer) -> int:
    """How many updates Kafka has."""
    assigned: set[TopicPartition] = consumer.assignment()
    return sum((await consumer.end_offsets(assigned)).values())


async def _until(consumer: AIOKafkaConsumer, count: int) -> float:
    """When Kafka has so many updates."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await _ends(consumer) < count:  # noqa: ASYNC110 - a consumer is told of messages, not of their number
            await asyncio.sleep(POLL_SECONDS)
    return time.perf_counter()
