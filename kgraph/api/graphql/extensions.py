"""What happens round every operation: the limits before it, and how errors are worded after it."""

import secrets
from collections.abc import Iterator

import structlog
from graphql import GraphQLError
from strawberry.extensions import SchemaExtension
from strawberry.types import ExecutionContext

from kgraph.api.errors import BadUserInput, TooComplex, as_api_failure
from kgraph.api.graphql import cost
from kgraph.api.settings import Limits
from kgraph.telemetry.tracing import trace_id

log = structlog.get_logger(__name__)

_TRACE_ID_BYTES = 16


class LimitsExtension(SchemaExtension):
    """Refuses operations that are too long, too deep or too dear, before anything is done for them."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    def on_operation(self) -> Iterator[None]:
        """Refuse a document that takes long to read, and tell the parser how many tokens it may read."""
        length, most = len(self.execution_context.query or ""), self._limits.document_characters
        if length > most:
            raise TooComplex(f"the document has {length:,} characters; {most:,} are allowed: give values as variables")
        self.execution_context.parse_options["max_tokens"] = self._limits.tokens
        yield

    def on_validate(self) -> Iterator[None]:
        """Count the cost once the document is known to be valid: this extension comes after the validation cache."""
        self._check(self.execution_context)
        yield

    def _check(self, context: ExecutionContext) -> None:
        if context.pre_execution_errors or context.graphql_document is None:
            return
        try:
            schema = context.schema._schema  # noqa: SLF001 - Strawberry keeps it there
            cost.check(context.graphql_document, schema, context.variables or {}, self._limits)
        except TooComplex as error:
            context.pre_execution_errors = [cost.as_graphql_error(error)]


def code_of(error: GraphQLError) -> str:
    """The code that the caller is told."""
    if code := (error.extensions or {}).get("code"):
        return str(code)
    original = error.original_error
    if original is None or isinstance(original, GraphQLError):
        return BadUserInput.code  # syntax, validation, variables: graphql-core's own words
    return as_api_failure(original).code


def worded(error: GraphQLError) -> GraphQLError:
    """The same error as the caller sees it."""
    if "code" in (error.extensions or {}):
        return error
    original = error.original_error
    if original is None or isinstance(original, GraphQLError):
        extensions = {"code": BadUserInput.code}  # syntax, validation, variables: graphql-core's own words
        return GraphQLError(error.message, error.nodes, error.source, error.positions, error.path, None, extensions)
    failure = as_api_failure(original)
    extensions = {"code": failure.code, **failure.extensions}
    if failure.masked:
        extensions["traceId"] = trace_id() or secrets.token_hex(_TRACE_ID_BYTES)
        log.error("operation failed", trace_id=extensions["traceId"], path=error.path, exc_info=original)
    return GraphQLError(failure.message, error.nodes, error.source, error.positions, error.path, None, extensions)
