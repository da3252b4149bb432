"""Five hundred Pods of ten typed fields, beside the same types that resolve objects which are there already.

The floor has neither a statement nor an object to decode: its Pods were read and decoded before. It is measured with
graphql-core's own executor, which any server would have, and with ours, which makes lists of plain fields at once.
"""

import time
from statistics import median
from typing import Any

import msgspec
import strawberry
from strawberry.schema.config import StrawberryConfig

from kgraph.api.graphql.context import Context
from kgraph.api.graphql.execution import ListExecutor
from kgraph.api.graphql.kinds.pods import Pod
from kgraph.api.graphql.resource import TYPES, GenericResource
from kgraph.api.graphql.scalars import SCALARS
from kgraph.api.graphql.schema import make_schema
from kgraph.api.kinds import KindReader
from kgraph.api.settings import ApiSettings
from kgraph.graphdb.schema import prepare
from kgraph.graphdb.store import Store
from tests.bench import search
from tests.bench.bench import Bench, quiet
from tests.bench.inside import context
from tests.bench.rows import Bar, Figure, figure

ROWS = 500
QUERY = """{ pods(cluster: "prod", first: 500) {
  name namespace phase nodeName podIP hostIP serviceAccountName restartPolicy startedAt qosClass } }"""


@strawberry.type
class Ready:
    """A query whose Pods are there already: they are the root value."""

    @strawberry.field
    def pods(self, info: strawberry.Info, cluster: str, first: int) -> list[Pod]:
        """All of them."""
        del cluster, first
        ready: list[Pod] = info.root_value
        return ready


async def typed(bench: Bench) -> list[Figure]:
    """One caller, in this process, to JSON."""
    total = 100_000 if bench.effort.requests > 1_000 else 4_000
    await bench.wipe()
    async with bench.store() as store:
        await prepare(store)
        await search.fill(store, total, bench.report)
        quiet()
        kinds = KindReader(store)
        schemas = [make_schema(ApiSettings().limits), _ready_schema(None), _ready_schema(ListExecutor)]
        ready = await _ready(store, kinds)
        seconds: list[list[float]] = [[], [], []]
        for _ in range(max(20, bench.effort.requests // 20)):
            for schema, values in zip(schemas, seconds, strict=True):
                began = time.perf_counter()
                await _answer(schema, context(store, kinds), ready)
                values.append(time.perf_counter() - began)
    await bench.wipe()
    ours, floor, quick = (median(values) * 1000 for values in seconds)
    return [
        figure(
            f"pods, {ROWS} of ten typed fields, p50",
            ours,
            "ms",
            f"in the process, to JSON, one statement among {total:,} resources; the floor resolves objects that are "
            f"ready by graphql-core's own executor, and takes {quick:.1f} ms by ours",
            floor=floor,
            bar=Bar("ratio", 1.5),
        )
    ]


def _ready_schema(executor: type[ListExecutor] | None) -> Any:
    return strawberry.federation.Schema(
        Ready,
        types=[*TYPES.values(), GenericResource],
        execution_context_class=executor,
        config=StrawberryConfig(scalar_map=SCALARS),
    )


async def _answer(schema: Any, of: Context, ready: list[Pod]) -> bytes:
    result = await schema.execute(QUERY, context_value=of, root_value=ready)
    if result.errors:
        raise result.errors[0]
    return msgspec.json.encode(result.data)


async def _ready(store: Store, kinds: KindReader) -> list[Pod]:
    """The Pods of the question, each with its object decoded."""
    kept: list[Pod] = []

    class Keeping(ListExecutor):
        def complete_list_value(
            self, return_type: Any, details: Any, info: Any, path: Any, result: Any, at: Any
        ) -> Any:
            kept.extend(result)
            return super().complete_list_value(return_type, details, info, path, result, at)

    schema = make_schema(ApiSettings().limits)
    schema.execution_context_class = Keeping
    await _answer(schema, context(store, kinds), [])
    assert len(kept) == ROWS
    for pod in kept:
        assert await pod.load_raw()
    return kept
