"""An entry of a resource's history as the graph stores it: JSON in the list property `changes`, the latest first."""

from typing import Literal

import msgspec


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """What happened when (RFC 3339), by which managers, at which paths; `more` paths were not listed.

    `by` are names from managedFields, empty where nobody says: Kubernetes does not tell who deleted something.
    """

    at: str
    type: Literal["CREATED", "UPDATED", "RECREATED", "DELETED"]
    by: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    more: int = 0

    def written(self) -> str:
        """As it is stored."""
        return _encoder.encode(self).decode()

    @classmethod
    def read(cls, text: str) -> "Change":
        """From what is stored."""
        return _decoder.decode(text)


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Change)
