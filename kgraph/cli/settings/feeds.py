"""The settings of `feeds`: topics of the user's own."""

from kgraph.cli.settings.setting import Setting, Takes
from kgraph.feed.configured import Format
from kgraph.feed.event import Severity

FEED_SETTINGS: tuple[Setting, ...] = (
    Setting(
        key="feeds[]",
        takes=Takes.SECTIONS,
        default=[],
        meaning="topics of your own on the same brokers, each with the events that it wants in the form that it wants",
    ),
    Setting(key="feeds[].name", takes=Takes.TEXT, required=True, meaning="what it is called; an Avro record is, too"),
    Setting(key="feeds[].topic", takes=Takes.TEXT, required=True, meaning="the Kafka topic, which no other feed has"),
    Setting(
        key="feeds[].filter",
        takes=Takes.SECTION,
        meaning="which events; all unless told. An event must be what each key says",
    ),
    Setting(key="feeds[].filter.clusters[]", takes=Takes.LIST, default=[], meaning="of one of these clusters"),
    Setting(key="feeds[].filter.namespaces[]", takes=Takes.LIST, default=[], meaning="in one of these namespaces"),
    Setting(
        key="feeds[].filter.resource_types[]",
        takes=Takes.LIST,
        default=[],
        meaning="of one of these kinds: `pods`, `deployments.apps`, `*.cert-manager.io`; `cluster` is what happens to "
        "clusters themselves",
    ),
    Setting(
        key="feeds[].filter.label_selector",
        takes=Takes.LABEL_SELECTOR,
        meaning="with such labels before the change or after it: `app=web,tier!=test`",
    ),
    Setting(
        key="feeds[].filter.field_selector",
        takes=Takes.FIELD_SELECTOR,
        meaning="with such fields before the change or after it: `status.phase=Failed`",
    ),
    Setting(
        key="feeds[].filter.minimum_severity",
        takes=Takes.CHOICE,
        default=Severity.INFO.value,
        choices=tuple(each.value for each in Severity),
        meaning="of this severity at least",
    ),
    Setting(
        key="feeds[].format",
        takes=Takes.CHOICE,
        default=Format.JSON.value,
        choices=tuple(each.value for each in Format),
        meaning="how a message's value is written; `avro` needs `schema_registry_url`",
    ),
    Setting(
        key="feeds[].template",
        takes=Takes.TEMPLATE,
        meaning="another object in place of the event: names, and where in the event their values are "
        "(`pod: .resource.name`), or texts with such paths in braces (`in {.cluster_id}`); maps may be nested",
    ),
    Setting(
        key="schema_registry_url",
        takes=Takes.TEXT,
        secret=True,
        meaning="the registry of Avro schemas, which speaks Confluent's API: `https://registry.example.com`; a login "
        "stands before the host, as `user:password@`",
    ),
)
