"""How a cluster's sync is, part by part, as its node says: the connection, the worker, the sync, its feed."""

import msgspec

from kgraph.graphdb.shards import LEASE_SECONDS

# How long a change may wait before it counts as behind; a large first sync's batches take as long.
BEHIND_SECONDS = 30.0


class SyncState(msgspec.Struct, frozen=True):
    """What a cluster's node says of its sync; times ISO 8601, `lag_seconds` from the watch's delivery to the commit.

    `worker` is the name of the one that syncs it now. `feed_problem` is why its change feed does not come on.
    """

    source: str | None
    synced_at: str | None
    error: str | None
    connected: bool | None
    connected_since: str | None
    problem: str | None
    lag_seconds: float | None
    last_event_at: str | None
    removing: bool
    worker: str | None
    feed_problem: str | None = None


class Component(msgspec.Struct, frozen=True):
    """One part, or one kind: whether it is well, and what there is to say of it."""

    name: str
    ready: bool
    message: str


class Status(msgspec.Struct, frozen=True):
    """All parts; `message` is the first of what is wrong, else since when the graph is in step."""

    ready: bool
    message: str
    components: tuple[Component, ...]


def status_of(state: SyncState) -> Status:
    """The status of a cluster."""
    if state.source == "snapshot":
        components: tuple[Component, ...] = (_sync(state),)
    else:
        components = (_worker(state), _connection(state), _sync(state))
    if state.feed_problem:
        components = (*components, Component("feed", ready=False, message=state.feed_problem))
    if state.removing:
        components = (Component("removal", ready=False, message="it is being removed"), *components)
    wrong = [component for component in components if not component.ready]
    message = wrong[0].message if wrong else _sync(state).message
    return Status(ready=not wrong, message=message, components=components)


def _worker(state: SyncState) -> Component:
    if state.worker:
        return Component("worker", ready=True, message=f"{state.worker} syncs it")
    message = (
        f"nothing syncs it: no worker that was seen in the last {LEASE_SECONDS} s has taken it from its configuration "
        "or the registry; its data stay as they are until it is removed"
    )
    return Component("worker", ready=False, message=message)


def _connection(state: SyncState) -> Component:
    since = f" since {state.connected_since}" if state.connected_since else ""
    if state.connected is None:
        return Component("connection", ready=False, message="no worker has connected to it yet")
    if state.connected:
        return Component("connection", ready=True, message=f"connected{since}")
    return Component("connection", ready=False, message=f"not connected{since}: {state.problem or 'no reason known'}")


def _sync(state: SyncState) -> Component:
    if state.error:
        return Component("sync", ready=False, message=state.error)
    if state.synced_at is None:
        return Component("sync", ready=False, message="not read in full yet")
    if (state.lag_seconds or 0) > BEHIND_SECONDS:
        return Component("sync", ready=False, message=f"changes wait for {state.lag_seconds:.0f} s to be written")
    return Component("sync", ready=True, message=f"in step at {state.synced_at}")
