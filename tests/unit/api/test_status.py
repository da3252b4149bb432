"""What a cluster's node says, as the status that people read."""

from typing import Any

import pytest

from kgraph.api.status import SyncState, status_of

WELL: dict[str, Any] = {
    "source": "live",
    "synced_at": "2026-11-25T03:00:00Z",
    "error": None,
    "connected": True,
    "connected_since": "2026-11-25T02:00:00Z",
    "problem": None,
    "lag_seconds": 0.02,
    "last_event_at": "2026-11-25T03:01:00Z",
    "removing": False,
    "worker": "worker-0",
}


@pytest.mark.parametrize(
    ("change", "part", "message"),
    [
        pytest.param({"worker": None}, "worker", "nothing syncs it", id="no-worker"),
        pytest.param(
            {"connected": False, "problem": "cannot connect to prod:6443"},
            "connection",
            "not connected since 2026-11-25T02:00:00Z: cannot connect to prod:6443",
            id="lost",
        ),
        pytest.param({"connected": None, "synced_at": None}, "connection", "no worker has connected", id="new"),
        pytest.param({"synced_at": None}, "sync", "not read in full yet", id="first-sync"),
        pytest.param({"error": "metrics.k8s.io: stale"}, "sync", "metrics.k8s.io: stale", id="group-away"),
        pytest.param({"lag_seconds": 95.0}, "sync", "changes wait for 95 s", id="behind"),
        pytest.param({"removing": True}, "removal", "being removed", id="removing"),
    ],
)
def test_the_first_part_that_is_not_well_is_what_the_status_says(
    change: dict[str, Any], part: str, message: str
) -> None:
    """Every part is there, and the message is the first trouble's: a lost connection explains a stale sync."""
    status = status_of(SyncState(**{**WELL, **change}))
    wrong = [component for component in status.components if not component.ready]
    assert not status.ready
    assert wrong[0].name == part
    assert message in status.message
    assert {"worker", "connection", "sync"} <= {component.name for component in status.components}


def test_a_cluster_that_is_in_step_says_since_when() -> None:
    """All parts are well."""
    status = status_of(SyncState(**WELL))
    assert (status.ready, status.message) == (True, "in step at 2026-11-25T03:00:00Z")


def test_a_snapshot_needs_no_worker_and_no_connection() -> None:
    """It was read once, and that is all there is to it."""
    state = SyncState(**{**WELL, "source": "snapshot", "worker": None, "connected": None})
    assert status_of(state).ready
