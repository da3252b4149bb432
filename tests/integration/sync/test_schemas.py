"""Paths of the edge table against the schemas that the projects publish: what no schema has is never found."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from kgraph.graphdb.edges import EDGE_ROWS
from kgraph.graphdb.edges.row import EdgeRow
from kgraph.graphdb.kinds import operators
from kgraph.kube.yaml_text import documents, load
from kgraph.sync.paths import EACH, Path, parse
from tests.definitions import PROJECTS, files

Schemas = Mapping[str, list[Any]]
KINDS = {str(kind.group_kind) for kind in operators.ROWS}
ROWS = [row for row in EDGE_ROWS if row.at and KINDS.issuperset(row.start)]
# Not in a schema, and there all the same: every object's metadata.
METADATA = "metadata"


@pytest.fixture(scope="module")
async def schemas() -> Schemas:
    """The schemas of all served versions, by `Kind.group`."""
    found: dict[str, list[Any]] = {}
    for file in [file for project in PROJECTS.values() for file in await files(project)]:
        with file.open(encoding="utf-8") as lines:
            values = [value for document in documents(lines) for value, _ in load(document)]
        for value in values:
            if value.get("kind") == "CustomResourceDefinition":
                spec = value["spec"]
                served = [version["schema"]["openAPIV3Schema"] for version in spec["versions"] if version["served"]]
                found.setdefault(f"{spec['names']['kind']}.{spec['group']}", []).extend(served)
    return found


def _has(schema: Any, path: Path) -> bool:
    """Whether objects of a schema may have something at a path."""
    for step in path:
        if schema is None:
            return False
        if schema.get("x-kubernetes-preserve-unknown-fields") and not schema.get("properties"):
            return True
        schema = schema.get("items") if step == EACH else schema.get("properties", {}).get(step)
    return schema is not None


def _paths(row: EdgeRow) -> Iterator[Path]:
    for pattern in row.at:
        if not pattern.startswith(METADATA):
            yield from parse(pattern + ("" if row.name == "." else row.name))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
async def test_a_path_is_in_the_schema_of_a_kind(row: EdgeRow, schemas: Schemas) -> None:
    """Where a row looks, some version of one of its kinds at least has a field."""
    of_starts = [schema for start in row.start for schema in schemas[start]]
    assert [path for path in _paths(row) if not any(_has(schema, path) for schema in of_starts)] == []
