"""Kafka as the environment names it: where it is, and who we are to it."""

import ssl
from collections.abc import Mapping

import msgspec

from kgraph.cli.errors import BadConfiguration
from kgraph.cli.settings.variables import VARIABLES
from kgraph.feed.kafka_settings import KafkaSettings

_SERVERS = "KAFKA_BOOTSTRAP_SERVERS"
# Variable -> the field of KafkaSettings.
_FIELDS: Mapping[str, str] = {
    "KAFKA_SECURITY_PROTOCOL": "security_protocol",
    "KAFKA_SASL_MECHANISM": "sasl_mechanism",
    "KAFKA_SASL_USERNAME": "sasl_username",
    "KAFKA_SASL_PASSWORD": "sasl_password",
    "KAFKA_SSL_CA_FILE": "ca_file",
    "KAFKA_SSL_CERT_FILE": "cert_file",
    "KAFKA_SSL_KEY_FILE": "key_file",
}
_ROWS = {row.name: row for row in VARIABLES}


def kafka_settings(environ: Mapping[str, str]) -> KafkaSettings | None:
    """What the KAFKA_* variables say; None where they name no broker. BadConfiguration where they make no sense."""
    servers = tuple(each.strip() for each in environ.get(_SERVERS, "").split(",") if each.strip())
    if not servers:
        return None
    for server in servers:
        host, _, port = server.rpartition(":")
        if not host or not port.isdecimal():
            raise BadConfiguration(f"{_SERVERS} has {server!r}; write host:port, several with commas between")
    for variable in _FIELDS:
        choices, value = _ROWS[variable].choices, environ.get(variable)
        if choices and value and value not in choices:
            raise BadConfiguration(f"{variable} is {value!r}; allowed is one of {', '.join(choices)}")
    given = {field: environ[variable] for variable, field in _FIELDS.items() if environ.get(variable)}
    settings = msgspec.convert({"bootstrap_servers": servers, **given}, KafkaSettings)
    if settings.security_protocol.startswith("SASL") and not (settings.sasl_username and settings.sasl_password):
        raise BadConfiguration(
            f"KAFKA_SECURITY_PROTOCOL is {settings.security_protocol}: give KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD"
        )
    try:
        settings.client_arguments()
    except (OSError, ssl.SSLError) as error:
        raise BadConfiguration(
            f"the KAFKA_SSL_* files cannot be used: {error}; they are PEM files that this user may read"
        ) from error
    return settings
