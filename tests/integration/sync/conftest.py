"""An apiserver to talk to, without definitions of earlier tests."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.integration.sync.definitions import delete_definitions
from tests.integration.sync.live import Api
from tests.servers import Cluster


@pytest_asyncio.fixture(loop_scope="session")
async def api(control_plane: Cluster) -> AsyncIterator[Api]:
    """The apiserver as the administrator asks it."""
    async with Api(control_plane) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def no_definitions(api: Api) -> AsyncIterator[None]:
    """No definition of the tests' group before or after a test."""
    await delete_definitions(api)
    yield
    await delete_definitions(api)
