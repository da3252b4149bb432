"""Lists, watches, selectors, quantities and snapshots against a real apiserver."""

import asyncio
import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from kgraph.kube import errors
from kgraph.kube.connection import Connection
from kgraph.kube.discovery import ApiResource
from kgraph.kube.dump import dump
from kgraph.kube.field_selectors import FieldSelector
from kgraph.kube.listing import pages
from kgraph.kube.objects import decode, head
from kgraph.kube.quantities import Quantity
from kgraph.kube.selectors import LabelSelector, Operator, Requirement, SelectorError
from kgraph.kube.settings import AuthMethod, ClusterSettings, TlsSettings
from kgraph.kube.snapshot import Document, read
from kgraph.kube.watching import WatchEvent, watch
from kgraph.stack.kubernetes import ControlPlane
from tests.servers import Cluster

pytestmark = pytest.mark.kubernetes

CONFIG_MAPS = ApiResource("", "v1", "ConfigMap", "configmaps", verbs=("list", "watch"))
SECRETS = ApiResource("", "v1", "Secret", "secrets", verbs=("list", "watch"))
MARKER = "s3cr3t-marker"


def opened(cluster: Cluster) -> Any:
    """The administrator's connection, not slowed down."""
    return Connection.open(ClusterSettings(id="prod", kubeconfig_path=str(cluster.kubeconfig), qps=0))


@pytest.fixture
async def conn(control_plane: Cluster) -> AsyncIterator[Connection]:
    """The administrator's connection."""
    async with opened(control_plane) as connection:
        yield connection


async def put(cluster: Cluster, namespace: str, name: str, **fields: Any) -> None:
    """Create a ConfigMap."""
    body = {"metadata": {"name": name, **fields.pop("metadata", {})}, **fields}
    await cluster.request("POST", f"/api/v1/namespaces/{namespace}/configmaps", body)


def named(objects: list[msgspec.Raw]) -> list[str]:
    """Names, without the ConfigMap that Kubernetes puts into each namespace."""
    return [name for name in (head(raw).metadata.name for raw in objects) if name != "kube-root-ca.crt"]


async def test_a_list_comes_in_pages_that_say_whether_more_follow(
    conn: Connection, control_plane: Cluster, namespace: str
) -> None:
    """Every object is in exactly one page, in order, and all pages have the list's resourceVersion."""
    names = [f"n-{number}" for number in range(7)]
    for name in names:
        await put(control_plane, namespace, name, metadata={"labels": {"paged": "yes"}})
    found = [page async for page in pages(conn, CONFIG_MAPS, limit=3, namespace=namespace)]
    assert sorted(name for page in found for name in named(page.items)) == names
    assert len({page.resource_version for page in found}) == 1
    assert [page.more for page in found] == [True] * (len(found) - 1) + [False]
    (page,) = [page async for page in pages(conn, CONFIG_MAPS, namespace=namespace, label_selector="paged=no")]
    assert (page.items, page.more) == ([], False)


async def test_a_list_whose_token_expires_goes_on_and_a_watch_tells_what_it_missed(
    own_control_plane: ControlPlane, namespace: str
) -> None:
    """After a compaction the rest of the list comes, and its version is the one before anything could be missed."""
    for number in range(6):
        await put(own_control_plane, namespace, f"n-{number}")
    async with opened(own_control_plane) as conn:
        listing = pages(conn, CONFIG_MAPS, limit=3, namespace=namespace)
        first = await anext(listing)
        await own_control_plane.request("DELETE", f"/api/v1/namespaces/{namespace}/configmaps/n-0")
        await put(own_control_plane, namespace, "n-9")
        await own_control_plane.compact()
        rest = [page async for page in listing]
        assert sorted(named(first.items) + [name for page in rest for name in named(page.items)]) == [
            *(f"n-{number}" for number in range(6)),
            "n-9",
        ]
        assert {page.resource_version for page in rest} == {first.resource_version}
        # n-0 is gone, and the list had it: a watch from its version says so, or that the version has expired too.
        with pytest.raises(errors.Expired):
            await anext(watch(conn, CONFIG_MAPS, first.resource_version, namespace=namespace))


async def test_an_old_resource_version_is_expired(own_control_plane: ControlPlane, namespace: str) -> None:
    """A watch from before etcd's history begins is Expired, so that its caller lists again."""
    await put(own_control_plane, namespace, "a")
    await own_control_plane.compact()
    async with opened(own_control_plane) as conn:
        with pytest.raises(errors.Expired, match="WATCH /api/v1/configmaps on cluster prod"):
            await anext(watch(conn, CONFIG_MAPS, "1"))


async def test_a_watch_list_gives_all_objects_then_the_end_then_what_happens(
    conn: Connection, control_plane: Cluster, namespace: str
) -> None:
    """WatchList: what is there as ADDED, one bookmark that ends it, then changes as they happen."""
    await put(control_plane, namespace, "before")
    events = watch(conn, CONFIG_MAPS, "", initial_events=True, namespace=namespace)
    seen: list[WatchEvent] = []
    async with asyncio.timeout(30):
        while not seen or not seen[-1].initial_events_end:
            seen += await anext(events)
    assert "before" in named([event.object for event in seen if event.type == "ADDED"])
    assert int(seen[-1].resource_version) > 0
    await put(control_plane, namespace, "after", data={"a": "1"})
    path = f"/api/v1/namespaces/{namespace}/configmaps/after"
    await control_plane.request("PUT", path, {"metadata": {"name": "after"}, "data": {"a": "2"}})
    await control_plane.request("DELETE", path)
    happened: list[tuple[str, str]] = []
    async with asyncio.timeout(30):
        while ("DELETED", "after") not in happened:
            happened += [(e.type, head(e.object).metadata.name) for e in await anext(events) if e.type != "BOOKMARK"]
    await events.aclose()
    assert [kind for kind, name in happened if name == "after"] == ["ADDED", "MODIFIED", "DELETED"]


async def test_a_watch_resumes_where_it_was(conn: Connection, control_plane: Cluster, namespace: str) -> None:
    """A watch from a list's version tells what came after the list, and nothing from before it."""
    await put(control_plane, namespace, "before")
    (page,) = [page async for page in pages(conn, CONFIG_MAPS, namespace=namespace)]
    await put(control_plane, namespace, "after")
    events = watch(conn, CONFIG_MAPS, page.resource_version, namespace=namespace)
    found: list[str] = []
    async with asyncio.timeout(30):
        while "after" not in found:
            found += named([event.object for event in await anext(events)])
    await events.aclose()
    assert "before" not in found


async def test_a_killed_apiserver_breaks_the_watch(own_control_plane: ControlPlane, namespace: str) -> None:
    """The end of the apiserver is an error of the watch, never a normal end."""
    async with opened(own_control_plane) as conn:
        events = watch(conn, CONFIG_MAPS, "", initial_events=True, namespace=namespace)
        while not (await anext(events))[-1].initial_events_end:
            pass
        await own_control_plane.kill("kube-apiserver")
        try:
            with pytest.raises(errors.Unavailable):
                await anext(events)
        finally:
            await own_control_plane.start_again("kube-apiserver")


async def test_secret_values_end_here(conn: Connection, control_plane: Cluster, namespace: str) -> None:
    """A real Secret, from a list and from a watch, has its key names and sizes and no value."""
    manifest = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s", "namespace": namespace},
        "stringData": {"a": MARKER},
    }
    await control_plane.kubectl("apply", "-f", "-", stdin=msgspec.json.encode(manifest).decode())
    (page,) = [page async for page in pages(conn, SECRETS, namespace=namespace)]
    events = watch(conn, SECRETS, "", initial_events=True, namespace=namespace)
    raws = [page.items[0], (await anext(events))[0].object]
    await events.aclose()
    encoded = base64.b64encode(MARKER.encode()).decode()
    for raw in raws:
        assert encoded in bytes(raw).decode()
        value = decode(raw, "", "Secret", "v1")
        assert (value["data"], value["dataSizes"], value["kind"]) == ({"a": None}, {"a": len(MARKER)}, "Secret")
        assert MARKER not in repr(value)
        assert encoded not in repr(value)


LARGEST = "9223372036854775806"  # near the end of what Go compares
KEYS = st.sampled_from(["a", "b", "n", "missing"])
VALUES = st.sets(st.sampled_from(["", "x", "y", "7"]), min_size=1).map(lambda values: tuple(sorted(values)))
REQUIREMENTS = st.one_of(
    st.builds(Requirement, KEYS, st.sampled_from([Operator.IN, Operator.NOT_IN]), VALUES),
    st.builds(Requirement, KEYS, st.sampled_from([Operator.EXISTS, Operator.DOES_NOT_EXIST])),
    st.builds(
        Requirement,
        KEYS,
        st.sampled_from([Operator.GREATER, Operator.LESS]),
        st.sampled_from([("7",), ("10",), (LARGEST,)]),
    ),
)
WORDS = ["a", "b", "in", "notin", "x", ",", "(", ")", "=", "==", "!=", "!", ">", "7", " "]
PROPERTY = settings(
    derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
async def labelled(control_plane: Cluster) -> AsyncIterator[tuple[str, dict[str, dict[str, str]]]]:
    """A namespace of ConfigMaps with every kind of labels, and those labels by name."""
    namespace = "test-selectors"
    values = ["", "x", "y", "7", "12", "007", "9223372036854775807", "9223372036854775808"]
    several = [{"a": one, "b": two} for one in values[:3] for two in values[:3]]
    sets = [{}, *({key: value} for key in "abn" for value in values), *several]
    labels = {f"c-{number}": some for number, some in enumerate(sets)}
    await control_plane.request("POST", "/api/v1/namespaces", {"metadata": {"name": namespace}})
    for name, some in labels.items():
        await put(control_plane, namespace, name, metadata={"labels": some})
    yield namespace, labels
    await control_plane.request("DELETE", f"/api/v1/namespaces/{namespace}")


async def chosen_by_the_server(conn: Connection, namespace: str, text: str) -> set[str]:
    """What the apiserver selects."""
    found = pages(conn, CONFIG_MAPS, namespace=namespace, label_selector=text)
    return {name for page in [page async for page in found] for name in named(page.items)}


@settings(PROPERTY, max_examples=60)
@given(requirements=st.lists(REQUIREMENTS, min_size=1, max_size=3))
async def test_selectors_select_what_the_apiserver_selects(
    conn: Connection, labelled: tuple[str, dict[str, dict[str, str]]], requirements: list[Requirement]
) -> None:
    """For any selector, matching labels here gives the objects that the apiserver lists with it."""
    namespace, labels = labelled
    selector = LabelSelector.parse(",".join(map(str, requirements)))
    matching = {name for name, some in labels.items() if selector.matches(some)}
    assert await chosen_by_the_server(conn, namespace, str(selector)) == matching


@settings(PROPERTY, max_examples=150)
@given(text=st.lists(st.sampled_from(WORDS), max_size=8).map("".join))
async def test_selector_texts_are_read_as_the_apiserver_reads_them(
    conn: Connection, labelled: tuple[str, dict[str, dict[str, str]]], text: str
) -> None:
    """Any text that the apiserver refuses is refused here, and any that it takes means the same."""
    namespace, labels = labelled
    try:
        selector = LabelSelector.parse(text)
    except SelectorError:
        with pytest.raises(errors.BadRequest):
            await conn.get(CONFIG_MAPS.path(namespace), {"labelSelector": text})
        return
    matching = {name for name, some in labels.items() if selector.matches(some)}
    assert await chosen_by_the_server(conn, namespace, text) == matching


SECRET_TYPES = {"one": "Opaque", "two": "kgraph.dev/a", "three": "kgraph.dev/b"}
TERMS = st.builds(
    "{0}{1}{2}".format,
    st.sampled_from(["metadata.name", "metadata.namespace", "type"]),
    st.sampled_from(["=", "==", "!="]),
    st.one_of(st.sampled_from([*SECRET_TYPES, *SECRET_TYPES.values(), ""]), st.text(alphabet="ab\\,= !", max_size=4)),
)


@settings(PROPERTY, max_examples=20, phases=[Phase.generate])
@given(texts=st.lists(st.lists(TERMS, max_size=3).map(",".join), min_size=10, max_size=20, unique=True))
async def test_field_selectors_select_what_the_apiserver_selects(
    conn: Connection, control_plane: Cluster, namespace: str, texts: list[str]
) -> None:
    """Fields of Secrets, with escapes and without: each text selects the same here and there, or is refused."""
    path = SECRETS.path(namespace)
    if not msgspec.json.decode(await conn.get(path))["items"]:
        for name, type_ in SECRET_TYPES.items():
            await control_plane.request("POST", path, {"metadata": {"name": name}, "type": type_})

    async def theirs(text: str) -> set[str] | None:
        try:
            answer = await conn.get(path, {"fieldSelector": text})
        except errors.BadRequest:
            return None
        return {item["metadata"]["name"] for item in msgspec.json.decode(answer)["items"]}

    def ours(text: str) -> set[str] | None:
        try:
            selector = FieldSelector.parse(text)
        except SelectorError:
            return None
        fields = {
            name: {"metadata.name": name, "metadata.namespace": namespace, "type": type_}
            for name, type_ in SECRET_TYPES.items()
        }
        if any(term.path not in fields["one"] for term in selector.terms):
            return None  # an escape on the left side is part of the path, which no kind has
        return {name for name, some in fields.items() if selector.matches(some)}

    answers = dict(zip(texts, await asyncio.gather(*map(theirs, texts)), strict=True))
    assert {text: (found, ours(text)) for text, found in answers.items() if found != ours(text)} == {}


@settings(PROPERTY, max_examples=60)
@given(
    number=st.decimals(0, 10**7, places=4).map(lambda number: f"{number:f}"),
    suffix=st.sampled_from(["", "n", "u", "m", "k", "M", "G", "Ki", "Mi", "Gi", "e3", "e-3", "E2"]),
)
async def test_quantities_are_written_as_the_apiserver_writes_them(
    conn: Connection, namespace: str, number: str, suffix: str
) -> None:
    """The canonical form of any quantity is what comes back from the apiserver."""
    # A quantity that the apiserver keeps as it is; those of a resource list are rounded up to thousandths.
    body = {"metadata": {"name": "q"}, "storageClassName": "any", "capacity": f"{number}{suffix}"}
    answer = await conn.request(
        "POST",
        f"/apis/storage.k8s.io/v1/namespaces/{namespace}/csistoragecapacities",
        {"dryRun": "All"},
        body=msgspec.json.encode(body),
        headers=[("Content-Type", "application/json")],
    )
    written = msgspec.json.decode(answer)["capacity"]
    assert str(Quantity.parse(f"{number}{suffix}")) == written


def written_below(folder: Path) -> dict[str, bytes]:
    """The files below a folder, with their content."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


async def test_a_dumped_cluster_reads_back_as_it_was(
    conn: Connection, control_plane: Cluster, namespace: str, tmp_path: Path
) -> None:
    """`kgraph snapshot` writes what the cluster has, without values of Secrets, and the reader gives it back."""
    secret = {"metadata": {"name": "s"}, "stringData": {"a": MARKER}}
    await control_plane.request("POST", f"/api/v1/namespaces/{namespace}/secrets", secret)
    data = {
        "script": "#!/bin/sh\n\techo 'a: b'\n\n",
        "number": "1e3",
        "yes": "no",
        "empty": "",
        "text": "→ \u2028 \x7f \U0001f600",
    }
    await put(control_plane, namespace, "tricky", data=data)
    kinds = await dump(conn, tmp_path)
    assert [str(kind.error) for kind in kinds if kind.error] == []
    found = list(read(tmp_path))
    documents = [document for document in found if isinstance(document, Document)]
    assert [str(problem) for problem in found if not isinstance(problem, Document)] == []
    assert len(documents) == sum(kind.objects for kind in kinds)
    mine = {d.object["metadata"]["name"]: d for d in documents if d.object["metadata"].get("namespace") == namespace}
    assert mine["tricky"].object["data"] == data
    assert mine["s"].object["dataSizes"] == {"a": len(MARKER)}
    assert Path(mine["s"].origin.partition(":")[0]) == tmp_path / "core" / "secrets.yaml"
    files = written_below(tmp_path)
    text = b"".join(files.values()).decode()
    assert MARKER not in text
    assert base64.b64encode(MARKER.encode()).decode() not in text
    assert "managedFields" not in text
    assert not [name for name in files if name.startswith(".")]


async def test_kinds_that_cannot_be_read_are_told_and_cost_themselves_alone(
    control_plane: Cluster, tmp_path: Path
) -> None:
    """A user who may read little gets what they may read, and a reason for each kind that they may not."""
    role = {
        "metadata": {"name": "test-dump"},
        "rules": [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["list"]}],
    }
    binding = {
        "metadata": {"name": "test-dump"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "test-dump"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "carol"}],
    }
    rbac = "/apis/rbac.authorization.k8s.io/v1"
    await control_plane.request("POST", f"{rbac}/clusterroles", role)
    await control_plane.request("POST", f"{rbac}/clusterrolebindings", binding)
    given = ClusterSettings(
        id="prod",
        auth_method=AuthMethod.TOKEN,
        api_server_url=control_plane.server,
        service_account_token=control_plane.token_of("carol"),
        tls_config=TlsSettings(ca_file=str(control_plane.ca_file)),
        qps=0,
    )
    try:
        async with Connection.open(given) as carol, asyncio.timeout(60):
            while True:  # the authorizer hears of the binding a moment later
                kinds = {kind.resource: kind for kind in await dump(carol, tmp_path)}
                if kinds["nodes"].error is None:
                    break
    finally:
        await control_plane.request("DELETE", f"{rbac}/clusterrolebindings/test-dump")
        await control_plane.request("DELETE", f"{rbac}/clusterroles/test-dump")
    assert kinds["nodes"].objects >= 1
    assert isinstance(kinds["secrets"].error, errors.Forbidden)
    assert list(written_below(tmp_path)) == ["core/nodes.yaml"]
