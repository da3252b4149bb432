"""Kafka as the environment names it: what is read, what a mistake is told, and what nobody is shown."""

from pathlib import Path

import pytest

from kgraph.cli.configuration.kafka import kafka_settings
from kgraph.cli.configuration.reading import load
from kgraph.cli.configuration.values import read_value
from kgraph.cli.errors import BadConfiguration
from kgraph.cli.settings.setting import Setting, Takes
from kgraph.feed.kafka_settings import KafkaSettings

LOGIN = {
    "KAFKA_BOOTSTRAP_SERVERS": "kafka-1:9092, kafka-2:9092",
    "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
    "KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
    "KAFKA_SASL_USERNAME": "adapter",
    "KAFKA_SASL_PASSWORD": "canary-of-kafka",
}


def test_without_brokers_there_is_no_kafka() -> None:
    """A worker whose environment names none has no feed beyond its process."""
    assert kafka_settings({"KAFKA_SASL_USERNAME": "somebody"}) is None


def test_brokers_and_a_login_are_read_from_the_environment() -> None:
    """Several brokers, a protocol and a login, as Kafka's own clients take them."""
    settings = load("", LOGIN).kafka
    assert settings == KafkaSettings(
        bootstrap_servers=("kafka-1:9092", "kafka-2:9092"),
        security_protocol="SASL_SSL",
        sasl_mechanism="SCRAM-SHA-512",
        sasl_username="adapter",
        sasl_password="canary-of-kafka",
    )
    arguments = settings.client_arguments()
    assert (arguments["sasl_plain_password"], arguments["ssl_context"].check_hostname) == ("canary-of-kafka", True)


def test_the_password_is_not_written_out() -> None:
    """Neither the settings nor the configuration that has them show it."""
    configuration = load("", LOGIN)
    assert "canary" not in f"{configuration!r} {configuration.kafka!r} {configuration.kafka}"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"KAFKA_BOOTSTRAP_SERVERS": "kafka"}, "write host:port"),
        ({"KAFKA_SECURITY_PROTOCOL": "TLS"}, "allowed is one of PLAINTEXT, SSL"),
        ({"KAFKA_SASL_MECHANISM": "GSSAPI"}, "allowed is one of PLAIN"),
        ({"KAFKA_SASL_PASSWORD": ""}, "give KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD"),
        ({"KAFKA_SSL_CA_FILE": "/nowhere.pem"}, "the KAFKA_SSL_* files cannot be used"),
    ],
    ids=["no port", "protocol", "mechanism", "no password", "no file"],
)
def test_a_mistake_is_told_with_what_is_allowed(change: dict[str, str], said: str) -> None:
    """It names the variable and what to write, and no password."""
    with pytest.raises(BadConfiguration) as caught:
        kafka_settings({**LOGIN, **change})
    assert said in str(caught.value)
    assert "canary" not in str(caught.value)


def test_a_file_that_is_no_certificate_is_told(tmp_path: Path) -> None:
    """A certificate file of something else is a mistake at the start, not when Kafka is first asked."""
    file = tmp_path / "ca.pem"
    file.write_text("no certificate")
    with pytest.raises(BadConfiguration, match="PEM files"):
        kafka_settings({**LOGIN, "KAFKA_SSL_CA_FILE": str(file)})


@pytest.mark.parametrize(("text", "size"), [("256Mi", 2**28), ("1G", 10**9), (1048576, 2**20)])
def test_an_amount_of_bytes_is_a_quantity(text: str | int, size: int) -> None:
    """It is written as Kubernetes writes memory."""
    assert read_value(Setting(key="outbox_limit", takes=Takes.SIZE, meaning=""), text) == size


@pytest.mark.parametrize("text", ["much", "-1Gi", "10", "2Ti", True, ""])
def test_what_is_no_amount_of_bytes_is_refused(text: str | bool) -> None:
    """Too little, too much and nonsense are told what is allowed."""
    with pytest.raises(ValueError, match="from 1Mi to 1Ti, such as 256Mi"):
        read_value(Setting(key="outbox_limit", takes=Takes.SIZE, meaning=""), text)
