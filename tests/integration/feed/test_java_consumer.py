"""A consumer group of Kafka's own Java client reads the feed, by nothing but the published schema."""

import json
import secrets
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from jsonschema import Draft202012Validator

from kgraph.feed.event import TOPICS
from kgraph.graphdb.store import Store
from kgraph.stack.commands import run
from kgraph.stack.kafka import KafkaProgram
from kgraph.sync.feed import Feed
from kgraph.sync.options import SyncOptions
from tests import servers
from tests.consumer import messages
from tests.integration.feed.conftest import CONFIG_ONLY, outbox_is_empty
from tests.integration.sync.live import Api
from tests.workers import cluster_settings, running, until

CONSUMER = "org.apache.kafka.tools.consumer.ConsoleConsumer"
SCHEMA = Path(__file__).parents[3] / "docs" / "reference" / "events.schema.json"
PASSWORD = "correct-horse-battery-staple"
SILENCE_MS = 10_000  # after which a member takes the topics to be read to their end


class Read(NamedTuple):
    """A message as the Java consumer prints it."""

    headers: dict[str, str]
    key: str
    value: Any


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    """The published schema of events."""
    schema = json.loads(SCHEMA.read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


async def test_a_java_consumer_group_reads_events_by_the_published_schema(
    store: Store, control_plane: servers.Cluster, api: Api, namespace: str, feed: Feed,
    kafka_server: servers.Feed, kafka_tools: KafkaProgram, validator: Draft202012Validator,
) -> None:  # fmt: skip
    """One member takes over where the other ended, each event is what the schema says, and headers say the same."""
    root, settings = f"/api/v1/namespaces/{namespace}", cluster_settings(control_plane, "java")
    async with running(store, settings, SyncOptions(watch_resources=CONFIG_ONLY), feed=feed):
        await api.make(f"{root}/configmaps", metadata={"name": "settings"}, data={"mode": "slow"})
        await api.merge(f"{root}/configmaps/settings", data={"mode": "fast"})
        await api.make(f"{root}/secrets", metadata={"name": "login"}, stringData={"password": PASSWORD})
        await api.delete(f"{root}/configmaps/settings")

        async def is_told() -> bool:
            found = await messages(kafka_server.bootstrap_servers, "java")
            return any(one.key.endswith("/settings") and one.topic.endswith(".deleted") for one in found)

        await until(is_told, "the last change is in Kafka")
    await until(lambda: outbox_is_empty(store), "what was written at the worker's end is sent too")
    expected = [one.event.event_id for one in await messages(kafka_server.bootstrap_servers, "java")]
    group = f"java-{secrets.token_hex(4)}"
    texts = [
        await consumed(kafka_tools, kafka_server.bootstrap_servers, group, *most)
        for most in (("--max-messages", str(len(expected) // 2)), ())
    ]
    assert PASSWORD not in "".join(texts)
    found = [one for text in texts for line in text.splitlines() if (one := read(line)).key.startswith("java")]
    assert sorted(one.value["event_id"] for one in found) == sorted(expected), "each of them once, by one or the other"
    for one in found:
        validator.validate(one.value)
        value, headers = one.value, one.headers
        assert headers["ce_id"] == value["event_id"]
        assert headers["ce_specversion"] == "1.0"
        assert headers["ce_subject"] == one.key
        assert headers["ce_type"] in TOPICS
        assert headers["content-type"] == "application/json"
        assert headers["traceparent"].split("-")[1:3] == [value["metadata"]["trace_id"], value["metadata"]["span_id"]]
        if resource := value["resource"]:
            kind = resource["group_version_kind"]
            assert one.key == "/".join(
                ("java", kind["group"] or "core", kind["kind"], resource["namespace"] or "_", resource["name"])
            )
    assert {one.value["event_type"] for one in found if one.key.endswith("/settings")} == {
        "CREATED", "UPDATED", "DELETED"
    }  # fmt: skip


async def consumed(tools: KafkaProgram, brokers: str, group: str, *most: str) -> str:
    """What a member of a group prints of the next messages of all topics, a line each, until there are no more."""
    formatted = ("print.headers=true", "print.key=true", "headers.separator=|", "key.separator=\t")
    return await run(
        *tools.command(
            *(CONSUMER, "--bootstrap-server", brokers, "--group", group, "--from-beginning"),
            *("--include", "|".join(topic.replace(".", r"\.") for topic in TOPICS)),
            *("--timeout-ms", str(SILENCE_MS), *most),
            *(word for each in formatted for word in ("--formatter-property", each)),
            options=(
                *("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
                "-Dorg.apache.logging.log4j.level=OFF",  # its log goes where messages go, and calls silence an error
            ),
        )
    )


def read(line: str) -> Read:
    """A line of the Java consumer."""
    headers, key, value = line.split("\t", 2)
    return Read(dict(each.split(":", 1) for each in headers.split("|")), key, json.loads(value))
