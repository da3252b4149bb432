"""The configuration's `feeds`: what is read, and what a mistake is told."""

from pathlib import Path

import pytest

from kgraph.cli.configuration.reading import load
from kgraph.feed.configured import FeedSettings, FilterSettings, Format
from kgraph.feed.event import Severity
from tests.unit.cli.mistakes import assert_told

FULL = """
schema_registry_url: https://me:hunter2@registry.example.com
feeds:
  - name: Failures
    topic: shop.failures
    filter:
      clusters: [prod]
      namespaces: [shop]
      resource_types: [pod, "*.cert-manager.io"]
      label_selector: app in (web, api)
      field_selector: status.phase=Failed
      minimum_severity: warning
    format: avro
    template:
      pod: .resource.name
      where: {cluster: .cluster_id, namespace: "{.resource.namespace}"}
      words: "{.resource.name} is {.event_type}"
  - {name: all, topic: everything}
"""


def test_feeds_become_frozen_values() -> None:
    """Every key of a feed ends in the value; what is not said has its default."""
    failures, everything = load(FULL, {}).feeds
    assert failures == FeedSettings(
        name="Failures",
        topic="shop.failures",
        filter=FilterSettings(
            clusters=("prod",),
            namespaces=("shop",),
            resource_types=("pod", "*.cert-manager.io"),
            label_selector="app in (web, api)",
            field_selector="status.phase=Failed",
            minimum_severity=Severity.WARNING,
        ),
        format=Format.AVRO,
        template={
            "pod": ".resource.name",
            "where": {"cluster": ".cluster_id", "namespace": "{.resource.namespace}"},
            "words": "{.resource.name} is {.event_type}",
        },
    )
    assert everything == FeedSettings(name="all", topic="everything")


def test_the_registrys_login_is_not_shown() -> None:
    """A configuration that is printed shows no password."""
    assert "hunter2" not in repr(load(FULL, {}))


MISTAKES = {
    "no name": ("feeds: [{topic: a}]", "feeds[0].name is missing"),
    "no topic": ("feeds: [{name: a}]", "feeds[0].topic is missing"),
    "no topic of Kafka's": (
        "feeds: [{name: a, topic: a b}]",
        "feeds[0].topic is 'a b'; allowed are up to 249 letters, digits",
    ),
    "two dots": ("feeds: [{name: a, topic: ..}]", "feeds[0].topic is '..'; allowed are"),
    "everybody's topic": (
        "feeds: [{name: a, topic: kubernetes.resource.created}]",
        "feeds[0].topic is kubernetes.resource.created, which has the events of all",
    ),
    "a topic twice": (
        "feeds: [{name: a, topic: t}, {name: b, topic: t}]",
        "feeds[1].topic is t, as that of feeds[0] is; each has its own",
    ),
    "a name twice": (
        "feeds: [{name: a, topic: t}, {name: a, topic: u}]",
        "feeds[1].name is a, as that of feeds[0] is; each has its own",
    ),
    "an unknown key": (
        "feeds: [{name: a, topic: t, filter: {clustres: [a]}}]",
        "there is no setting feeds[0].filter.clustres; did you mean clusters?",
    ),
    "no kind": (
        "feeds: [{name: a, topic: t, filter: {resource_types: [pods/exec]}}]",
        "feeds[0].filter.resource_types has 'pods/exec'; allowed are kinds such as pod",
    ),
    "no label selector": (
        "feeds: [{name: a, topic: t, filter: {label_selector: app in web}}]",
        "feeds[0].filter.label_selector is app in web; allowed is a label selector such as",
    ),
    "no field selector": (
        "feeds: [{name: a, topic: t, filter: {field_selector: status.phase}}]",
        "feeds[0].filter.field_selector is status.phase; allowed is a field selector such as",
    ),
    "no severity": (
        "feeds: [{name: a, topic: t, filter: {minimum_severity: fatal}}]",
        "feeds[0].filter.minimum_severity is fatal; allowed is one of info, warning, error",
    ),
    "no format": ("feeds: [{name: a, topic: t, format: xml}]", "feeds[0].format is xml; allowed is one of json, avro"),
    "Avro without a registry": (
        "feeds: [{name: a, topic: t, format: avro}]",
        "feeds[0].format is avro, whose schemas are kept in a registry: give schema_registry_url",
    ),
    "no template": (
        "feeds: [{name: a, topic: t, template: .resource}]",
        "feeds[0].template is .resource; allowed is a map of names and paths",
    ),
    "a template's path that is none": (
        "feeds: [{name: a, topic: t, template: {x: {y: '.spec['}}}]",
        "allowed is paths such as `.resource.name` and texts such as `in {.cluster_id}`; x.y has '.spec[' (unexpected",
    ),
    "a brace alone": (
        "feeds: [{name: a, topic: t, template: {x: 'in {.cluster_id'}}]",
        "x has 'in {.cluster_id' (a brace has no partner)",
    ),
    "a list in a template": ("feeds: [{name: a, topic: t, template: {x: [a]}}]", "null and maps of them; x has ['a']"),
    "a name that Avro does not take": (
        "schema_registry_url: http://r\nfeeds: [{name: A, topic: t, format: avro, template: {a-b: .cluster_id}}]",
        "feeds[0] (A): 'a-b' is no name of Avro's",
    ),
    "a feed's name that Avro does not take": (
        "schema_registry_url: http://r\nfeeds: [{name: a b, topic: t, format: avro, template: {a: .cluster_id}}]",
        "feeds[0] (a b): 'a b' is no name of Avro's",
    ),
    "no address": (
        "schema_registry_url: 'me:hunter2@registry'",
        "schema_registry_url is no address; allowed is such as https://registry.example.com",
    ),
}


@pytest.mark.parametrize(("text", "words"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_names_place_value_and_what_is_allowed(tmp_path: Path, text: str, words: str) -> None:
    """The error names the file, the key's path, the value, and what is allowed, and shows no password."""
    assert_told(tmp_path, text, words)
