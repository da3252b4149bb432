"""What takes traces."""

from collections.abc import AsyncIterator

import pytest

from kgraph.stack.otlp_receiver import OtlpReceiver
from kgraph.stack.progress import silent


@pytest.fixture(scope="session")
async def otlp_receiver(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OtlpReceiver]:
    """The Collector's receiver, which writes what it gets to a file."""
    async with OtlpReceiver.start(tmp_path_factory.mktemp("otlp"), report=silent) as receiver:
        yield receiver
