"""The chaos tests share the session's servers, and the fixture that gives an empty graph."""

from tests.integration.sync.conftest import store

__all__ = ["store"]
