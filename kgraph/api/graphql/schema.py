"""The schema: all queries, and mutations, together, with its limits, its words for errors and its executor."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, cast

import msgspec
import strawberry
from graphql import GraphQLError
from strawberry.extensions import ParserCache
from strawberry.federation.schema import FederationAny
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext, ExecutionResult, Info
from strawberry.types.base import StrawberryObjectDefinition

from kgraph.api.errors import BadUserInput
from kgraph.api.graphql.audit import AuditQueries
from kgraph.api.graphql.bills import CostQueries
from kgraph.api.graphql.cluster import ClusterQueries
from kgraph.api.graphql.compare import CompareQueries
from kgraph.api.graphql.drift import DriftQueries
from kgraph.api.graphql.execution import ListExecutor
from kgraph.api.graphql.extensions import LimitsExtension, worded
from kgraph.api.graphql.findings import FindingQueries
from kgraph.api.graphql.graph import GraphQueries
from kgraph.api.graphql.history import HistoryQueries
from kgraph.api.graphql.impact import ImpactQueries
from kgraph.api.graphql.kinds import access, api, config, network, pods, storage, workloads
from kgraph.api.graphql.kinds.queries import KindQueries
from kgraph.api.graphql.mutations import ClusterMutations
from kgraph.api.graphql.operations import Figures, OperationsExtension
from kgraph.api.graphql.persisted import NOT_FOUND, NOT_FOUND_MESSAGE, PersistedQueries, PersistedQueryNotFound
from kgraph.api.graphql.rbac import RbacQueries
from kgraph.api.graphql.resource import TYPES, GenericResource
from kgraph.api.graphql.resource_mutations import ResourceMutations
from kgraph.api.graphql.resources import ResourceQueries
from kgraph.api.graphql.rightsizing import RightsizingQueries
from kgraph.api.graphql.scalars import SCALARS
from kgraph.api.graphql.subscriptions import Subscription
from kgraph.api.graphql.typed_mutations import TypedMutations
from kgraph.api.graphql.utilization import UtilizationQueries
from kgraph.api.graphql.validation import Validation
from kgraph.api.graphql.ways import PathQueries
from kgraph.api.settings import Limits
from kgraph.telemetry.meter import Meter

# Parsed and validated documents that are kept; the largest that is let in takes 1.2 MB.
CACHED_DOCUMENTS = 100


# The fields of which a type may have a key.
_KEYS = ("key", "id")
# The kinds that have types: each module adds its own to TYPES.
AREAS = (access, api, config, network, pods, storage, workloads)


@strawberry.type(description="A live graph of Kubernetes clusters.")
class Query(
    ClusterQueries,
    ResourceQueries,
    KindQueries,
    GraphQueries,
    ImpactQueries,
    PathQueries,
    CompareQueries,
    DriftQueries,
    FindingQueries,
    HistoryQueries,
    AuditQueries,
    RbacQueries,
    UtilizationQueries,
    RightsizingQueries,
    CostQueries,
):
    """All queries."""


@strawberry.type(description="What changes something; there are mutations only where `enable_mutations` is true.")
class Mutation(ClusterMutations, ResourceMutations, TypedMutations):  # type: ignore[misc]  # made of a table
    """All mutations."""


class _Named(msgspec.Struct, frozen=True):
    """What a gateway names: a type, and the fields of one of its keys."""

    type: str
    keys: dict[str, Any]

    @classmethod
    def read(cls, given: object) -> "_Named":
        if not isinstance(given, dict) or not isinstance(given.get("__typename"), str):
            raise BadUserInput(f"{given!r} is no entity: it needs a __typename, and a key")
        return cls(given["__typename"], {name: value for name, value in given.items() if name in _KEYS})


class Schema(strawberry.federation.Schema):
    """Strawberry's schema, with our words for errors, and with persisted queries."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.persisted = PersistedQueries()

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Nothing here: most errors are the caller's, and `worded` logs the others with their trace id."""

    def entities_resolver(self, info: Info, representations: list[FederationAny]) -> list[FederationAny]:
        """What a federation's gateway names by `__typename` and keys; those of one request in one statement."""
        named = [_Named.read(one) for one in cast("list[object]", representations)]
        types = {name: self.get_type_by_name(name) for name in {one.type for one in named}}
        for name, kind in types.items():
            if not isinstance(kind, StrawberryObjectDefinition) or not hasattr(kind.origin, "resolve_reference"):
                raise BadUserInput(f"{name!r} is no type of this schema that has a key")
        return [cast("Any", types[one.type]).origin.resolve_reference(info, **one.keys) for one in named]

    async def execute(self, query: str | None, *args: Any, **kwargs: Any) -> ExecutionResult:
        """The answer, with errors as the caller is to see them, wherever they arose."""
        try:
            query = self.persisted.document(query, kwargs.get("operation_extensions"))
        except PersistedQueryNotFound:
            return ExecutionResult(data=None, errors=[GraphQLError(NOT_FOUND_MESSAGE, extensions={"code": NOT_FOUND})])
        except BadUserInput as error:
            return ExecutionResult(data=None, errors=[worded(GraphQLError(str(error), original_error=error))])
        result = await super().execute(query, *args, **kwargs)
        if result.errors:
            result.errors = [worded(error) for error in result.errors]
        return result

    async def stream(self, *args: Any, **kwargs: Any) -> AsyncGenerator[Any, None]:
        """The same of an answer in parts, for a WebSocket or a stream of events."""
        return _worded(await super().stream(*args, **kwargs))


async def _worded(results: AsyncGenerator[Any, None]) -> AsyncGenerator[Any, None]:
    async with aclosing(results):
        async for result in results:
            if result.errors:
                result.errors = [worded(error) for error in result.errors]
            yield result


def make_schema(limits: Limits, *, mutations: bool = False, meter: Meter | None = None) -> Schema:
    """The schema with these limits, and with mutations where they are enabled."""
    figures = Figures(meter or Meter())
    return Schema(
        Query,
        Mutation if mutations else None,
        Subscription,
        types=[*TYPES.values(), GenericResource],
        # Factories: an extension keeps its operation, and the caches are shared by their size.
        extensions=[
            lambda: OperationsExtension(figures),
            lambda: ParserCache(CACHED_DOCUMENTS),
            lambda: Validation(CACHED_DOCUMENTS),
            lambda: LimitsExtension(limits),
        ],
        execution_context_class=ListExecutor,
        config=StrawberryConfig(scalar_map=SCALARS, batching_config={"max_operations": limits.batch_operations}),
    )
