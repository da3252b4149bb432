"""What the configuration may say of the API's listener."""

import ipaddress
from collections.abc import Mapping
from typing import Any

from kgraph.cli.errors import BadConfiguration


def check_listener(given: Mapping[str, Any], source: str) -> None:
    """Raise BadConfiguration where its settings do not go together."""
    certificate, key = given.get("tls_cert_file"), given.get("tls_key_file")
    if bool(certificate) is not bool(key):
        missing = "tls_cert_file" if key else "tls_key_file"
        raise BadConfiguration(f"{source}: {missing} is missing: a certificate and its key belong together")
    if given.get("tls_client_ca_file") and not certificate:
        raise BadConfiguration(
            f"{source}: tls_client_ca_file is set without tls_cert_file: clients show their certificates over TLS alone"
        )
    for proxy in given.get("trusted_proxies", ()):
        try:
            ipaddress.ip_network(proxy, strict=False)
        except ValueError:
            raise BadConfiguration(
                f"{source}: trusted_proxies has {proxy!r:.80}; allowed are addresses and networks, such as 10.0.0.7 or "
                "10.0.0.0/8"
            ) from None
    for name in ("header_timeout", "body_timeout"):
        if given.get(name) == 0:
            raise BadConfiguration(f"{source}: {name} is 0: a connection that may take for ever is one for ever")
