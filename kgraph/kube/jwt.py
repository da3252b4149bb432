"""What a JSON Web Token says of itself, unverified: to plan ahead, and to find out who is to verify it.

RFC 7519. Nothing that is read here may let anybody in.
"""

import base64
from typing import Any, TypeVar

import msgspec

from kgraph.kube import nesting

T = TypeVar("T")

_PARTS = 3  # of a signed token: its header, its claims, the signature


class Times(msgspec.Struct, frozen=True):
    """When a token was issued and when it ends, in seconds since the epoch; 0 where it does not say."""

    iat: float = 0
    exp: float = 0


def header_of(token: str, type_: type[T]) -> T | None:
    """The header as `type_`; None where there is no such thing."""
    return _part(token, 0, type_)


def claims_of(token: str, type_: type[T]) -> T | None:
    """The claims as `type_`; None for a token that is no JSON Web Token, or says something else."""
    return _part(token, 1, type_)


def _part(token: str, at: int, type_: type[T]) -> T | None:
    parts = token.split(".")
    if len(parts) != _PARTS:
        return None
    try:
        body = base64.urlsafe_b64decode(parts[at] + "=" * (-len(parts[at]) % 4))
        return decoded(body, type_)
    except (msgspec.MsgspecError, ValueError):
        return None


def decoded(body: bytes, type_: type[T]) -> T:
    """The JSON of a header or of claims, however deeply it is nested; MsgspecError or ValueError where it is none."""
    decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(type_)
    found: T = nesting.decoded(decoder.decode, body)
    return found
