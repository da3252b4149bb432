"""A server's own page that says whether it is well, asked as the probe of its start."""

import ssl
from collections.abc import Mapping
from pathlib import Path

import httpx

from kgraph.stack.server import NotYet

TIMEOUT_SECONDS = 3.0


async def ask(
    url: str,
    *,
    ca_file: Path | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = TIMEOUT_SECONDS,
) -> None:
    """Ask it. Raises NotYet unless it says that all is well, within `timeout` seconds."""
    verify = ssl.create_default_context(cafile=ca_file) if ca_file else False
    async with httpx.AsyncClient(verify=verify, timeout=timeout, trust_env=False) as client:
        try:
            answer = await client.get(url, headers=headers)
        except httpx.HTTPError as error:
            raise NotYet(f"{url}: {error!r}") from error
    if answer.status_code != httpx.codes.OK:
        raise NotYet(f"{url} says {answer.status_code}: {answer.text[-500:]}")
