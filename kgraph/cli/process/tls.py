"""TLS for the API's listener: certificates from files, read again as they change.

cert-manager renews a certificate weeks before its end, and Kubernetes swaps the symlinks of a mounted Secret. Each
connection is made with the certificate that holds when it begins; those that are open go on with what they have. What
cannot be used, such as a certificate whose key has not been written yet, is said once, and the one before is kept.
"""

import asyncio
import datetime as dt
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import structlog
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from kgraph.cli.errors import BadConfiguration

# A renewed Secret takes the kubelet a minute; three small files are read in less than a millisecond.
LOOK_SECONDS = 2.0
# Whoever renews certificates has done it long before: what ends so soon has been forgotten.
SOON = dt.timedelta(days=1)
SMALLEST = ssl.TLSVersion.TLSv1_2

log = structlog.get_logger(__name__)


class TlsFiles(msgspec.Struct, frozen=True):
    """PEM files: the certificate with its chain, its key, and the authorities of clients' certificates if any."""

    cert_file: str
    key_file: str
    client_ca_file: str = ""

    @property
    def all(self) -> tuple[str, ...]:
        """The files that there are."""
        return (self.cert_file, self.key_file, *([self.client_ca_file] if self.client_ca_file else []))


class Identity(msgspec.Struct, frozen=True):
    """A context that was made of files, what stood in them, and when its certificate ends."""

    context: ssl.SSLContext
    contents: tuple[bytes, ...]
    ends: dt.datetime


class _Latest(ssl.SSLContext):
    """The context that the listener has: it makes each connection of the latest one, with its own session keys."""

    latest: ssl.SSLContext

    def wrap_bio(self, *given: Any, **named: Any) -> ssl.SSLObject:
        """What asyncio and uvloop begin a connection with."""
        return self.latest.wrap_bio(*given, **named)


class Tls:
    """The certificate in use; `context` is for the listener."""

    def __init__(self, files: TlsFiles) -> None:
        """Raises BadConfiguration with the setting, the file and what is wrong with it."""
        self._files = files
        self._now = _made(files)
        self._refused = ""  # what was said of the files last
        self._warned: dt.datetime | None = None
        self.context = _Latest(ssl.PROTOCOL_TLS_SERVER)
        self.context.latest = self._now.context

    @property
    def ends(self) -> dt.datetime:
        """When the certificate in use ends."""
        return self._now.ends

    async def follow(self) -> None:
        """Read the files again and again."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> bool:
        """Read the files once; whether new connections are made otherwise from now on."""
        try:
            contents = await asyncio.to_thread(_contents, self._files)
            if contents == self._now.contents:
                self._refused = ""
                self._warn()
                return False
            made = await asyncio.to_thread(_made, self._files)
        except BadConfiguration as error:
            self._refuse(str(error))
            return False
        self._now, self._refused = made, ""
        self.context.latest = made.context
        log.info("the API's certificate was read again", cert_file=self._files.cert_file, ends=_day(made.ends))
        return True

    def _refuse(self, why: str) -> None:
        if why != self._refused:
            self._refused = why
            log.error(
                "the API's certificate has changed and cannot be used: the one before is kept",
                error=why,
                ends=_day(self._now.ends),
            )

    def _warn(self) -> None:
        if self._now.ends - dt.datetime.now(dt.UTC) < SOON and self._warned != self._now.ends:
            self._warned = self._now.ends
            log.warning("the API's certificate ends soon", cert_file=self._files.cert_file, ends=_day(self._now.ends))


def _made(files: TlsFiles) -> Identity:
    contents = _contents(files)
    now = dt.datetime.now(dt.UTC)
    ends = _check_pair(files, contents, now)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = SMALLEST
    # Uvicorn speaks HTTP/1.1 alone.
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(files.cert_file, files.key_file, password="")
        if files.client_ca_file:
            _check_authorities(files.client_ca_file, contents[2], now)
            context.load_verify_locations(files.client_ca_file)
            context.verify_mode = ssl.CERT_REQUIRED
            # A session that is resumed shows no certificate: it would outlive its authority, or its own end.
            context.options |= ssl.OP_NO_TICKET
            context.num_tickets = 0
    except (ssl.SSLError, OSError) as cause:
        raise BadConfiguration(f"tls_cert_file {files.cert_file} cannot be used: {cause}") from cause
    if _contents(files) != contents:
        raise BadConfiguration(f"{', '.join(files.all)} are being written just now: try again")
    return Identity(context, contents, ends)


def _contents(files: TlsFiles) -> tuple[bytes, ...]:
    names = ("tls_cert_file", "tls_key_file", "tls_client_ca_file")
    return tuple(_read(name, file) for name, file in zip(names, files.all, strict=False))


def _read(name: str, file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError as cause:
        raise BadConfiguration(f"{name} {file} cannot be read: {cause.strerror}") from cause


def _check_pair(files: TlsFiles, contents: Sequence[bytes], now: dt.datetime) -> dt.datetime:
    """When the certificate ends; BadConfiguration unless it holds now and the key is its own."""
    own = _certificates("tls_cert_file", files.cert_file, contents[0])[0]
    try:
        key = load_pem_private_key(contents[1], password=None)
    except TypeError as cause:
        raise BadConfiguration(
            f"tls_key_file {files.key_file} is encrypted; give the key without a password"
        ) from cause
    except ValueError:
        # The cause would be shown, and may quote what it could not read.
        raise BadConfiguration(f"tls_key_file {files.key_file} has no private key in PEM") from None
    shown = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if key.public_key().public_bytes(*shown) != own.public_key().public_bytes(*shown):
        raise BadConfiguration(
            f"tls_key_file {files.key_file} is not the key of tls_cert_file {files.cert_file}: give those that were "
            "issued together, the server's own certificate being the first in its file"
        )
    if own.not_valid_after_utc <= now:
        raise BadConfiguration(
            f"tls_cert_file {files.cert_file} has ended on {_day(own.not_valid_after_utc)}: have it renewed"
        )
    if own.not_valid_before_utc > now:
        raise BadConfiguration(
            f"tls_cert_file {files.cert_file} begins on {_day(own.not_valid_before_utc)}: look at this machine's clock"
        )
    return own.not_valid_after_utc


def _check_authorities(file: str, content: bytes, now: dt.datetime) -> None:
    authorities = _certificates("tls_client_ca_file", file, content)
    if all(each.not_valid_after_utc <= now for each in authorities):
        raise BadConfiguration(f"tls_client_ca_file {file} has no authority that has not ended: no client could come")


def _certificates(name: str, file: str, content: bytes) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(content)
    except ValueError:
        raise BadConfiguration(f"{name} {file} has no certificate in PEM") from None


def _day(time: dt.datetime) -> str:
    return time.isoformat(sep=" ", timespec="minutes")
