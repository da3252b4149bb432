"""Values that hold a login."""

import msgspec
import pytest
from rich.pretty import pretty_repr

from kgraph.cli.configuration.reading import Configuration
from kgraph.discreet import Discreet
from kgraph.feed.kafka_settings import KafkaSettings
from kgraph.graphdb.store import GraphSettings
from kgraph.kube.exec_plugin import ExecConfig, Variable
from kgraph.kube.settings import TlsSettings

MARKER = "s3cr3t-of-the-test"


class Around(msgspec.Struct):
    """Some value that has another in it."""

    within: object


@pytest.mark.parametrize(
    "value",
    [
        GraphSettings(uri="bolt://graph", password=MARKER),
        KafkaSettings(bootstrap_servers=("kafka:9092",), sasl_password=MARKER),
        Configuration(neo4j_password=MARKER, redis_url=f"redis://:{MARKER}@cache"),
        ExecConfig(command="login", env=[Variable(name="TOKEN", value=MARKER)]),
        TlsSettings(key_data=MARKER),
    ],
    ids=lambda value: type(value).__name__,
)
def test_no_way_of_printing_it_shows_a_login(value: Discreet) -> None:
    """Neither `repr` nor rich, which does not ask it, shows a login, of the value itself or of one around it."""
    for it in (value, Around(value)):
        assert MARKER not in f"{it!r} {it} {pretty_repr(it)}"


def test_it_says_what_may_be_known() -> None:
    """What is of use to whoever reads a log is there: which graph, not how it is logged in to."""
    settings = GraphSettings(uri="bolt://graph", password=MARKER)
    assert repr(settings) == "GraphSettings(uri='bolt://graph', user='neo4j', database='neo4j', …)"
