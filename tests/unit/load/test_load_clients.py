"""The clients of a load end with whoever wanted them."""

import subprocess
import sys

import msgspec

from tests.load.client import Load
from tests.load.mix import World

NOBODY = "http://127.0.0.1:9"  # discard: nothing listens there


def test_the_clients_end_with_the_one_that_wanted_them() -> None:
    """A load of an hour whose owner is gone, killed at that, goes on no longer."""
    world = World(apps=[("team", "app")], pods=[("team", "pod")], everything="", tenants=[("", ["team"])], replicas=1)
    load = Load(urls=[NOBODY], world=world, clients=1, rate=0, seconds=3600, seed=1)
    with subprocess.Popen(
        [sys.executable, "-m", "tests.load.client"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as clients:
        assert clients.stdin is not None
        clients.stdin.write(msgspec.json.encode(load) + b"\n")
        clients.stdin.close()
        assert clients.wait(60) == 1
