"""A worker's membership in the group that shares out the shards: Kafka's consumer-group protocol.

A shard is a partition of a topic that carries no message: who is assigned the partition syncs the shard. The protocol
runs in the client's own threads, and what it decides is heard in one of ours, so that a busy event loop costs no
membership. A shard is given up only when its worker has written what it had read.

That a membership is lost means one of two things: Kafka was away for longer than a session, and answered nobody; or
the group has gone on without this process, which was frozen or cut off, and its shards may be others' by now. Either
way the worker goes on with what it holds until it is a member again. The graph says whose a shard is meanwhile, and its
epoch, which each transaction checks, decides where two think so.
"""

import asyncio
import threading
from collections.abc import Collection, Iterable
from typing import Any, Protocol

import msgspec
import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewPartitions, NewTopic

from kgraph.feed.kafka_settings import KafkaSettings

log = structlog.get_logger(__name__)

POLL_SECONDS = 0.2
# How long a shard that goes to another worker is held back for its last writes: a little more than a worker's drain.
GIVE_UP_SECONDS = 12.0
# For how long a group is left in good order; the client's own threads end with the process.
LEAVE_SECONDS = 20.0
# How soon the group's leader sees that the topic has grown.
METADATA_SECONDS = 3.0
ADMIN_SECONDS = 5.0
# Some broker or other always comes and goes; these say that there is none, or are told by what follows them.
_OF_THE_NETWORK = frozenset({KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN, KafkaError._RESOLVE})  # noqa: SLF001 - librdkafka's own codes begin with an underscore
_MADE_MEANWHILE = frozenset({KafkaError.TOPIC_ALREADY_EXISTS, KafkaError.INVALID_PARTITIONS})


class MembershipError(Exception):
    """The group's protocol cannot go on, or its topic cannot be made; the message says what to do."""


class GroupSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where the group is, and who this is in it.

    `member` is a name that outlives the process (KIP-345): one that comes back within `session_seconds` has its shards
    again, and nobody else is disturbed; "" is a member that is forgotten as it ends.
    """

    kafka: KafkaSettings
    topic: str
    group: str
    member: str = ""
    session_seconds: float = 10.0
    heartbeat_seconds: float = 1.0

    @property
    def client(self) -> dict[str, str | int | float | bool]:
        """How Kafka is reached, in librdkafka's words."""
        kafka = self.kafka
        given = {
            "bootstrap.servers": ",".join(kafka.bootstrap_servers),
            "security.protocol": kafka.security_protocol,
            "ssl.ca.location": kafka.ca_file,
            "ssl.certificate.location": kafka.cert_file,
            "ssl.key.location": kafka.key_file,
        }
        if kafka.security_protocol.startswith("SASL"):
            given |= {
                "sasl.mechanism": kafka.sasl_mechanism,
                "sasl.username": kafka.sasl_username,
                "sasl.password": kafka.sasl_password,
            }
        # What there is to say, the callbacks say.
        return {
            "client.id": "dictamesh-k8s-adapter",
            "log_level": 2,
            **{key: value for key, value in given.items() if value},
        }


class Holder(Protocol):
    """Who does the work on shards; all of it on the event loop."""

    def assigned(self) -> None:
        """`held` has changed, or there is a `failure`."""

    def goes_well(self, number: int) -> bool:
        """Whether the work on a shard is going on."""

    async def release(self, numbers: Collection[int]) -> None:
        """End the work on shards; returns when their last writes are done."""


class Membership:
    """What the group has assigned to this worker: `held`, by number; another term is another assignment."""

    def __init__(self, settings: GroupSettings, holder: Holder) -> None:
        self.held: dict[int, int] = {}
        self.failure: MembershipError | None = None
        self._settings = settings
        self._holder = holder
        self._loop = asyncio.get_running_loop()
        self._releasing: set[asyncio.Task[None]] = set()
        self._terms = 0
        self.on_trust = False  # this is no member just now, and what was assigned last is what counts
        self._partitions = 0
        self._said = ""
        self._thread: threading.Thread | None = None
        self._leaving = threading.Event()
        self._left = asyncio.Event()

    async def share(self, shards: int) -> None:
        """Take part in sharing out so many shards. MembershipError where the topic cannot be made or grown."""
        if shards > self._partitions:
            self._partitions = await asyncio.to_thread(self._grow, shards)
        if shards and self._thread is None and not self._leaving.is_set():
            self._thread = threading.Thread(target=self._follow, name="shards", daemon=True)
            self._thread.start()

    async def leave(self) -> None:
        """Give up what is held, in good order. A member with a name has it again if it comes back in time."""
        self._leaving.set()
        if self._thread is not None:
            try:
                async with asyncio.timeout(LEAVE_SECONDS):
                    await self._left.wait()
            except TimeoutError:
                log.warning("the group of workers is left without a word: Kafka does not answer")
        if self._releasing:
            await asyncio.wait(self._releasing)

    # On the event loop

    def _assigned(self, numbers: Collection[int]) -> None:
        self._terms += 1
        held = dict.fromkeys(numbers, self._terms)
        if self.on_trust:
            log.info("this worker is a member of the group again", shards=len(numbers))
            self.on_trust = False
            self._let_go(set(self.held) - held.keys())
            held |= {number: term for number, term in self.held.items() if self._holder.goes_well(number)}
        self.held |= held
        log.info("shards are assigned", assigned=len(numbers), held=len(self.held))
        self._holder.assigned()

    async def _revoked(self, numbers: Collection[int]) -> None:
        for number in numbers:
            self.held.pop(number, None)
        await self._holder.release(numbers)
        log.info("shards are given up", given_up=len(numbers), held=len(self.held))

    def _lost(self) -> None:
        log.warning("this worker is no member of the group any more: it goes on with its shards", shards=len(self.held))
        self.on_trust = True

    def _let_go(self, numbers: Collection[int]) -> None:
        for number in numbers:
            self.held.pop(number, None)
        if numbers:
            task = asyncio.create_task(self._holder.release(numbers), name="let go of shards")
            self._releasing.add(task)
            task.add_done_callback(self._releasing.discard)

    def _failed(self, error: KafkaError) -> None:
        why = f"the group {self._settings.group}: {error.str()}"
        if error.code() == KafkaError.FENCED_INSTANCE_ID:
            why = (
                f"another process has joined the workers as {self._settings.member}: each needs a name of its own, "
                "see the setting worker_id"
            )
        self.failure = MembershipError(why)
        self._holder.assigned()

    # In the thread

    def _follow(self) -> None:
        consumer: Consumer | None = None
        try:
            consumer = Consumer(self._configuration())
            consumer.subscribe(
                [self._settings.topic],
                on_assign=self._hear_assigned,
                on_revoke=self._hear_revoked,
                on_lost=self._hear_lost,
            )
            while not self._leaving.is_set():
                message = consumer.poll(POLL_SECONDS)
                if message is not None and (error := message.error()) is not None:
                    self._hear(error)
        except KafkaException as cause:
            self._loop.call_soon_threadsafe(self._failed, cause.args[0])
        finally:
            if consumer is not None:
                consumer.close()
            self._loop.call_soon_threadsafe(self._left.set)

    def _configuration(self) -> dict[str, Any]:
        named = {"group.instance.id": self._settings.member} if self._settings.member else {}
        return {
            **self._settings.client,
            **named,
            "group.id": self._settings.group,
            "partition.assignment.strategy": "cooperative-sticky",
            "session.timeout.ms": round(self._settings.session_seconds * 1000),
            "heartbeat.interval.ms": round(self._settings.heartbeat_seconds * 1000),
            "topic.metadata.refresh.interval.ms": round(METADATA_SECONDS * 1000),
            "enable.auto.commit": False,
            "allow.auto.create.topics": False,
            "error_cb": self._hear,
        }

    def _hear_assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        # At an offset of our own and paused: nothing is ever read, so nothing needs to be asked.
        ours = [TopicPartition(each.topic, each.partition, 0) for each in partitions]
        consumer.incremental_assign(ours)
        consumer.pause(ours)
        self._loop.call_soon_threadsafe(self._assigned, _numbers(partitions))

    def _hear_revoked(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        releasing = asyncio.run_coroutine_threadsafe(self._revoked(_numbers(partitions)), self._loop)
        try:
            releasing.result(GIVE_UP_SECONDS)
        except TimeoutError:
            log.warning("shards are given up before their last write: the epoch decides", shards=len(partitions))
        consumer.incremental_unassign(partitions)

    def _hear_lost(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        consumer.incremental_unassign(partitions)
        self._loop.call_soon_threadsafe(self._lost)

    def _hear(self, error: KafkaError) -> None:
        if error.fatal() or error.code() == KafkaError._FATAL:  # noqa: SLF001 - librdkafka's own code
            self._leaving.set()
            self._loop.call_soon_threadsafe(self._failed, error)
        elif error.code() in _OF_THE_NETWORK:
            log.debug("Kafka", why=error.str())
        elif error.str() != self._said:  # each poll tells it again
            self._said = error.str()
            log.warning("the group of workers has an error", group=self._settings.group, why=error.str())

    def _grow(self, shards: int) -> int:
        """Have at least so many partitions; how many there are."""
        topic = self._settings.topic
        try:
            admin = AdminClient(self._settings.client)
            found = admin.list_topics(topic, timeout=ADMIN_SECONDS).topics[topic]
            if found.error is not None:
                # The brokers' own number of replicas. Nothing is kept, as nothing is sent.
                made = admin.create_topics([NewTopic(topic, shards, replication_factor=-1)])
            elif len(found.partitions) < shards:
                made = admin.create_partitions([NewPartitions(topic, shards)])
            else:
                return len(found.partitions)
            made[topic].result(ADMIN_SECONDS)
        except TimeoutError as cause:
            raise MembershipError(f"the topic {topic} with {shards} partitions: no answer from Kafka") from cause
        except KafkaException as cause:
            error = cause.args[0]
            if error.code() in _MADE_MEANWHILE:
                return 0  # by another worker: the next look counts them
            raise MembershipError(f"the topic {topic} with {shards} partitions: {error.str()}") from cause
        return shards


def _numbers(partitions: Iterable[TopicPartition]) -> frozenset[int]:
    return frozenset(each.partition for each in partitions)
