"""The mutations of single kinds, each made, changed and deleted through a real apiserver."""

from typing import Any

import pytest

from tests.integration.api.changing import CLUSTER, Changing
from tests.workers import until

pytestmark = [pytest.mark.neo4j, pytest.mark.kubernetes]

CONTAINER = {"name": "c", "image": "nginx:1", "env": [{"name": "A", "value": "b"}]}


async def _do(changing: Changing, mutation: str, word: str, name: str, **given: Any) -> Any:
    """One typed mutation by the administrator."""
    input_ = given.get("input")
    head = f"$input: {word}Input!" if input_ is not None else ""
    arguments = f'cluster: "{CLUSTER}", name: "{name}"' + (", input: $input" if input_ is not None else "")
    arguments += "" if word == "Namespace" else f', namespace: "{changing.namespace}"'
    arguments += given.get("more", "")
    field = f"{mutation}{word}"
    selection = "" if mutation == "delete" else " { key health manifest }"
    query = f"mutation {f'({head})' if head else ''} {{ {field}({arguments}){selection} }}"
    return (await changing.by("admin").ask(query, **({"input": input_} if input_ is not None else {})))[field]


async def _is_gone(changing: Changing, path: str) -> None:
    async def gone() -> bool:
        found = await changing.api.get(path)
        return found is None or "deletionTimestamp" in found["metadata"]

    await until(gone, f"{path} goes")


@pytest.mark.parametrize(
    ("word", "where", "create", "update", "field", "values"),
    [
        pytest.param(
            "Pod",
            "pods",
            {"labels": {"a": "b"}, "containers": [CONTAINER]},
            {"containers": [{"name": "c", "image": "nginx:2"}]},
            lambda obj: (obj["spec"]["containers"][0]["image"], obj["spec"]["containers"][0]["env"]),
            [("nginx:1", CONTAINER["env"]), ("nginx:2", CONTAINER["env"])],
            id="pod",
        ),
        pytest.param(
            "Deployment",
            "apps/deployments",
            {"replicas": 0, "containers": [CONTAINER]},
            {"replicas": 1, "annotations": {"why": "because"}},
            lambda obj: (obj["spec"]["replicas"], obj["metadata"].get("annotations", {}).get("why")),
            [(0, None), (1, "because")],
            id="deployment",
        ),
        pytest.param(
            "Service",
            "services",
            {"type": "CLUSTER_IP", "selector": {"a": "b"}, "ports": [{"port": 80, "targetPort": "http"}]},
            {"ports": [{"port": 80, "targetPort": 8080}], "manifest": {"spec": {"sessionAffinity": "ClientIP"}}},
            lambda obj: (obj["spec"]["ports"][0]["targetPort"], obj["spec"]["sessionAffinity"]),
            [("http", "None"), (8080, "ClientIP")],
            id="service",
        ),
        pytest.param(
            "ConfigMap",
            "configmaps",
            {"data": {"a": "1", "b": "2"}},
            {"data": {"a": None, "c": "3"}},
            lambda obj: obj["data"],
            [{"a": "1", "b": "2"}, {"b": "2", "c": "3"}],
            id="configmap",
        ),
    ],
)
async def test_a_kind_is_made_changed_and_deleted(
    changing: Changing, word: str, where: str, create: Any, update: Any, field: Any, values: list[Any]
) -> None:
    """The answers are the apiserver's objects, an update leaves alone what it does not name, a deletion says True."""
    group, _, plural = where.rpartition("/")
    path = changing.path(plural, "one", group)
    made = await _do(changing, "create", word, "one", input=create)
    assert (made["key"].split("/")[2:], field(made["manifest"])) == ([word, changing.namespace, "one"], values[0])
    changed = await _do(changing, "update", word, "one", input=update)
    assert field(changed["manifest"]) == values[1]
    there = await changing.api.get(path)
    assert there is not None
    assert field(there) == values[1]
    more = ", propagationPolicy: FOREGROUND" if group else ", gracePeriodSeconds: 0"
    assert await _do(changing, "delete", word, "one", more=more) is True
    await _is_gone(changing, path)
    assert [entry["verb"] for entry in await changing.trail()] == ["create", "patch", "delete"]


async def test_a_namespace_is_made_and_deleted(changing: Changing) -> None:
    """A Namespace has no namespace, and its audit none either."""
    name = f"{changing.namespace}-made"
    made = await _do(changing, "create", "Namespace", name, input={"labels": {"team": "a"}})
    assert (made["key"], made["manifest"]["metadata"]["labels"]["team"]) == (f"{CLUSTER}/core/Namespace/_/{name}", "a")
    assert await _do(changing, "delete", "Namespace", name) is True
    await _is_gone(changing, f"/api/v1/namespaces/{name}")
    trail = "query ($names: [String!]) { auditTrail(filter: {names: $names}) { items { mutation namespace outcome } } }"
    found = await changing.by("admin").ask(trail, names=[name])
    assert found["auditTrail"]["items"] == [
        {"mutation": "deleteNamespace", "namespace": None, "outcome": "SUCCEEDED"},
        {"mutation": "createNamespace", "namespace": None, "outcome": "SUCCEEDED"},
    ]


async def test_a_tenant_may_not_make_namespaces(changing: Changing) -> None:
    """The right is asked for in the whole cluster, as the apiserver does."""
    query = f'mutation {{ createNamespace(cluster: "{CLUSTER}", name: "x", input: {{}}, dryRun: true) {{ key }} }}'
    error = await changing.by("bob").refused(query)
    assert (error["code"], "you may not create namespaces of cluster" in error["message"]) == ("FORBIDDEN", True)
    assert (await changing.by("admin").ask(query))["createNamespace"]["key"] == f"{CLUSTER}/core/Namespace/_/x"


async def test_changes_of_the_registry_are_in_the_audit_too(changing: Changing) -> None:
    """Who asked for a cluster to be added or removed is on record, refused as they were; its login is not."""
    add = (
        'mutation { addCluster(input: {id: "new", server: "https://new.example:6443", token: "t0ken-marker"}) { id } }'
    )
    for user in ("bob", "admin"):
        assert (await changing.by(user).refused(add))["code"] == "FORBIDDEN"
    trail = '{ auditTrail(filter: {clusters: ["new"]}) { items { user mutation outcome code kind } } }'
    entry = {"mutation": "addCluster", "outcome": "REFUSED", "code": "FORBIDDEN", "kind": "Cluster"}
    assert (await changing.by("bob").ask(trail))["auditTrail"]["items"] == [{**entry, "user": "bob"}]
