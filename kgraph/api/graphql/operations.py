"""What operations are asked for and how they end, as operators see it: by the schema's own words, not the client's.

An operation's name is its client's to choose, and there may be as many as there are requests. Its one field of the
schema is among those that there are.
"""

import asyncio
import time
from collections.abc import Iterator

from graphql import DocumentNode, FieldNode, GraphQLError, GraphQLSchema, OperationDefinitionNode, OperationType
from opentelemetry.trace import get_current_span
from strawberry.extensions import SchemaExtension
from strawberry.types.graphql import OperationType as StrawberryOperation

from kgraph.api.errors import as_api_failure
from kgraph.api.graphql.extensions import code_of
from kgraph.api.http.abandoned import READS, WRITES
from kgraph.api.http.observed import NONE, OPERATION
from kgraph.telemetry.meter import Meter

SEVERAL = "several"
OK = "OK"
GONE = "CLIENT_GONE"  # nobody waited for the answer any more
_META = frozenset({"__schema", "__type", "__typename"})


class Figures:
    """What all operations of one schema are counted on."""

    def __init__(self, meter: Meter) -> None:
        self.operations = meter.counter("kgraph_graphql_operations")
        self.seconds = meter.histogram("kgraph_graphql_operation_seconds")
        self.errors = meter.counter("kgraph_errors")


class OperationsExtension(SchemaExtension):
    """Counts and measures one operation. A subscription is counted when it ends, and not measured."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def on_operation(self) -> Iterator[None]:
        """From before it is parsed until it is answered."""
        began, code = time.perf_counter(), OK
        try:
            yield
        except asyncio.CancelledError:
            code = GONE
            raise
        except Exception as error:
            original = error.original_error if isinstance(error, GraphQLError) else error
            code = as_api_failure(original).code
            raise
        else:
            code = self._code()
        finally:
            self._over(code, time.perf_counter() - began)

    def on_execute(self) -> Iterator[None]:
        """It is parsed and valid: whether it may be left half-done is known before anything of it is."""
        request = getattr(self.execution_context.context, "request", None)
        if request is not None:
            changes = self.execution_context.operation_type is StrawberryOperation.MUTATION
            request.scope[WRITES if changes else READS] = True
        yield

    def _code(self) -> str:
        context = self.execution_context
        errors = context.pre_execution_errors or getattr(context.result, "errors", None)
        return code_of(errors[0]) if errors else OK

    def _over(self, code: str, seconds: float) -> None:
        context = self.execution_context
        schema = context.schema._schema  # noqa: SLF001 - Strawberry keeps it there
        type_, field = described(context.graphql_document, context.operation_name, schema)
        self._figures.operations.labels(type_, field, code).inc()
        if code not in {OK, GONE}:
            self._figures.errors.labels("graphql", code).inc()
        if type_ != OperationType.SUBSCRIPTION.value:
            self._figures.seconds.labels(type_, field).observe(seconds)
        get_current_span().set_attributes({"graphql.operation.type": type_, "graphql.operation.field": field})
        request = getattr(context.context, "request", None)
        if request is not None:
            request.scope[OPERATION] = (type_, field, code)


def described(document: DocumentNode | None, name: str | None, schema: GraphQLSchema) -> tuple[str, str]:
    """The operation's type, and the one field of the schema that it asks for."""
    found = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)] if document else []
    chosen = [one for one in found if name is None or (one.name is not None and one.name.value == name)]
    if len(chosen) != 1:
        return NONE, NONE
    (operation,) = chosen
    selected = operation.selection_set.selections
    if len(selected) != 1 or not isinstance(selected[0], FieldNode):
        return operation.operation.value, SEVERAL
    field = selected[0].name.value
    root = schema.get_root_type(operation.operation)
    known = field in _META or (root is not None and field in root.fields)
    return operation.operation.value, field if known else NONE
