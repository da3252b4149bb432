"""The choice between containers and child processes."""

from collections.abc import Callable

import pytest

from tests.servers import decide


@pytest.mark.parametrize(
    ("wish", "docker", "containers"),
    [
        ("", True, True),
        ("", False, False),
        ("processes", True, False),
        ("containers", False, True),
    ],
    ids=["a daemon answers", "none answers", "processes are wished", "containers are wished"],
)
def test_choice(wish: str, *, docker: bool, containers: bool) -> None:
    """A wish decides; without one, containers are used where a Docker daemon answers."""
    assert decide(wish, lambda: docker) is containers


def test_wish_spares_the_ping() -> None:
    """A wish decides without a word to the daemon."""
    never: Callable[[], bool] = lambda: pytest.fail("the daemon was asked")  # noqa: E731 - one expression
    assert decide("processes", never) is False


def test_unknown_wish() -> None:
    """A wish that nobody understands is an error, not a default."""
    with pytest.raises(ValueError, match="processes or containers"):
        decide("vm", lambda: True)
