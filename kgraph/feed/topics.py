"""The topics of the change feed: made where there are none, and where there are, compared with what they should be."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import structlog
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, LeaderNotAvailableError, NoError, TopicAlreadyExistsError, for_code

from kgraph.feed.event import TOPICS
from kgraph.feed.kafka_settings import KafkaSettings

log = structlog.get_logger(__name__)

# etcd takes objects of 1.5 MB, and an event has two: what is larger still is left out of it.
MESSAGE_BYTES = 4 * 1024 * 1024
# The broker's own default, where its answer does not say.
_DEFAULT_MESSAGE_BYTES = 1_048_588
_WEEK_MS = 7 * 24 * 3_600_000
_REPLICAS_MOST = 3
# What is said of a topic that there is: nothing is wrong, or it was made a moment ago and has no leader yet.
_THERE = (NoError.errno, LeaderNotAvailableError.errno)


class TopicPlan(msgspec.Struct, frozen=True):
    """How topics are made. All have as many partitions, so that a key's events are in partitions of one number."""

    partitions: int = 12
    retention_ms: int = _WEEK_MS
    message_bytes: int = MESSAGE_BYTES

    @property
    def configs(self) -> Mapping[str, str]:
        """What Kafka is told of each."""
        return {
            "cleanup.policy": "delete",
            "retention.ms": str(self.retention_ms),
            "max.message.bytes": str(self.message_bytes),
        }


PLAN = TopicPlan()


class Topics(msgspec.Struct, frozen=True):
    """What there is: by topic the largest message that it takes, and what is otherwise than planned, in words."""

    sizes: Mapping[str, int]
    differences: tuple[str, ...] = ()


async def prepared(settings: KafkaSettings, names: Sequence[str] = TOPICS, plan: TopicPlan = PLAN) -> Topics:
    """Make the topics that are missing, and look at the others. Raises KafkaError, OSError or TimeoutError.

    Where we may not make or look at them, that is one of the differences: somebody else may have done so.
    """
    admin = AIOKafkaAdminClient(**settings.client_arguments())
    try:
        await admin.start()
        there = {one["topic"]: one for one in await admin.describe_topics(list(names)) if one["error_code"] in _THERE}
        differences: list[str] = []
        if missing := [name for name in names if name not in there]:
            differences += await _make(admin, missing, plan)
        differences += [
            f"{name} has {len(one['partitions'])} partitions where {len(there[names[0]]['partitions'])} are expected"
            for name, one in there.items()
            if names[0] in there and len(one["partitions"]) != len(there[names[0]]["partitions"])
        ]
        configs = await _configs(admin, names)
        for name in there:
            differences += _compared(name, configs.get(name, {}), plan)
        sizes = {name: int(configs.get(name, {}).get("max.message.bytes", _DEFAULT_MESSAGE_BYTES)) for name in names}
        return Topics(sizes, tuple(differences))
    finally:
        await admin.close()


async def _make(admin: AIOKafkaAdminClient, names: Sequence[str], plan: TopicPlan) -> list[str]:
    """Make topics; why those that could not be made could not."""
    brokers = len((await admin.describe_cluster())["brokers"])
    replicas = max(1, min(_REPLICAS_MOST, brokers))
    new = [NewTopic(name, plan.partitions, replicas, topic_configs=dict(plan.configs)) for name in names]
    problems = []
    for name, code, *rest in (await admin.create_topics(new)).topic_errors:
        error = for_code(code)
        if error is NoError:
            log.info("a topic was made", topic=name, partitions=plan.partitions, replicas=replicas)
        elif error is not TopicAlreadyExistsError:
            problems.append(f"{name} is missing and could not be made: {(rest and rest[0]) or error.__name__}")
    return problems


async def _configs(admin: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, dict[str, str]]:
    """What Kafka says of the topics that it lets us look at."""
    asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    try:
        answers = await admin.describe_configs(asked)
    except KafkaError as error:
        log.info("the topics cannot be looked at", why=repr(error))
        return {}
    found: dict[str, dict[str, str]] = {}
    for answer in answers:
        for code, _, _, name, entries in answer.resources:
            if not code:
                found[name] = {entry[0]: entry[1] for entry in entries}
    return found


def _compared(name: str, configs: Mapping[str, Any], plan: TopicPlan) -> list[str]:
    """What is otherwise than it should be of a topic that was there before us, and matters."""
    found = []
    if "compact" in configs.get("cleanup.policy", ""):
        found.append(f"{name} has cleanup.policy={configs['cleanup.policy']}: all but a key's last event goes in time")
    retention = int(configs.get("retention.ms", plan.retention_ms))
    if 0 <= retention < plan.retention_ms:
        found.append(f"{name} keeps events for {retention / 3_600_000:g} h: who is away for longer misses some")
    size = int(configs.get("max.message.bytes", plan.message_bytes))
    if size < plan.message_bytes:
        found.append(f"{name} takes messages of {size} bytes: of larger events the objects are left out")
    return found
