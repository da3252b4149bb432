"""The API's application in this process, asked as a caller on the same machine asks it."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx

from kgraph.api.app import create_app
from kgraph.api.settings import ApiSettings
from kgraph.graphdb.store import Store
from kgraph.kube.sealing import Sealer
from kgraph.kube.settings import ClusterSettings


class Client:
    """Asks in GraphQL over the graph in `store`."""

    def __init__(
        self, http: httpx.AsyncClient, store: Store, token: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        self.store = store
        self._http = http
        self._headers = {**({"authorization": f"Bearer {token}"} if token else {}), **(headers or {})}

    def by(self, token: str, headers: Mapping[str, str] | None = None) -> "Client":
        """The same for somebody who has this token, with more headers."""
        return Client(self._http, self.store, token, headers)

    async def get(self, path: str, **params: Any) -> httpx.Response:
        """What a path of REST answers."""
        return await self._http.get(path, params=params, headers=self._headers)

    async def send(self, method: str, path: str, **given: Any) -> httpx.Response:
        """What REST answers to any request; `given` is what httpx takes."""
        headers = {**self._headers, **given.pop("headers", {})}
        return await self._http.request(method, path, headers=headers, **given)

    async def answer(self, query: str, /, **variables: Any) -> dict[str, Any]:
        """The whole answer, errors and all."""
        response = await self._http.post(
            "/graphql", json={"query": query, "variables": variables}, headers=self._headers
        )
        assert response.status_code == 200, response.text
        found: dict[str, Any] = response.json()
        return found

    async def ask(self, query: str, /, **variables: Any) -> Any:
        """The data; there must be no errors."""
        answer = await self.answer(query, **variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    async def refused(self, query: str, /, **variables: Any) -> Mapping[str, Any]:
        """The one error of a question that is refused: its code and its message."""
        answer = await self.answer(query, **variables)
        (error,) = answer["errors"]
        return {"message": error["message"], **error["extensions"]}


@asynccontextmanager
async def http_client(
    store: Store, clusters: Iterable[ClusterSettings] = (), *, environ: Mapping[str, str] = {}, **settings: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application over a graph; the settings are those of `ApiSettings`, `environ` has the sealer's."""
    app = create_app(store, ApiSettings(**settings), Sealer.of(environ), clusters)
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]  # Litestar words ASGI its own way
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8080") as client:
            yield client
    finally:
        # Not `app.lifespan`: it wants to be left by the task that entered it, which fixtures of a module are not.
        for hook in app.on_shutdown:
            await hook()  # type: ignore[call-arg]  # ours take no application


@asynccontextmanager
async def asking(store: Store, clusters: Iterable[ClusterSettings] = (), **settings: Any) -> AsyncIterator[Client]:
    """A client of the application over a graph, in GraphQL."""
    async with http_client(store, clusters, **settings) as http:
        yield Client(http, store)
