"""The API, asked over HTTP: all that the examples share.

KGRAPH_API is its address, KGRAPH_TOKEN a bearer token where the API wants one.
"""

import os
import sys
from typing import Any

import httpx

API = os.environ.get("KGRAPH_API", "http://127.0.0.1:8080")
TOKEN = os.environ.get("KGRAPH_TOKEN", "")


def connect() -> httpx.Client:
    """A client that keeps its connection: a second question costs no handshake."""
    headers = {"Authorization": f"Bearer {TOKEN}"} if TOKEN else {}
    return httpx.Client(base_url=API, headers=headers, timeout=60, trust_env=False)


def post(http: httpx.Client, body: dict[str, Any]) -> dict[str, Any]:
    """What /graphql answers: `data`, `errors` or both."""
    try:
        answer: dict[str, Any] = http.post("/graphql", json=body).json()
    except (httpx.HTTPError, ValueError) as cause:
        sys.exit(f"no API answers at {API} ({cause}): start one with `make run`, or set KGRAPH_API")
    return answer


def ask(http: httpx.Client, query: str, **variables: Any) -> Any:
    """The data of the answer to a query."""
    return data(post(http, {"query": query, "variables": variables}))


def data(answer: dict[str, Any]) -> Any:
    """What an answer holds; the first error ends the script with its code and its words."""
    for error in answer.get("errors", ()):
        sys.exit(f"{error['extensions']['code']}: {error['message']}")
    return answer["data"]
