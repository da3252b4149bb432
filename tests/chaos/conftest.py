"""The chaos tests share the session's servers, and the fixture that gives an empty graph."""

from collections.abc import AsyncIterator

import pytest
import structlog

from kgraph.stack.kubernetes import ControlPlane
from tests.integration.conftest import store

__all__ = ["store"]

log = structlog.get_logger(__name__)


@pytest.fixture(autouse=True)
async def whole(request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """Leave a whole control plane behind: the scheduler ends itself when a storm has corrupted its cache."""
    yield
    if "own_control_plane" in request.fixturenames:
        plane: ControlPlane = request.getfixturevalue("own_control_plane")
        if ended := await plane.start_what_ended():
            log.warning("components had ended by themselves", components=ended)
