"""What drafts become as events: each change once, from the state before to the state after, whatever the batches."""

import itertools
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgraph.feed.event import Event, EventType, Severity, is_there
from kgraph.graphdb.catalogue import Catalogue
from kgraph.sync.batch import Batch
from kgraph.sync.drafts import Happening, Told
from kgraph.sync.events import made, room, state_of
from kgraph.sync.extract import Extracted, Extractor
from kgraph.sync.history import Before

EXTRACTOR = Extractor("c", Catalogue())
WATCHED = Told("2026-05-01T12:00:00.000Z", "1" * 32, "2" * 16)
LISTED = msgspec.structs.replace(WATCHED, snapshot=True)
TYPES = (EventType.CREATED, EventType.UPDATED, EventType.DELETED)


def pod(name: str = "p", *, uid: str = "u1", version: int = 1, **more: Any) -> Extracted:
    """A Pod as it is read."""
    metadata = {"name": name, "namespace": "n", "uid": uid, "resourceVersion": str(version), **more.pop("metadata", {})}
    return EXTRACTOR.extract({"metadata": metadata, **more}, "", "v1", "Pod")


def put(batch: Batch, one: Extracted, told: Told | None = WATCHED) -> None:
    """A delivery of a resource's new state."""
    batch.put(one.resource, one.provenance, edges_changed=True, fresh=True, told=told)


def told(batch: Batch, before: dict[str, Before] | None = None, late: Told | None = None) -> list[Event]:
    """The events of a batch."""
    return list(made("c", batch, before or {}, 100, late).events)


def test_each_delivered_state_is_an_event_though_they_are_one_write() -> None:
    """Three states of one resource within a transaction are three events, each from the state before it."""
    batch = Batch()
    for version, phase in ((1, "Pending"), (2, "Running"), (3, "Failed")):
        put(batch, pod(version=version, status={"phase": phase}))
    events = told(batch)
    assert [event.event_type for event in events] == [EventType.CREATED, EventType.UPDATED, EventType.UPDATED]
    assert [bytes(one.new_object) for one in events[:2]] == [bytes(one.old_object) for one in events[1:]]
    changed = events[2].diff["status.phase"]
    assert (bytes(changed.old), bytes(changed.new)) == (b'"Running"', b'"Failed"')
    assert [event.metadata.sequence for event in events] == [100, 101, 102]
    assert len(batch.upserts) == 1


def test_what_is_there_anew_under_its_name_has_gone_before() -> None:
    """A new uid under a key that nobody was told the end of is an end and a beginning."""
    old = pod(uid="u1").resource
    batch = Batch()
    put(batch, pod(uid="u2", version=9))
    gone, made_anew = told(batch, {old.key: state_of(old)})
    assert (gone.event_type, made_anew.event_type) == (EventType.DELETED, EventType.CREATED)
    assert (gone.resource and gone.resource.uid, made_anew.resource and made_anew.resource.uid) == ("u1", "u2")


def test_what_came_and_went_between_two_transactions_is_told() -> None:
    """A resource that the graph has never had is made and gone in the feed."""
    batch = Batch()
    put(batch, pod())
    batch.remove("c/core/Pod/n/p", "Pod", told=WATCHED)
    assert [event.event_type for event in told(batch)] == [EventType.CREATED, EventType.DELETED]


def test_what_the_graph_does_not_hold_goes_without_a_word() -> None:
    """The end of an object that could never be read is no event."""
    batch = Batch()
    batch.remove("c/core/Pod/n/p", "Pod", told=WATCHED)
    assert told(batch) == []


@pytest.mark.parametrize("told_by", [WATCHED, LISTED], ids=["watch", "list"])
def test_noise_is_no_event(told_by: Told) -> None:
    """A state that differs in nothing that anybody would call a change is not told."""
    old = pod(version=1).resource
    batch = Batch()
    put(batch, pod(version=2), told_by)
    assert told(batch, {old.key: state_of(old)}) == []


def test_another_program_version_tells_nothing_of_what_it_reads_otherwise() -> None:
    """After an upgrade every fingerprint may be another; a list that names the same objects tells of none."""
    read = pod(version=1).resource
    known = msgspec.structs.replace(state_of(read), fingerprint="of an earlier program")
    same, later = Batch(), Batch()
    put(same, pod(version=1), LISTED)
    put(later, pod(version=2), LISTED)
    assert told(same, {read.key: known}) == []
    assert told(later, {read.key: known}) == []


def test_a_rotated_value_of_a_secret_is_told_without_it() -> None:
    """A Secret whose values alone have changed is an event that shows neither of them."""

    def secret(value: str, version: str) -> Extracted:
        metadata = {
            "name": "s", "namespace": "n", "uid": "u", "resourceVersion": version,
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": f'{{"data":{{"key":"{value}"}}}}'},
        }  # fmt: skip
        return EXTRACTOR.extract({"metadata": metadata, "data": {"key": value}}, "", "v1", "Secret")

    old, batch = secret("Zmlyc3Q=", "1").resource, Batch()
    put(batch, secret("c2Vjb24=", "2"))
    (event,) = told(batch, {old.key: state_of(old)})
    assert event.metadata.message == "a value was replaced"
    written = msgspec.json.encode(event)
    for value in (b"Zmlyc3Q=", b"c2Vjb24=", b"first", b"secon"):
        assert value not in written


def test_manifests_without_versions_may_come_to_the_same_state_again() -> None:
    """Of a snapshot, whose objects have no resourceVersion, the same change twice is two changes with two ids."""
    states = [pod(version=0, metadata={"resourceVersion": "", "labels": {"at": at}}) for at in "abab"]
    ids = set()
    before: dict[str, Before] = {}
    for sequence, state in enumerate(states):
        batch = Batch()
        put(batch, state, LISTED)
        ids |= {event.event_id for event in made("c", batch, before, sequence).events}
        before = {state.resource.key: state_of(state.resource)}
    assert len(ids) == 4


@pytest.mark.parametrize(
    ("more", "severity"),
    [
        ({"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}, Severity.INFO),
        ({"status": {"phase": "Failed", "message": "evicted"}}, Severity.ERROR),
        ({"status": "no map"}, Severity.WARNING),
    ],
    ids=["well", "failed", "unreadable"],
)
def test_severity_is_how_the_object_is(more: dict[str, Any], severity: Severity) -> None:
    """What is degraded is an error, what nobody can judge a warning."""
    batch = Batch()
    put(batch, pod(**more))
    assert [event.metadata.severity for event in told(batch)] == [severity]


def test_a_kubernetes_event_speaks_for_itself() -> None:
    """Its type is the severity, its reason and message are the event's."""
    value = {
        "metadata": {"name": "e", "namespace": "n", "uid": "u", "resourceVersion": "1"},
        "type": "Warning", "reason": "BackOff", "message": "back-off restarting",
        "involvedObject": {"kind": "Pod", "name": "p", "namespace": "n"},
    }  # fmt: skip
    batch = Batch()
    put(batch, EXTRACTOR.extract(value, "", "v1", "Event"))
    (event,) = told(batch)
    assert (event.metadata.severity, event.metadata.reason, event.metadata.message) == (
        Severity.WARNING, "BackOff", "back-off restarting"
    )  # fmt: skip


def test_personal_data_are_marked_by_a_label_of_the_resource_or_its_namespace() -> None:
    """The mark is on events of the end too, whose object is the one before."""
    batch = Batch()
    put(batch, pod("own", metadata={"labels": {"dictamesh.io/pii": "true"}}))
    one = pod("by-namespace")
    batch.put(one.resource, one.provenance, edges_changed=True, fresh=True, told=WATCHED, pii=True)
    put(batch, pod("neither"))
    batch.remove("c/core/Pod/n/own", "Pod", told=WATCHED)
    assert [event.metadata.pii for event in told(batch)] == [True, True, False, True]


def test_what_nobody_asked_for_is_told_late_as_it_is() -> None:
    """A listener that came while a batch was being written is told of its changes, those of one resource as one."""
    batch = Batch()
    put(batch, pod(version=1, status={"phase": "Pending"}), None)
    put(batch, pod(version=2, status={"phase": "Running"}), None)
    assert told(batch) == []
    (event,) = told(batch, late=WATCHED)
    assert (event.event_type, event.new_object) == (EventType.CREATED, _raw(batch))


def test_what_came_after_a_listener_had_gone_is_told_to_the_next() -> None:
    """Of changes in one batch some were asked for and the last was not: the last state is told all the same."""
    batch = Batch()
    put(batch, pod(version=1, status={"phase": "Pending"}))
    put(batch, pod(version=2, status={"phase": "Running"}), None)
    put(batch, pod("gone"))
    batch.remove("c/core/Pod/n/gone", "Pod")
    assert [(event.event_type, event.key[-1]) for event in told(batch, late=WATCHED)] == [
        (EventType.CREATED, "p"), (EventType.CREATED, "e"), (EventType.UPDATED, "p"), (EventType.DELETED, "e")
    ]  # fmt: skip


def test_what_happened_to_the_cluster_comes_after_its_resources() -> None:
    """It has no resource, the cluster as its key, and the numbers that follow."""
    batch = Batch()
    put(batch, pod())
    batch.happened.append(
        Happening(EventType.CLUSTER_HEALTH_CHANGED, WATCHED, "Degraded", "", Severity.ERROR, {"health": (None, "BAD")})
    )
    _, happened = told(batch)
    assert (happened.key, happened.resource, happened.metadata.sequence) == ("c", None, 101)
    assert bytes(happened.diff["health"].new) == b'"BAD"'


Delivery = tuple[str, int | None]  # which Pod, and its state; None where it goes
deliveries = st.lists(st.tuples(st.sampled_from("abc"), st.none() | st.integers(0, 2)), max_size=30)


@given(deliveries, st.lists(st.integers(1, 5), min_size=30, max_size=30), st.data())
def test_each_change_is_told_once_whatever_the_batches_and_retries(
    delivered: Sequence[Delivery], sizes: Sequence[int], data: st.DataObject
) -> None:
    """Changes in batches of any size, each tried again after a commit in doubt, add up to the truth."""
    graph: dict[str, Before] = {}
    truth: dict[str, bytes] = {}
    expected: list[tuple[EventType, str]] = []
    events: list[Event] = []
    version, sequence = itertools.count(1), 1
    waiting = list(delivered)
    for size in sizes:
        batch, some = Batch(), waiting[:size]
        waiting = waiting[size:]
        last: dict[str, Extracted | None] = {}
        for name, state in some:
            key = f"c/core/Pod/n/{name}"
            if state is None:
                batch.remove(key, "Pod", told=WATCHED)
                last[key] = None
                if truth.pop(key, None):
                    expected.append((EventType.DELETED, key))
            else:
                read = pod(name, version=next(version), status={"phase": str(state)})
                put(batch, read)
                last[key] = read
                known = truth.get(key)
                manifest = read.resource.properties["manifest"].encode()
                if known is None or _phase(known) != _phase(manifest):
                    expected.append((EventType.UPDATED if known else EventType.CREATED, key))
                truth[key] = manifest
        if data.draw(st.booleans()):
            made("c", batch, graph, sequence)  # a try that may have been committed: its token tells, nothing here does
            batch.distrust()
        found = made("c", batch, graph, sequence).events
        assert len(found) <= room(batch)
        events += found
        sequence += room(batch)
        for key, read_last in last.items():
            if read_last is None:
                graph.pop(key, None)
            else:
                graph[key] = state_of(read_last.resource)
    assert [(event.event_type, event.key) for event in events] == expected
    assert len({event.event_id for event in events}) == len(events)
    assert [event.metadata.sequence for event in events] == sorted({event.metadata.sequence for event in events})
    told: dict[str, bytes] = {}
    for event in events:
        if is_there(event.new_object):
            told[event.key] = bytes(event.new_object)
        else:
            del told[event.key]
    assert {key: _phase(one) for key, one in told.items()} == {key: _phase(one) for key, one in truth.items()}


def _raw(batch: Batch) -> msgspec.Raw:
    return msgspec.Raw(batch.upserts["c/core/Pod/n/p"].resource.properties["manifest"].encode())


def _phase(manifest: bytes) -> Any:
    return msgspec.json.decode(manifest)["status"]["phase"]
