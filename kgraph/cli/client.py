"""The API, asked over HTTP by the commands that only read."""

from typing import Any

import httpx

from kgraph.cli.errors import NothingRuns, Refused
from kgraph.cli.running import DEFAULT_API, find_running

# The server ends a statement after ten seconds; an answer that is still to be written down takes its time too.
TIMEOUT = httpx.Timeout(60.0, connect=5.0)


class Client:
    """One API."""

    def __init__(self, api: str = "") -> None:
        """`api` is its address; where there is none, that of the `kgraph up` or `serve` that runs here."""
        here = None if api else find_running()
        self.address = (api or (here.api if here else DEFAULT_API)).rstrip("/")
        self.clusters = here.clusters if here else ()  # those that it keeps in step, where that is known
        self._named = bool(api)

    def ask(self, query: str, /, **variables: Any) -> dict[str, Any]:
        """The `data` of an answer; Refused with the API's own words, NothingRuns where nobody answers."""
        try:
            # A proxy of the environment is for the world outside; this is our own server, mostly on loopback.
            response = httpx.post(
                f"{self.address}/graphql",
                json={"query": query, "variables": variables},
                timeout=TIMEOUT,
                trust_env=False,
            )
            answer = response.json()
        except httpx.InvalidURL as cause:
            raise NothingRuns(f"{self.address!r} is no address: write one such as {DEFAULT_API}") from cause
        except httpx.TimeoutException as cause:
            raise NothingRuns(f"the API at {self.address} took more than {TIMEOUT.read:g} s to answer") from cause
        except httpx.HTTPError as cause:
            how = "check --api" if self._named else "start one with `kgraph up`, or name one with --api"
            raise NothingRuns(f"no API answers at {self.address}: {how}") from cause
        except ValueError as cause:
            raise Refused(f"{self.address}/graphql answered with status {response.status_code}, not GraphQL") from cause
        return _data(answer, self.address)


def _data(answer: Any, address: str) -> dict[str, Any]:
    if not isinstance(answer, dict) or not ("data" in answer or "errors" in answer):
        raise Refused(f"{address}/graphql answered with something that is not GraphQL")
    if errors := answer.get("errors"):
        code = errors[0].get("extensions", {}).get("code", "")
        raise Refused("\n".join(str(error.get("message", error)) for error in errors), code)
    data = answer["data"]
    return data if isinstance(data, dict) else {}
