"""How a server and its client prove to each other who they are: TLS as Go has it."""

import os
import ssl
import tempfile
from pathlib import Path
from typing import NamedTuple

from kgraph.kube.credentials import Certificate
from kgraph.kube.errors import ConfigurationError
from kgraph.kube.multiplex import PROTOCOL


class Tls(NamedTuple):
    """How a server proves itself, and we do: for HTTP/1.1, and for HTTP/2, which is agreed upon in the handshake."""

    plain: ssl.SSLContext
    multiplexed: ssl.SSLContext

    @classmethod
    def of(cls, ca: bytes, certificate: Certificate | None, *, insecure: bool) -> "Tls":
        """Both contexts; ConfigurationError as `tls_context` has it."""
        plain, multiplexed = (tls_context(ca, certificate, insecure=insecure) for _ in range(2))
        multiplexed.set_alpn_protocols([PROTOCOL, "http/1.1"])
        return cls(plain, multiplexed)


def tls_context(ca: bytes, certificate: Certificate | None, *, insecure: bool) -> ssl.SSLContext:
    """A TLS context that trusts what Go would trust with the same CA, and shows the client certificate."""
    try:
        context = ssl.create_default_context(cadata=ca.decode("ascii") if ca else None)
    except (ssl.SSLError, UnicodeDecodeError) as error:
        raise ConfigurationError("the cluster's CA is not a PEM certificate") from error
    # Go trusts every certificate of the pool, intermediate ones too, and does not hold old cluster CAs to RFC 5280
    # to the letter, as Python 3.13 does by default.
    context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
    context.verify_flags &= ~ssl.VerifyFlags.VERIFY_X509_STRICT
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if certificate:
        _show(context, certificate)
    return context


def _show(context: ssl.SSLContext, certificate: Certificate) -> None:
    """Load a client certificate; the ssl module reads files only, so they exist for a moment, for us alone."""
    with tempfile.TemporaryDirectory(prefix="kgraph-") as folder:
        names = Path(folder, "tls.crt"), Path(folder, "tls.key")
        for name, content in zip(names, (certificate.certificate, certificate.key), strict=True):
            with open(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123 - a mode
                file.write(content)
        try:
            # Without a password function OpenSSL would ask the terminal for one.
            context.load_cert_chain(*names, password=lambda: b"")
        except (ssl.SSLError, ValueError) as error:
            raise ConfigurationError(
                "the client certificate and its key are no PEM, or do not belong together, or the key has a password"
            ) from error
