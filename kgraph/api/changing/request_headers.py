"""What a mutation's request says in its headers, by whichever interface it comes."""

import re
import secrets

from kgraph.api.errors import BadUserInput
from kgraph.telemetry.tracing import trace_id

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(-.*)?")
_TRACE_ID_BYTES = 16


def trace_id_of(traceparent: str) -> str:
    """The id of the trace that is under way, else that of a `traceparent` header (W3C Trace Context), or a new one."""
    if found := trace_id():
        return found
    match = _TRACEPARENT.fullmatch(traceparent)
    return match.group(1) if match else secrets.token_hex(_TRACE_ID_BYTES)


def idempotency_key_of(header: str) -> str:
    """What an `Idempotency-Key` header says; BadUserInput where that is no plain text."""
    if not header.isascii():
        raise BadUserInput("the header Idempotency-Key has characters beyond ASCII")
    return header
