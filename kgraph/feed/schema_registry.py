"""The schema registry: where readers of Avro get the schema of a message by the id that stands in it.

Confluent's API, which Karapace, Apicurio and Redpanda have too.
"""

import json
from typing import Any, Self
from urllib.parse import urlsplit

import httpx2
from confluent_kafka.schema_registry import AsyncSchemaRegistryClient, Schema
from confluent_kafka.schema_registry.error import SchemaRegistryError

from kgraph.feed.sink import RegistryUnavailable, SchemaRefused

# The client's own default is to wait for ever.
_TIMEOUT_SECONDS = 10.0
_FORMAT = "AVRO"
_CONFLICT = 409  # the schema is not compatible with those before it
_UNPROCESSABLE = 422  # the registry takes no such schema


class SchemaRegistry:
    """One registry, `url` being its address, with a login in it if there is one."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        # As an error may show it.
        self._where = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        # Whoever asks asks again in their own time.
        self._client = AsyncSchemaRegistryClient({"url": url, "timeout": _TIMEOUT_SECONDS, "max.retries": 0})

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def register(self, topic: str, schema: dict[str, Any]) -> int:
        """The id of the schema of a topic's values, which the registry has from now on, if it had not yet.

        Raises RegistryUnavailable and SchemaRefused.
        """
        subject = f"{topic}-value"
        try:
            return int(await self._client.register_schema(subject, Schema(json.dumps(schema), _FORMAT)))
        except SchemaRegistryError as error:
            if error.http_status_code in (_CONFLICT, _UNPROCESSABLE):
                raise SchemaRefused(
                    f"the schema registry at {self._where} does not take the schema of {subject}: "
                    f"{error.error_message}; let the feed have another topic, or change the subject's compatibility"
                ) from error
            raise RegistryUnavailable(
                f"the schema registry at {self._where} answers with status {error.http_status_code} when the schema "
                f"of {subject} is registered: {error.error_message}"
            ) from error
        except (httpx2.HTTPError, OSError) as error:
            raise RegistryUnavailable(
                f"the schema registry at {self._where} does not answer: {error or type(error).__name__}"
            ) from error
