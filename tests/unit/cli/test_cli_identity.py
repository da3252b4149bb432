"""Who a worker is among the workers, and whether another process has ended."""

import socket
import subprocess
import sys

import pytest

from kgraph.cli.configuration.reading import load
from kgraph.cli.errors import BadConfiguration
from kgraph.cli.process.identity import group_settings, worker_identity
from kgraph.cli.process.presence import has_ended, this_process

POD = {"KUBERNETES_SERVICE_HOST": "10.96.0.1"}


@pytest.mark.parametrize(
    ("host", "environ", "text", "comes_back"),
    [
        pytest.param("laptop", {}, "worker_id: east", True, id="configured"),
        pytest.param("kgraph-worker-2", POD, "", True, id="pod-of-a-statefulset"),
        pytest.param("kgraph-worker-7d4b9c-x8kzp", POD, "", False, id="pod-of-a-deployment"),
        pytest.param("node-1", {}, "", False, id="no-pod"),
    ],
)
def test_a_worker_is_a_member_that_comes_back_where_its_name_does(
    monkeypatch: pytest.MonkeyPatch, host: str, environ: dict[str, str], text: str, comes_back: bool
) -> None:
    """Kafka keeps the place of a worker only where the next process of the same name is the same worker."""
    monkeypatch.setattr(socket, "gethostname", lambda: host)
    configuration = load(text, {**environ, "KAFKA_BOOTSTRAP_SERVERS": "kafka:9092"})
    who = worker_identity(configuration, environ)
    group = group_settings(configuration, who)
    assert group is not None
    assert who.comes_back is comes_back
    assert group.member == (who.name if comes_back else "")
    assert who.name.startswith("east" if text else host)


def test_without_kafka_there_is_no_group() -> None:
    """Leases share the clusters out then."""
    configuration = load("", {})
    assert group_settings(configuration, worker_identity(configuration, {})) is None


def test_heartbeats_that_leave_no_room_for_a_lost_one_are_refused() -> None:
    """A session must hold three of them."""
    with pytest.raises(BadConfiguration, match="at most a third"):
        load("{worker_session: 9s, worker_heartbeat: 4s}", {})


def test_a_process_that_ended_is_known_as_such_on_its_own_machine() -> None:
    """A living one, and one elsewhere, are not; nor is one whose pid another process has now."""
    ours = this_process()
    if not ours:
        pytest.skip("this system does not say where a process is")
    script = (
        "import sys; sys.path[:0] = ['.']; from kgraph.cli.process.presence import this_process; print(this_process())"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.strip()
    place, pid, start = ours.rsplit(" ", 2)
    assert has_ended(ended)
    assert not has_ended(ours)
    assert has_ended(f"{place} {pid} {int(start) - 1}")
    assert not has_ended(f"another-machine {ended.split(' ', 1)[1]}")
    assert not has_ended("")
