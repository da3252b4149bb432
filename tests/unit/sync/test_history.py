"""What an entry of a history says of two states of one resource."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgraph.graphdb.catalogue import Catalogue
from kgraph.graphdb.changes import Change
from kgraph.sync.extract import Extracted, Extractor
from kgraph.sync.history import FIELDS_MOST, Before, Provenance, remembered

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
EARLIER = datetime(2026, 5, 1, 11, 0, tzinfo=UTC)
EXTRACTOR = Extractor("c", Catalogue())


def deployment(*, image: str = "nginx:1", replicas: int = 1, version: str = "1", **metadata: Any) -> dict[str, Any]:
    """A Deployment whose image `kubectl-edit` and whose replicas `hpa` has set last."""
    managed = [
        _entry("kubectl-edit", "2026-05-01T11:30:00Z", image=True),
        _entry("hpa", "2026-05-01T11:45:00Z", image=False),
    ]
    return {
        "metadata": {
            "name": "web", "namespace": "shop", "uid": "u1", "resourceVersion": version, "generation": int(version),
            "creationTimestamp": "2026-05-01T10:00:00Z", "managedFields": managed, **metadata,
        },
        "spec": {"replicas": replicas, "template": {"spec": {"containers": [{"name": "web", "image": image}]}}},
    }  # fmt: skip


def _entry(manager: str, time: str, *, image: bool) -> dict[str, Any]:
    container: dict[str, Any] = {'k:{"name":"web"}': {".": {}, "f:image": {}, "f:name": {}}}
    spec = {"f:template": {"f:spec": {"f:containers": container}}} if image else {"f:replicas": {}}
    return {"manager": manager, "operation": "Update", "time": time, "fieldsV1": {"f:spec": spec}}


def extracted(value: dict[str, Any], group: str = "apps", kind: str = "Deployment") -> Extracted:
    """What the extractor gives."""
    return EXTRACTOR.extract(value, group, "v1", kind)


def before(value: dict[str, Any], *changes: str, group: str = "apps", kind: str = "Deployment") -> Before:
    """The state in the graph of an object that was written earlier."""
    resource = extracted(value, group, kind).resource
    return Before(
        uid=resource.uid,
        manifest=resource.properties["manifest"],
        first_seen=EARLIER,
        last_changed=EARLIER,
        changes=changes,
        resource_version=resource.resource_version,
    )


def entry(old: dict[str, Any], new: dict[str, Any], group: str = "apps", kind: str = "Deployment") -> Change | None:
    """The entry of one change; None where there is none."""
    found = extracted(new, group, kind)
    state = before(old, group=group, kind=kind)
    written = remembered(found.resource, found.provenance, state, NOW, 20).get("changes")
    return Change.read(written[0]) if written else None


def test_a_change_names_the_fields_and_who_set_them_last() -> None:
    """Of several managers, only those whose fields changed are named, with the time of the latest of them."""
    assert entry(deployment(), deployment(image="nginx:2", version="2")) == Change(
        "2026-05-01T11:30:00Z", "UPDATED", ("kubectl-edit",), ("spec.template.spec.containers[name=web].image",)
    )
    both = entry(deployment(), deployment(image="nginx:2", replicas=3, version="2"))
    assert both is not None
    assert (both.at, set(both.by)) == ("2026-05-01T11:45:00Z", {"kubectl-edit", "hpa"})


@pytest.mark.parametrize("of_the_map", [{".": {}}, {}])
def test_who_made_a_map_has_not_set_what_is_in_it(of_the_map: dict[str, Any]) -> None:
    """Of two managers that wrote within one second, the one that owns the key is named, not the map's owner."""

    def config(value: str, *managed: dict[str, Any]) -> dict[str, Any]:
        return {
            "metadata": {"name": "c", "namespace": "n", "uid": "u", "managedFields": list(managed)},
            "data": {"x": value},
        }

    at = "2026-05-01T11:30:00Z"
    # Both forms are the apiserver's: the second is what is left when all keys have been taken over.
    maker = {"manager": "maker", "time": at, "fieldsV1": {"f:data": of_the_map}}
    changer = {"manager": "changer", "time": at, "fieldsV1": {"f:data": {"f:x": {}}}}
    found = entry(config("1"), config("2", maker, changer), "", "ConfigMap")
    assert found == Change(at, "UPDATED", ("changer",), ("data.x",))


def test_what_is_gone_was_taken_by_the_latest_writer() -> None:
    """A field that nobody owns any more is ascribed to whoever wrote last."""
    found = entry(deployment(labels={"a": "b"}), deployment(version="2"))
    assert found == Change("2026-05-01T11:45:00Z", "UPDATED", ("hpa",), ("metadata.labels",))


def test_bookkeeping_is_no_change() -> None:
    """A new resourceVersion, generation or last-applied annotation alone makes no entry, and moves no time."""
    annotations = {"kubectl.kubernetes.io/last-applied-configuration": "{}", "kept": "yes"}
    new = extracted(deployment(version="7", annotations=annotations))
    old = before(deployment(annotations={"kept": "yes"}))
    assert remembered(new.resource, new.provenance, old, NOW, 20) == {"firstSeen": EARLIER, "lastChanged": EARLIER}


def test_noise_of_the_kind_is_no_change() -> None:
    """What the kinds table calls noise never makes an entry; beside a real change it is not named."""

    def node(beat: str, ready: str) -> dict[str, Any]:
        conditions = [{"type": "Ready", "status": ready, "lastHeartbeatTime": beat}]
        return {"metadata": {"name": "n", "uid": "u"}, "status": {"conditions": conditions}}

    assert entry(node("1", "True"), node("2", "True"), "", "Node") is None
    found = entry(node("1", "True"), node("2", "False"), "", "Node")
    assert found == Change("2026-05-01T12:00:00Z", "UPDATED", (), ("status.conditions[type=Ready].status",))


def test_a_secret_of_the_same_size_has_changed_all_the_same() -> None:
    """Of a rotated value nothing is kept but that it was rotated."""

    def secret(version: str) -> dict[str, Any]:
        return {
            "metadata": {"name": "s", "namespace": "n", "uid": "u", "resourceVersion": version},
            "dataSizes": {"a": 3},
        }

    found = entry(secret("1"), secret("2"), "", "Secret")
    assert found is not None
    assert found.fields == ("data",)
    assert entry(secret("1"), secret("1"), "", "Secret") is None


def test_another_incarnation_is_made_again() -> None:
    """A resource with another uid is RECREATED, also where it says the same as the one before."""
    found = entry(deployment(), deployment(uid="u2", version="9", creationTimestamp="2026-05-01T11:50:00Z"))
    assert found is not None
    assert (found.type, found.fields) == ("RECREATED", ())


def test_what_a_first_sync_finds_has_no_entry() -> None:
    """Without a state before it, a resource that was there first is as old as its own managedFields say."""
    found = extracted(deployment())
    properties = remembered(found.resource, Provenance(), None, NOW, 20)
    assert properties == {"firstSeen": NOW, "lastChanged": datetime(2026, 5, 1, 11, 45, tzinfo=UTC)}


def test_what_comes_while_it_is_watched_is_created() -> None:
    """Its first entry is its creation, by the manager that wrote first."""
    found = extracted(deployment())
    made = msgspec.structs.replace(found.provenance, created=True)
    (written,) = remembered(found.resource, made, None, NOW, 20)["changes"]
    assert Change.read(written) == Change("2026-05-01T10:00:00Z", "CREATED", ("kubectl-edit",))


@pytest.mark.parametrize("most", [0, 1, 3])
def test_as_many_changes_as_are_wanted_are_kept(most: int) -> None:
    """The latest ones are kept, and none where none are wanted."""
    found = extracted(deployment(image="nginx:2", version="2"))
    old = before(deployment(), *(f'{{"at":"{at}","type":"UPDATED"}}' for at in range(5)))
    kept = remembered(found.resource, found.provenance, old, NOW, most).get("changes", [])
    assert len(kept) == most
    if most:
        assert Change.read(kept[0]).fields == ("spec.template.spec.containers[name=web].image",)
        assert kept[1:] == list(old.changes[: most - 1])


def test_a_change_of_everything_names_some_and_counts_the_rest() -> None:
    """An entry has a bounded size, whatever changed."""
    data = {f"key-{number:03}": "x" for number in range(FIELDS_MOST + 7)}
    old, new = ({"metadata": {"name": "c", "namespace": "n"}, "data": each} for each in ({}, data))
    old["data"] = {"kept": "y"}
    new["data"] = {"kept": "y", **data}
    found = entry(old, new, "", "ConfigMap")
    assert found is not None
    assert (len(found.fields), found.more) == (FIELDS_MOST, 7)


def test_events_are_not_remembered() -> None:
    """An Event is a record itself: its count going up is no history."""

    def event(count: int) -> dict[str, Any]:
        return {"metadata": {"name": "e", "namespace": "n", "uid": "u"}, "count": count}

    assert entry(event(1), event(2), "", "Event") is None


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from(["spec", "status", "data", "conditions"]), _JSON), _JSON)
def test_any_two_states_have_an_entry_or_none(content: dict[str, Any], managed: Any) -> None:
    """Whatever two objects and their managedFields look like, telling them apart raises nothing."""
    old = {"metadata": {"name": "a", "namespace": "n", "uid": "u"}, **content}
    new = {"metadata": {"name": "a", "namespace": "n", "uid": "u", "managedFields": managed}, "spec": {"x": 1}}
    found = entry(old, new)
    assert (found is None) == (content == {"spec": {"x": 1}})
    assert entry(new, new) is None
