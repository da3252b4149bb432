"""`cypher`: what may be asked, what may not, and how values look."""

from typing import Any

import pytest

from kgraph.api.statements import run
from kgraph.graphdb.errors import GraphTimeout
from kgraph.graphdb.store import Store
from tests.client import Client

pytestmark = pytest.mark.neo4j

CYPHER = "query ($query: String!, $params: JSON) { cypher(query: $query, params: $params) { columns rows truncated } }"


async def test_reading_statement_gives_columns_and_rows(api: Client) -> None:
    """Columns in their order, rows as lists, parameters as parameters."""
    data = await api.ask(
        CYPHER,
        query="MATCH (p:Pod) WHERE p.name STARTS WITH $start RETURN p.name AS name, p.ready AS ready ORDER BY name",
        params={"start": "web"},
    )
    assert data["cypher"] == {
        "columns": ["name", "ready"],
        "rows": [["web-1-1", True], ["web-1-2", True], ["web-1-3", True]],
        "truncated": False,
    }


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        pytest.param("date('2026-01-31')", "2026-01-31", id="date"),
        pytest.param("datetime('2026-01-31T12:00:00Z')", "2026-01-31T12:00:00.000000000+00:00", id="datetime"),
        pytest.param("duration('P1D')", "P1D", id="duration"),
        pytest.param("point({x: 1, y: 2})", {"srid": 7203, "coordinates": [1.0, 2.0]}, id="point"),
        pytest.param("0.0 / 0.0", None, id="not-a-number"),
        pytest.param("[1, {a: [null]}]", [1, {"a": [None]}], id="nested"),
    ],
)
async def test_values_are_json(api: Client, expression: str, expected: Any) -> None:
    """Every value of Cypher has a JSON form."""
    data = await api.ask(CYPHER, query=f"RETURN {expression} AS value")
    assert data["cypher"]["rows"] == [[expected]]


async def test_nodes_edges_and_paths_are_objects(api: Client) -> None:
    """Nodes have labels and properties, edges their ends' keys, paths both."""
    data = await api.ask(
        CYPHER,
        query="MATCH p = (s:Service {name: 'api'})-[r:SELECTS]->(e) RETURN s {.name} AS m, r, p, e",
    )
    ((projection, edge, path, node),) = data["cypher"]["rows"]
    assert projection == {"name": "api"}
    assert edge["type"] == "SELECTS"
    assert (edge["start"], edge["end"]) == ("prod/core/Service/shop/api", "prod/core/Pod/shop/api-1-1")
    assert node["labels"] == ["Pod", "Resource"]
    assert [len(path["nodes"]), len(path["edges"])] == [2, 1]


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE (n:Evil)",
        "MATCH (n) SET n.evil = true",
        "MATCH (n) DETACH DELETE n",
        "MERGE (n:Evil)",
        "MATCH (n) WHERE n.name = 'web' REMOVE n.uid RETURN n",
        "FOREACH (x IN [1] | CREATE (:Evil))",
        "CALL { CREATE (n:Evil) RETURN n } RETURN n",
        "CREATE INDEX evil FOR (n:Resource) ON (n.evil)",
        "DROP CONSTRAINT resource_key",
        "LOAD CSV FROM 'file:///etc/passwd' AS line RETURN line",
        "LOAD /* x */ CSV FROM 'http://127.0.0.1:1/' AS line RETURN line",
        "load csv with headers from 'file:///x' as l return l",
        "CALL dbms.listConfig() YIELD name RETURN name",
        "CALL dbms.components()",
        "CALL `dbms`.`components`()",
        "CALL db.clearQueryCaches()",
        "CALL apoc.load.json('http://127.0.0.1') YIELD value RETURN value",
        "RETURN apoc.util.sleep(1)",
        "RETURN apoc . util . sleep(1)",
        "SHOW TRANSACTIONS",
        "SHOW SETTINGS",
        "SHOW USERS",
        "SHOW DATABASES",
        "TERMINATE TRANSACTIONS 'x'",
        "USE system SHOW USERS",
        "CALL { USE system MATCH (n) RETURN n } RETURN n",
        "ALTER CURRENT USER SET PASSWORD FROM 'a' TO 'b'",
        "PROFILE CREATE (n:Evil)",
        "RETURN 1; CREATE (n:Evil)",
        "RETURN 1 // \n CREATE (n:Evil)",
        "MATCH (n) CALL (n) { SET n.evil = 1 } IN TRANSACTIONS",
        "UNWIND [1] AS x CALL (x) { RETURN x AS y } IN TRANSACTIONS RETURN y",
        "",
        "this is no Cypher",
        "RETURN $missing",
        "\\u0055SE system SHOW USERS",
        "\\u004cOAD CSV FROM 'file:///etc/passwd' AS line RETURN line",
        "MATCH (n) WHERE n.name = 'x\\u0027 SET n.evil = true //' RETURN n",
        "RETURN 1 AS `'`, apoc.util.sleep(1) AS `'`",
    ],
)
async def test_whatever_does_more_than_read_the_graph_is_refused(api: Client, statement: str) -> None:
    """Writes, files, addresses, other databases, the server's own state and nonsense are BAD_USER_INPUT."""
    error = await api.refused(CYPHER, query=statement)
    assert error["code"] == "BAD_USER_INPUT", error
    left = await api.store.read_text("MATCH (n) WHERE n:Evil OR n.evil IS NOT NULL RETURN count(n) AS evil")
    assert left == [{"evil": 0}]


@pytest.mark.parametrize(
    "statement",
    [
        "CALL db.labels() YIELD label RETURN label",
        "RETURN duration.between(date('2026-01-01'), date('2026-01-02')) AS d",
        "RETURN 'LOAD CSV; USE system; apoc.x(' AS text",
        "MATCH (n:Resource) WHERE n.name <> 'USE' RETURN count { (n)--() } AS c",
        "MATCH (a)-[:SELECTS]->(b) RETURN a.name, collect(b.name)",
        "CALL { MATCH (n) RETURN count(n) AS all } RETURN all",
    ],
)
async def test_honest_statements_run(api: Client, statement: str) -> None:
    """What only reads runs, whatever words stand in its texts."""
    assert (await api.ask(CYPHER, query=statement))["cypher"]["columns"]


async def test_rows_are_capped(api: Client) -> None:
    """A thousand rows, and the word that there were more."""
    data = await api.ask(CYPHER, query="UNWIND range(1, 5000) AS x RETURN x")
    assert len(data["cypher"]["rows"]) == 1000
    assert data["cypher"]["truncated"]


async def test_slow_statement_is_ended(store: Store) -> None:
    """A statement that takes longer than it may is GraphTimeout, which callers see as TIMEOUT."""
    with pytest.raises(GraphTimeout):
        await run(store, "UNWIND range(1, 1000000000) AS x RETURN count(x % 7)", {}, rows=1, timeout=0.5)
