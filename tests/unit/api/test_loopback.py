"""Only loopback is listened on, and only loopback's names are answered."""

from contextlib import AbstractAsyncContextManager

import httpx
import pytest

from kgraph.api.http.loopback import ListensElsewhere, ensure_loopback, name_in
from kgraph.graphdb.errors import GraphUnavailable
from tests.client import http_client


class NoGraph:
    """A store whose Neo4j is away."""

    async def read_one(self, *_: object, **__: object) -> dict[str, object]:
        raise GraphUnavailable("read: Neo4j does not answer (at bolt://secret.internal:7687)")

    read = read_one


def client(**settings: object) -> AbstractAsyncContextManager[httpx.AsyncClient]:
    """A client of the application over a graph that is away."""
    return http_client(NoGraph(), **settings)  # type: ignore[arg-type]  # all that is asked of it is `read`


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.8.9.1"])
def test_loopback_may_be_listened_on(host: str) -> None:
    """Every name and address of this machine alone is fine."""
    ensure_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "10.0.0.1", "192.168.1.1", "8.8.8.8", "fe80::1"])
def test_other_addresses_are_refused(host: str) -> None:
    """Whatever other machines can reach is refused, with the reason and what to do."""
    with pytest.raises(ListensElsewhere, match=r"callers are not authenticated.*set `authentication`"):
        ensure_loopback(host)


def test_name_of_another_machine_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name counts by all that it resolves to."""
    addresses = [(2, 1, 6, "", ("127.0.0.1", 0)), (2, 1, 6, "", ("10.1.2.3", 0))]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: addresses)
    with pytest.raises(ListensElsewhere, match=r"10\.1\.2\.3"):
        ensure_loopback("two-faced")


@pytest.mark.parametrize(
    ("header", "name"),
    [("localhost:8080", "localhost"), ("[::1]:80", "::1"), ("Evil.COM", "evil.com"), ("127.0.0.1", "127.0.0.1")],
)
def test_name_in_a_host_header(header: str, name: str) -> None:
    """The port is no part of the name."""
    assert name_in(header) == name


@pytest.mark.parametrize("path", ["/", "/graphql", "/health/live", "/static/graphiql/index.html", "/nowhere"])
async def test_rebound_names_are_refused(path: str) -> None:
    """A page that made its own name point here gets nothing, wherever it asks."""
    async with client() as http:
        response = await http.get(path, headers={"Host": "attacker.example"})
        assert response.status_code in {421, 404}
        assert "kgraph" not in response.text


async def test_further_names_can_be_allowed() -> None:
    """A name from the settings is answered."""
    async with client(allowed_hosts=("kgraph.test",)) as http:
        assert (await http.get("/health/live", headers={"Host": "kgraph.test:1"})).status_code == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
async def test_questions_are_json(kind: str) -> None:
    """What a form or a fetch without preflight can send is refused."""
    async with client() as http:
        response = await http.post("/graphql", content=b'{"query": "{ __typename }"}', headers={"Content-Type": kind})
        assert response.status_code == 400


async def test_questions_are_not_links() -> None:
    """A GET asks nothing: a link on any page could."""
    async with client() as http:
        response = await http.get(
            "/graphql", params={"query": "{ __typename }"}, headers={"Accept": "application/json"}
        )
        assert response.status_code == 400


async def test_no_other_origin_is_allowed_to_read() -> None:
    """No answer says that another origin may read it."""
    async with client() as http:
        response = await http.post("/graphql", json={"query": "{ __typename }"}, headers={"Origin": "http://evil.com"})
        assert response.json() == {"data": {"__typename": "Query"}}
        assert not [name for name in response.headers if name.startswith("access-control")]


async def test_browser_gets_graphiql_from_this_server_alone() -> None:
    """GraphiQL's page comes with a policy that lets nothing be loaded from elsewhere."""
    async with client() as http:
        response = await http.get("/graphql", headers={"Accept": "text/html,*/*"})
        assert response.status_code == 200
        assert "/static/graphiql/" in response.text
        assert "http://" not in response.text
        assert "https://" not in response.text
        assert "default-src 'self'" in response.headers["content-security-policy"]


async def test_landing_page_links_everything() -> None:
    """The first page leads to GraphiQL, the Browser and the health endpoints, and escapes what it is given."""
    async with client(neo4j_browser="http://localhost:7474/?a=1&b=2") as http:
        page = (await http.get("/")).text
        assert 'href="/graphql"' in page
        assert 'href="http://localhost:7474/?a=1&amp;b=2"' in page
        assert 'href="/health/ready"' in page


async def test_live_without_a_graph_but_not_ready() -> None:
    """Without Neo4j the process is alive and not ready."""
    async with client() as http:
        assert (await http.get("/health/live")).status_code == 200
        response = await http.get("/health/ready")
        assert response.status_code == 503
        assert response.json() == {"ready": False, "message": "the graph does not answer", "clusters": []}


async def test_internal_errors_are_masked() -> None:
    """The caller gets a code and a trace id, and nothing about our inside."""
    async with client() as http:
        response = await http.post("/graphql", json={"query": "{ clusters { id } }"})
        (error,) = response.json()["errors"]
        assert error["extensions"]["code"] == "INTERNAL"
        assert len(error["extensions"]["traceId"]) == 32
        assert "secret.internal" not in response.text
        assert error["path"] == ["clusters"]


async def test_batches_are_bounded() -> None:
    """Ten operations in a request are answered, more are refused."""
    async with client() as http:
        one = {"query": "{ __typename }"}
        assert len((await http.post("/graphql", json=[one] * 10)).json()) == 10
        assert (await http.post("/graphql", json=[one] * 11)).status_code == 400


async def test_big_bodies_are_refused() -> None:
    """A megabyte is no question."""
    async with client() as http:
        response = await http.post("/graphql", json={"query": "#" * 1_100_000})
        assert response.status_code == 413


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"17", b'{"query": 3}', b'{"nothing": 1}'])
async def test_bodies_that_are_no_operation_are_refused(body: bytes) -> None:
    """Nonsense is a client error."""
    async with client() as http:
        response = await http.post("/graphql", content=body, headers={"Content-Type": "application/json"})
        assert response.status_code == 400
