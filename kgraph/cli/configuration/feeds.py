"""What is wrong with the configuration's `feeds`, before an event goes to nobody, or to somebody who cannot read it."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from kgraph.cli.errors import BadConfiguration
from kgraph.feed.configured import Feed, FeedSettings, Format
from kgraph.feed.event import TOPICS

# Kafka's own rule (org.apache.kafka.common.internals.Topic).
_TOPIC = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9._-]{1,249}")
_RESOURCE_TYPE = re.compile(r"(\*|[A-Za-z][A-Za-z0-9]*)(\.[A-Za-z0-9][A-Za-z0-9.-]*)?")


def check_feeds(values: Mapping[str, Any], source: str) -> None:
    """Raise BadConfiguration for what cannot be meant; `values` are all settings, `source` is the file or variable."""
    url = values.get("schema_registry_url", "")
    if url and not _is_address(url):
        raise BadConfiguration(
            f"{source}: schema_registry_url is no address; allowed is such as https://registry.example.com"
        )
    names: dict[str, int] = {}
    topics: dict[str, int] = {}
    for at, feed in enumerate(values.get("feeds", ())):
        place = f"{source}: feeds[{at}]"
        _check_topic(feed["topic"], f"{place}.topic")
        for each in feed.get("filter", {}).get("resource_types", ()):
            if not _RESOURCE_TYPE.fullmatch(each):
                raise BadConfiguration(
                    f"{place}.filter.resource_types has {each!r}; allowed are kinds such as pod, deployment.apps and "
                    "*.cert-manager.io"
                )
        for key, seen in (("name", names), ("topic", topics)):
            before = seen.setdefault(feed[key], at)
            if before != at:
                raise BadConfiguration(f"{place}.{key} is {feed[key]}, as that of feeds[{before}] is; each has its own")
        if feed.get("format") == Format.AVRO.value and not url:
            raise BadConfiguration(
                f"{place}.format is avro, whose schemas are kept in a registry: give schema_registry_url"
            )
        try:
            Feed(msgspec.convert(feed, FeedSettings))
        except ValueError as error:
            raise BadConfiguration(f"{place} ({feed['name']}): {error}") from error


def _check_topic(topic: str, place: str) -> None:
    if not _TOPIC.fullmatch(topic):
        raise BadConfiguration(
            f"{place} is {topic!r:.80}; allowed are up to 249 letters, digits, `.`, `_` and `-`, as Kafka has it"
        )
    if topic in TOPICS:
        raise BadConfiguration(f"{place} is {topic}, which has the events of all; allowed is any other")


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
