"""How Kafka is reached, and who we are to it."""

import ssl
from typing import Any, Literal

from kgraph.discreet import Discreet


class KafkaSettings(Discreet, frozen=True, kw_only=True):
    """`KAFKA_BOOTSTRAP_SERVERS` and the other KAFKA_* variables; files are PEM."""

    shown = ("bootstrap_servers", "security_protocol")

    bootstrap_servers: tuple[str, ...]
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "PLAIN"
    sasl_username: str = ""
    sasl_password: str = ""
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""

    @property
    def where(self) -> str:
        """The brokers' addresses, for messages to people."""
        return ",".join(self.bootstrap_servers)

    def client_arguments(self) -> dict[str, Any]:
        """What aiokafka's clients all take; OSError or ssl.SSLError where a file cannot be read."""
        arguments: dict[str, Any] = {
            "bootstrap_servers": list(self.bootstrap_servers),
            "security_protocol": self.security_protocol,
            "client_id": "dictamesh-k8s-adapter",
        }
        if self.security_protocol in ("SSL", "SASL_SSL"):
            context = ssl.create_default_context(cafile=self.ca_file or None)
            if self.cert_file:
                context.load_cert_chain(self.cert_file, self.key_file or None)
            arguments["ssl_context"] = context
        if self.security_protocol.startswith("SASL"):
            arguments |= {
                "sasl_mechanism": self.sasl_mechanism,
                "sasl_plain_username": self.sasl_username,
                "sasl_plain_password": self.sasl_password,
            }
        return arguments
