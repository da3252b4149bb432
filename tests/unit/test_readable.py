"""What threads read at the same time is read, and ends no process."""

import subprocess
import sys
from typing import Any

import pytest

# Threads take turns after each step, as they do by chance on a slow machine.
CHILD = """
import sys, threading
sys.setswitchinterval(1e-7)
import msgspec
from {module} import {name} as Kind
together = threading.Barrier(8)

def read():
    together.wait()
    msgspec.convert({content!r}, Kind, strict=False)

threads = [threading.Thread(target=read) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""
TIMES = 6  # of which more than half ended in a segmentation fault


READ: dict[tuple[str, str], Any] = {
    ("kgraph.kube.kubeconfig", "_File"): {
        "clusters": [{"name": "a", "cluster": {"server": "https://a.example"}}],
        "users": [{"name": "b", "user": {"username": "b"}}],
        "contexts": [{"name": "c", "context": {"cluster": "a", "user": "b"}}],
        "current-context": "c",
    },
}


@pytest.mark.parametrize(("module", "name"), READ)
def test_the_first_ones_are_read_by_many_threads(module: str, name: str) -> None:
    """Threads that read the first objects of a kind at once all get theirs."""
    command = [sys.executable, "-c", CHILD.format(module=module, name=name, content=READ[module, name])]
    ended = [subprocess.run(command, capture_output=True, text=True, check=False) for _ in range(TIMES)]
    assert [each.returncode for each in ended] == [0] * TIMES, ended[0].stderr
