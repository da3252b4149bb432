"""Configured feeds: events that somebody wants on a topic of their own, in a form of their own."""

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from typing import Any

import msgspec

from kgraph.feed import avro, template
from kgraph.feed.event import Event, Severity, encoded
from kgraph.feed.filters import CLUSTER_EVENTS, EventFilter, spelled, type_of
from kgraph.graphdb.catalogue import Catalogue
from kgraph.graphdb.kinds import CUSTOM_KINDS
from kgraph.graphdb.model import CORE
from kgraph.kube.field_selectors import FieldSelector
from kgraph.kube.selectors import LabelSelector


class Format(StrEnum):
    """How the values of a feed's messages are written."""

    JSON = "json"
    AVRO = "avro"

    @property
    def content_type(self) -> str:
        """What a message's header `content-type` says."""
        return f"application/{self.value}"


class FilterSettings(msgspec.Struct, frozen=True, kw_only=True):
    """An EventFilter as a configuration writes it, the selectors in kubectl's syntax."""

    clusters: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    resource_types: tuple[str, ...] = ()
    label_selector: str = ""
    field_selector: str = ""
    minimum_severity: Severity = Severity.INFO

    @property
    def filter(self) -> EventFilter:
        """What is meant; SelectorError where a selector is none."""
        return EventFilter(
            clusters=self.clusters,
            namespaces=self.namespaces,
            resource_types=tuple(map(_type, self.resource_types)),
            label_selector=LabelSelector.parse(self.label_selector),
            field_selector=FieldSelector.parse(self.field_selector),
            minimum_severity=self.minimum_severity,
        )


@cache
def _known() -> Catalogue:
    """The kinds that are known without a cluster."""
    return Catalogue(CUSTOM_KINDS)


def _type(written: str) -> str:
    """A kind as a filter has it, by its plural or a short name too, as far as it is known without a cluster."""
    word = spelled(written)
    if word == CLUSTER_EVENTS:
        return word
    kind = _known().resolve(word.removesuffix(f".{CORE}"))
    return type_of(kind) if kind else word


class FeedSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One of the configuration's `feeds`; without a template its messages have whole events."""

    name: str
    topic: str
    filter: FilterSettings = FilterSettings()
    format: Format = Format.JSON
    template: Mapping[str, Any] | None = None


class Feed:
    """One feed: which events it wants, and what it makes of them."""

    def __init__(self, settings: FeedSettings) -> None:
        """Raises ValueError where the settings cannot be meant."""
        self.settings = settings
        self.filter = settings.filter.filter
        self._template = template.parse(settings.template) if settings.template is not None else None
        self._packer: avro.Packer | None = None
        self.schema: avro.Schema | None = None
        if settings.format is Format.AVRO:
            self.schema = avro.template_schema(self._template, settings.name) if self._template else avro.event_schema()

    @property
    def needs_id(self) -> bool:
        """Whether messages cannot be written yet, for nobody has said what the registry calls the schema."""
        return self.schema is not None and self._packer is None

    def called(self, schema_id: int) -> None:
        """Take what the registry calls the schema."""
        assert self.schema is not None
        self._packer = avro.Packer(self.schema, schema_id)

    def value(self, event: Event) -> bytes:
        """What the feed makes of an event."""
        if self._template is None:
            return encoded(event) if self._packer is None else self._packer.packed(avro.event_record(event))
        decoded = msgspec.json.decode(encoded(event))
        if self._packer is None:
            return msgspec.json.encode(template.made(self._template, decoded))
        return self._packer.packed(avro.template_record(self._template, decoded))
