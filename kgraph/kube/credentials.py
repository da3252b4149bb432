"""Who asks: logins from tokens, files and client certificates, kept fresh; exec plugins and OIDC add theirs.

No login, and nothing that holds one, shows it in its repr.
"""

import base64
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from kgraph.discreet import Discreet
from kgraph.kube.errors import ConfigurationError
from kgraph.kube.rereading import Reread


class Certificate(Discreet, frozen=True):
    """A client certificate and its key, both PEM."""

    certificate: bytes
    key: bytes


class Login(Discreet, frozen=True):
    """What proves who asks: the Authorization header's value, "" for none, and a client certificate."""

    authorization: str = ""
    certificate: Certificate | None = None


class Credentials(Protocol):
    """Where logins come from."""

    async def login(self) -> Login:
        """The login to use now; ConfigurationError where there is none, never an anonymous one instead."""

    async def renew(self, refused: Login) -> bool:
        """After a 401: whether there is another login than the refused one to try."""


class Stored:
    """A login that was written down: in the settings, in a kubeconfig, or in files that are read again each minute.

    As in client-go a token file wins over a token, and a file that cannot be read any more leaves what was
    last read.
    """

    def __init__(
        self,
        *,
        token: str = "",
        token_file: Path | None = None,
        basic: tuple[str, str] | None = None,
        certificate: Certificate | None = None,
        certificate_files: tuple[Path, Path] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._token = token
        self._token_file = token_file
        self._basic = basic
        self._certificate = certificate
        self._certificate_files = certificate_files
        self._files = Reread(self._load, clock=clock) if token_file or certificate_files else None

    async def login(self) -> Login:
        """The login as it was last read, not more than a minute ago."""
        return await self._files.value() if self._files else self._load()

    async def renew(self, refused: Login) -> bool:
        """Read the files again, unless that has been done since, and say whether they differ from what was refused."""
        if self._files is None:
            return self._load() != refused  # the kubeconfig may have had another
        return await self._files.value() != refused or await self._files.again() != refused

    def _load(self) -> Login:
        token, certificate = self._token, self._certificate
        if self._token_file:
            token = read_file(self._token_file, "the token").decode("utf-8", "replace").strip()
        if self._certificate_files:
            certificate_file, key_file = self._certificate_files
            certificate = Certificate(
                read_file(certificate_file, "the client certificate"), read_file(key_file, "the client key")
            )
        return Login(bearer(token) if token else _basic(self._basic), certificate)


def bearer(token: str) -> str:
    """The Authorization header of a token; ConfigurationError where the text cannot be one."""
    if not token.isascii() or not token.isprintable() or " " in token:
        raise ConfigurationError("the token holds blanks or characters that no token has; check where it is read")
    return f"Bearer {token}"


def read_file(path: Path, what: str) -> bytes:
    """A file that a login or a CA is in; the error names it."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{what} cannot be read from {path}: {error.strerror}") from error
    if not content.strip():
        raise ConfigurationError(f"{what} cannot be read from {path}: the file is empty")
    return content


def _basic(pair: tuple[str, str] | None) -> str:
    return f"Basic {base64.b64encode(':'.join(pair).encode()).decode()}" if pair else ""
