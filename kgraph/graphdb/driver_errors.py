"""The driver's errors as this package's own, and those that may pass by themselves."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from neo4j import exceptions as driver_errors

from kgraph.graphdb import errors

# Neo4j has ended, or who it was is not who is there now.
CONNECTION_LOST = (driver_errors.ServiceUnavailable, driver_errors.SessionExpired, OSError)
_UNAVAILABLE = (
    *CONNECTION_LOST,
    driver_errors.TransientError,
    driver_errors.DatabaseUnavailable,
    driver_errors.ConnectionAcquisitionTimeoutError,
)
# uvloop's words where a connection is gone before the driver knows (MagicStack/uvloop issues 506 and 653); asyncio's
# own loop says OSError, which the driver expects.
_UVLOOP_LOST = ("the handler is closed", "is used by transport")
_TIMEOUT_CODES = {
    "Neo.ClientError.Transaction.TransactionTimedOut",
    "Neo.ClientError.Transaction.TransactionTimedOutClientConfiguration",
    "Neo.TransientError.Transaction.TransactionTimedOut",
    # Where it was ended while it waited for a lock; the driver takes it for no transient error, as we do.
    "Neo.ClientError.Transaction.LockClientStopped",
}
# Neo4j calls them transient, but the same statement needs the same memory each time.
_MEMORY_CODES = {
    "Neo.TransientError.General.MemoryPoolOutOfMemoryError",
    "Neo.TransientError.General.TransactionMemoryLimit",
}

# What a schema statement is told when another has made the same at the same moment; run again, it finds it there.
_MADE_MEANWHILE = frozenset(
    {
        "Neo.ClientError.Schema.ConstraintAlreadyExists",
        "Neo.ClientError.Schema.EquivalentSchemaRuleAlreadyExists",
        "Neo.ClientError.Schema.IndexAlreadyExists",
    }
)


def may_pass(error: Exception) -> bool:
    """Whether the driver itself would try a transaction again that ended so."""
    return isinstance(error, driver_errors.Neo4jError | driver_errors.DriverError) and error.is_retryable()


def may_pass_alone(error: Exception) -> bool:
    """The same of a schema statement; two that run at once may each find that there is none yet (`IF NOT EXISTS`)."""
    return may_pass(error) or (isinstance(error, driver_errors.Neo4jError) and error.code in _MADE_MEANWHILE)


@contextmanager
def mapped(what: str) -> Iterator[None]:
    """Turn the driver's errors into this package's, each saying what was attempted."""
    try:
        yield
    except errors.GraphError:
        raise
    except driver_errors.AuthError as cause:
        raise errors.GraphLoginRefused(
            f"{what}: Neo4j refuses the login; check NEO4J_USER and NEO4J_PASSWORD"
        ) from cause
    except _UNAVAILABLE as cause:
        code = getattr(cause, "code", None) or ""
        if code in _TIMEOUT_CODES:
            raise errors.GraphTimeout(f"{what}: took longer than it may and was ended") from cause
        if code in _MEMORY_CODES:
            raise errors.StatementRefused(f"{what}: {cause}", code) from cause
        raise errors.GraphUnavailable(f"{what}: Neo4j does not answer ({cause})") from cause
    except driver_errors.Neo4jError as cause:
        if cause.code in _TIMEOUT_CODES:
            raise errors.GraphTimeout(f"{what}: took longer than it may and was ended") from cause
        raise errors.StatementRefused(f"{what}: {cause.message}", cause.code or "") from cause
    except driver_errors.DriverError as cause:
        raise errors.GraphUnavailable(f"{what}: {cause}") from cause
    except (OverflowError, UnicodeError) as cause:
        raise errors.StatementRefused(f"{what}: a value that Bolt cannot carry ({cause})") from cause
    except asyncio.IncompleteReadError as cause:
        raise errors.GraphUnavailable(f"{what}: Neo4j closed the connection") from cause
    except RuntimeError as cause:
        if not any(each in str(cause) for each in _UVLOOP_LOST):
            raise
        raise errors.GraphUnavailable(f"{what}: the connection to Neo4j was lost ({cause})") from cause
