"""Credentials at rest: sealed with a key from the environment, opened with it, never shown.

The one module that knows the package cryptography. A seal is a Fernet token (AES-128-CBC and HMAC-SHA256,
github.com/fernet/spec); it is bound to its cluster's id, so that a seal that is moved to another entry, whose server
may be somebody else's, does not open.
"""

import os
from collections.abc import Mapping

import msgspec
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from kgraph.kube.errors import NoCredentialsKey, SealedByAnotherKey

VARIABLE = "KGRAPH_CREDENTIALS_KEY"


class _Sealed(msgspec.Struct, frozen=True):
    cluster: str
    secrets: dict[str, str]


class Sealer:
    """Seals with the first key and opens with any: a new key is put before the old one until all is sealed anew."""

    def __init__(self, keys: tuple[Fernet, ...]) -> None:
        self._keys = MultiFernet(keys) if keys else None

    def __repr__(self) -> str:
        return "Sealer(<hidden>)" if self._keys else "Sealer()"

    @classmethod
    def of(cls, environ: Mapping[str, str] = os.environ) -> "Sealer":
        """The keys of KGRAPH_CREDENTIALS_KEY, commas between them; one that is none is an error that shows none."""
        texts = [text.strip() for text in environ.get(VARIABLE, "").split(",") if text.strip()]
        keys = []
        for number, text in enumerate(texts, 1):
            try:
                keys.append(Fernet(text))
            except ValueError:
                which = f"key {number} of {len(texts)} in {VARIABLE}" if len(texts) > 1 else VARIABLE
                raise NoCredentialsKey(
                    f"{which} is no key: a key is 32 bytes in URL-safe base64, 44 characters"
                ) from None
        return cls(tuple(keys))

    @property
    def is_able(self) -> bool:
        """Whether there is a key, without which no cluster with a login can be added at run time."""
        return self._keys is not None

    def seal(self, cluster: str, secrets: Mapping[str, str]) -> str:
        """A cluster's credentials, sealed; NoCredentialsKey where there is no key to seal them with."""
        if self._keys is None:
            raise NoCredentialsKey(
                f"cluster {cluster}: its credentials are only kept sealed, and {VARIABLE} holds no key for that"
            )
        return self._keys.encrypt(msgspec.json.encode(_Sealed(cluster, dict(secrets)))).decode()

    def open(self, cluster: str, sealed: str) -> dict[str, str]:
        """The credentials in a seal; NoCredentialsKey without a key, SealedByAnotherKey where none opens it."""
        if self._keys is None:
            raise NoCredentialsKey(
                f"cluster {cluster}: its credentials are sealed, and {VARIABLE} holds no key to open them with"
            )
        try:
            found = msgspec.json.decode(self._keys.decrypt(sealed), type=_Sealed)
        except (InvalidToken, msgspec.MsgspecError):
            found = None
        if found is None or found.cluster != cluster:
            raise SealedByAnotherKey(f"cluster {cluster}: no key of {VARIABLE} opens its sealed credentials")
        return found.secrets
