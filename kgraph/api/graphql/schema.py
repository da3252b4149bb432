"""The schema: all queries, and mutations, together, with its limits, its words for errors and its executor."""

from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext, ExecutionResult

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
from kgraph.api.graphql.mutations import ClusterMutations
from kgraph.api.graphql.resources import ResourceQueries
from kgraph.api.graphql.rightsizing import RightsizingQueries
from kgraph.api.graphql.scalars import SCALARS
from kgraph.api.graphql.usage import NodeMetrics, PodMetrics
from kgraph.api.graphql.utilization import UtilizationQueries
from kgraph.api.graphql.ways import PathQueries
from kgraph.api.settings import Limits

# Parsed and validated documents that are kept: the clients of one graph send the same few hundred.
CACHED_DOCUMENTS = 500


@strawberry.type(description="A live graph of Kubernetes clusters.")
class Query(
    ClusterQueries,
    ResourceQueries,
    GraphQueries,
    ImpactQueries,
    PathQueries,
    CompareQueries,
    DriftQueries,
    FindingQueries,
    HistoryQueries,
    UtilizationQueries,
    RightsizingQueries,
    CostQueries,
):
    """All queries."""


@strawberry.type(description="What changes something; there are mutations only where `enable_mutations` is true.")
class Mutation(ClusterMutations):
    """All mutations."""


class Schema(strawberry.Schema):
    """Strawberry's schema, with our words for errors."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Nothing here: most errors are the caller's, and `worded` logs the others with their trace id."""

    async def execute(self, *args: Any, **kwargs: Any) -> ExecutionResult:
        """The answer, with errors as the caller is to see them, wherever they arose."""
        result = await super().execute(*args, **kwargs)
        if result.errors:
            result.errors = [worded(error) for error in result.errors]
        return result


def make_schema(limits: Limits, *, mutations: bool = False) -> Schema:
    """The schema with these limits, and with mutations where they are enabled."""
    return Schema(
        Query,
        Mutation if mutations else None,
        types=[PodMetrics, NodeMetrics],  # fields give them as Metrics
        # Factories: an extension keeps its operation, and the caches are shared by their size.
        extensions=[
            lambda: ParserCache(CACHED_DOCUMENTS),
            lambda: ValidationCache(CACHED_DOCUMENTS),
            lambda: LimitsExtension(limits),
        ],
        execution_context_class=ListExecutor,
        config=StrawberryConfig(scalar_map=SCALARS, batching_config={"max_operations": limits.batch_operations}),
    )
