"""Mutations through a real apiserver, as users with certain rights: what is done, what is refused, and why."""

from typing import Any

import pytest

from tests.integration.api.changing import APPLY, DELETE, PATCH, RESTART, SCALE, Changing
from tests.workers import until

pytestmark = [pytest.mark.neo4j, pytest.mark.kubernetes]

CONFIGMAPS = ("", "configmaps", "get create patch delete")


async def test_apply_makes_changes_and_leaves_alone(changing: Changing) -> None:
    """What is not there is made as the caller; what is, is changed; and the apiserver's own object is the answer."""
    await changing.allow("alice", CONFIGMAPS)
    alice = changing.by("alice")
    made = (await alice.ask(APPLY, manifest=changing.config("settings", mode="fast")))["applyResource"]
    assert made["key"] == f"changed/core/ConfigMap/{changing.namespace}/settings"
    there = await changing.api.get(changing.path("configmaps", "settings"))
    assert there is not None
    assert made["uid"] == there["metadata"]["uid"]
    (entry,) = there["metadata"]["managedFields"]
    assert (entry["manager"], entry["operation"]) == ("dictamesh", "Apply")
    changed = (await alice.ask(APPLY, manifest=changing.config("settings", mode="slow")))["applyResource"]
    assert changed["manifest"]["data"] == {"mode": "slow"}
    assert "managedFields" not in changed["manifest"]["metadata"]
    first, second = await changing.trail()
    assert (first["before"], first["after"]) == (None, made["manifest"]["metadata"]["resourceVersion"])
    assert (second["before"], second["after"]) == (first["after"], changed["manifest"]["metadata"]["resourceVersion"])
    assert (first["user"], first["actingAs"], first["groups"]) == (
        "alice", "alice", ["developers", "system:authenticated"],
    )  # fmt: skip
    assert first["fields"] == ["apiVersion", "data.mode", "kind", "metadata.name", "metadata.namespace"]


async def test_who_may_not_is_told_so_by_kubernetes(changing: Changing) -> None:
    """Without a right nothing is sent, the answer has the authorizer's reason, and the attempt is in the audit."""
    error = await changing.by("bob").refused(APPLY, manifest=changing.config("settings", a="b"))
    assert error["code"] == "FORBIDDEN"
    assert "you may not patch configmaps 'settings' in namespace" in error["message"]
    assert await changing.api.get(changing.path("configmaps", "settings")) is None
    (entry,) = await changing.trail()
    assert (entry["user"], entry["decision"], entry["outcome"], entry["code"]) == (
        "bob", "DENIED", "REFUSED", "FORBIDDEN",
    )  # fmt: skip
    assert entry["message"] == error["message"]
    assert entry["after"] is None


async def test_apply_of_what_is_absent_asks_for_create_too(changing: Changing) -> None:
    """Who may only patch changes what is there, and makes nothing."""
    await changing.allow("alice", ("", "configmaps", "patch"))
    error = await changing.by("alice").refused(APPLY, manifest=changing.config("settings", a="b"))
    assert (error["code"], "you may not create configmaps" in error["message"]) == ("FORBIDDEN", True)
    await changing.api.make(changing.path("configmaps"), metadata={"name": "settings"})
    await changing.by("alice").ask(APPLY, manifest=changing.config("settings", a="b"))


async def test_dry_run_changes_nothing(changing: Changing) -> None:
    """The answer is as it would be, and the cluster as it was, for each kind of mutation."""
    await changing.allow(
        "alice", CONFIGMAPS, ("apps", "deployments", "get patch"), ("apps", "deployments/scale", "patch")
    )
    alice, there = changing.by("alice"), {"ns": changing.namespace, "dryRun": True}
    await changing.api.make(changing.path("configmaps"), metadata={"name": "settings"}, data={"a": "b"})
    await changing.deployment("web")
    before = await changing.api.get(changing.path("configmaps", "settings"))
    applied = await alice.ask(APPLY, manifest=changing.config("new", a="b"), dryRun=True)
    assert applied["applyResource"]["manifest"]["data"] == {"a": "b"}
    patched = await alice.ask(PATCH, **there, type="cm", name="settings", patch={"data": {"a": "c"}}, **{"as": "MERGE"})
    assert patched["patchResource"]["manifest"]["data"] == {"a": "c"}
    assert (await alice.ask(DELETE, **there, type="cm", name="settings"))["deleteResource"] is True
    scaled = await alice.ask(SCALE, **there, name="web", replicas=7)
    assert scaled["scaleDeployment"]["manifest"]["spec"]["replicas"] == 7
    assert await changing.api.get(changing.path("configmaps", "settings")) == before
    assert await changing.api.get(changing.path("configmaps", "new")) is None
    deployment = await changing.api.get(changing.path("deployments", "web", "apps"))
    assert deployment is not None
    assert deployment["spec"]["replicas"] == 1
    assert [(entry["dryRun"], entry["outcome"]) for entry in await changing.trail()] == [(True, "SUCCEEDED")] * 4


async def test_escalation_is_refused_by_the_apiserver(changing: Changing) -> None:
    """A yes of the review can end in a 403: nobody gives rights that they have not, and the reason is passed on."""
    await changing.allow("alice", ("rbac.authorization.k8s.io", "roles", "get create patch"))
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": {"name": "more", "namespace": changing.namespace},
        "rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}],
    }
    error = await changing.by("alice").refused(APPLY, manifest=role)
    assert (error["code"], error["reason"]) == ("FORBIDDEN", "Forbidden")
    assert "attempting to grant RBAC permissions not currently held" in error["message"]
    (entry,) = await changing.trail()
    assert (entry["decision"], entry["outcome"]) == ("ALLOWED", "FAILED")


async def test_conflicts_name_the_fields_and_force_takes_them_over(changing: Changing) -> None:
    """A field that another manager applied is a CONFLICT that names it; with force it is taken."""
    await changing.allow("alice", CONFIGMAPS)
    alice = changing.by("alice")
    await alice.ask(APPLY, manifest=changing.config("settings", mode="fast"), manager="somebody-else")
    error = await alice.refused(APPLY, manifest=changing.config("settings", mode="slow"))
    assert (error["code"], error["reason"]) == ("CONFLICT", "Conflict")
    assert [cause["field"] for cause in error["causes"]] == [".data.mode"]
    assert "somebody-else" in error["causes"][0]["message"]
    taken = await alice.ask(APPLY, manifest=changing.config("settings", mode="slow"), force=True)
    assert taken["applyResource"]["manifest"]["data"] == {"mode": "slow"}


async def test_an_old_version_is_a_conflict(changing: Changing) -> None:
    """A change of what somebody else has changed meanwhile does not happen, for all patches and for deletions."""
    await changing.allow("alice", CONFIGMAPS)
    alice = changing.by("alice")
    made = await changing.api.make(changing.path("configmaps"), metadata={"name": "settings"}, data={"a": "b"})
    await changing.api.merge(changing.path("configmaps", "settings"), data={"a": "c"})
    there: dict[str, Any] = {
        "ns": changing.namespace, "type": "configmaps", "name": "settings",
        "version": made["metadata"]["resourceVersion"],
    }  # fmt: skip
    patches: dict[str, Any] = {
        "STRATEGIC": {"data": {"a": "d"}},
        "MERGE": {"data": {"a": "d"}},
        "JSON": [{"op": "replace", "path": "/data/a", "value": "d"}],
    }
    for kind, patch in patches.items():
        error = await alice.refused(PATCH, **there, patch=patch, **{"as": kind})
        assert error["code"] == "CONFLICT", (kind, error)
    assert (await alice.refused(DELETE, **there))["code"] == "CONFLICT"
    left = await changing.api.get(changing.path("configmaps", "settings"))
    assert left is not None
    assert left["data"] == {"a": "c"}
    there["version"] = left["metadata"]["resourceVersion"]
    await alice.ask(PATCH, **there, patch=patches["JSON"], **{"as": "JSON"})


async def test_invalid_objects_name_their_fields(changing: Changing) -> None:
    """What breaks a rule is INVALID with the apiserver's causes; what it does not know, BAD_USER_INPUT."""
    await changing.allow("alice", ("apps", "deployments", "get create patch"))
    deployment: dict[str, Any] = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": changing.namespace},
        "spec": {
            "selector": {"matchLabels": {"app": "a"}},
            "template": {"metadata": {"labels": {"app": "b"}}, "spec": {"containers": [{"name": "C", "image": "x"}]}},
        },
    }
    error = await changing.by("alice").refused(APPLY, manifest=deployment)
    assert (error["code"], error["reason"]) == ("INVALID", "Invalid")
    fields = {cause["field"] for cause in error["causes"]}
    assert {"spec.template.metadata.labels", "spec.template.spec.containers[0].name"} <= fields
    error = await changing.by("alice").refused(
        APPLY, manifest={**deployment, "spec": {**deployment["spec"], "replica": 3}}
    )
    assert error["code"] in ("BAD_USER_INPUT", "INVALID")
    assert "replica" in error["message"]


@pytest.mark.parametrize(
    ("kind", "patch", "expected"),
    [
        pytest.param(
            "STRATEGIC",
            {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "nginx:2"}]}}}},
            [("c", "nginx:2", True)],
            id="strategic",
        ),
        pytest.param(
            "MERGE",
            {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "nginx:2"}]}}}},
            [("c", "nginx:2", False)],
            id="merge",
        ),
        pytest.param(
            "JSON",
            [
                {"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "nginx:2"},
                {"op": "add", "path": "/spec/template/spec/containers/-", "value": {"name": "d", "image": "e"}},
            ],
            [("c", "nginx:2", True), ("d", "e", False)],
            id="json",
        ),
    ],
)
async def test_patches_are_what_kubernetes_calls_so(
    changing: Changing, kind: str, patch: Any, expected: list[tuple[str, str, bool]]
) -> None:
    """A strategic patch keeps the rest of a container, a merge patch replaces lists, a JSON patch is exact."""
    await changing.allow("alice", ("apps", "deployments", "get patch"))
    await changing.deployment("web", container={"env": [{"name": "A", "value": "b"}]})
    patched = await changing.by("alice").ask(
        PATCH, ns=changing.namespace, type="deploy", name="web", patch=patch, **{"as": kind}
    )
    containers = patched["patchResource"]["manifest"]["spec"]["template"]["spec"]["containers"]
    assert [(one["name"], one["image"], "env" in one) for one in containers] == expected


async def test_scale_is_a_right_of_its_own(changing: Changing) -> None:
    """The right to patch the scale subresource is enough to scale, and for nothing else: not even to see the object."""
    await changing.allow("alice", ("apps", "deployments/scale", "patch"))
    await changing.deployment("web")
    scaled = (await changing.by("alice").ask(SCALE, ns=changing.namespace, name="web", replicas=3))["scaleDeployment"]
    assert scaled["manifest"] is None
    deployment = await changing.api.get(changing.path("deployments", "web", "apps"))
    assert deployment is not None
    assert deployment["spec"]["replicas"] == 3
    error = await changing.by("alice").refused(
        PATCH, ns=changing.namespace, type="deploy", name="web", patch={"spec": {"replicas": 1}}, **{"as": "MERGE"}
    )
    assert error["code"] == "FORBIDDEN"
    scale, _ = await changing.trail()
    assert (scale["verb"], scale["subresource"], scale["detail"]) == ("patch", "scale", "replicas 3")


async def test_restart_makes_the_pods_again(changing: Changing) -> None:
    """A restart is kubectl's annotation on the template, so that there is a new ReplicaSet; a paused one is refused."""
    await changing.allow("alice", ("apps", "deployments", "get patch"))
    await changing.deployment("web")
    restarted = await changing.by("alice").ask(RESTART, ns=changing.namespace, name="web")
    template = restarted["rolloutRestart"]["manifest"]["spec"]["template"]
    assert "kubectl.kubernetes.io/restartedAt" in template["metadata"]["annotations"]
    await changing.api.merge(changing.path("deployments", "web", "apps"), spec={"paused": True})
    error = await changing.by("alice").refused(RESTART, ns=changing.namespace, name="web")
    assert (error["code"], "is paused" in error["message"]) == ("CONFLICT", True)
    error = await changing.by("alice").refused(RESTART, ns=changing.namespace, name="web", type="pods")
    assert (error["code"], "statefulsets" in error["message"]) == ("BAD_USER_INPUT", True)


async def test_propagation_policy_decides_what_goes_with_it(changing: Changing) -> None:
    """Orphaned ReplicaSets stay without an owner; a deletion of what is not there is NOT_FOUND."""
    await changing.allow("alice", ("apps", "deployments", "delete"))
    await changing.deployment("web", replicas=0)
    replica_sets = await _replica_sets(changing, 1)
    there = {"ns": changing.namespace, "type": "deploy", "name": "web"}
    assert (await changing.by("alice").ask(DELETE, **there, policy="ORPHAN"))["deleteResource"] is True
    await _gone(changing, changing.path("deployments", "web", "apps"))
    left = await changing.api.get(changing.path("replicasets", replica_sets[0]["metadata"]["name"], "apps"))
    assert left is not None
    assert "ownerReferences" not in left["metadata"]
    assert (await changing.by("alice").refused(DELETE, **there))["code"] == "NOT_FOUND"


@pytest.mark.parametrize("name", ["../secrets/x", "x/status", "x?force=true", "a%2fb", "..", "x#y", ""])
async def test_a_name_leads_nowhere_else(changing: Changing, name: str) -> None:
    """What is no name is refused before the cluster is asked anything in its name."""
    error = await changing.by("alice").refused(DELETE, ns=changing.namespace, type="configmaps", name=name)
    assert (error["code"], "is no name" in error["message"]) == ("BAD_USER_INPUT", True)


async def test_a_kind_that_is_not_served_is_named(changing: Changing) -> None:
    """A misspelt kind says what comes near; an unknown cluster is NOT_FOUND."""
    error = await changing.by("alice").refused(DELETE, ns=changing.namespace, type="configmap5", name="x")
    assert (error["code"], "did you mean configmaps" in error["message"]) == ("BAD_USER_INPUT", True)
    manifest = {"apiVersion": "example.com/v1", "kind": "Nothing", "metadata": {"name": "x"}}
    error = await changing.by("alice").refused(APPLY, manifest=manifest)
    assert "serves no Nothing of example.com/v1" in error["message"]


async def _replica_sets(changing: Changing, count: int) -> list[dict[str, Any]]:
    async def found() -> list[dict[str, Any]] | None:
        listed = await changing.api.get(changing.path("replicasets", group="apps"))
        items: list[dict[str, Any]] = (listed or {}).get("items", [])
        return items if len(items) == count else None

    sets: list[dict[str, Any]] = await until(found, f"there are {count} ReplicaSets")
    return sets


async def _gone(changing: Changing, path: str) -> None:
    async def is_gone() -> bool:
        return await changing.api.get(path) is None

    await until(is_gone, f"{path} is gone")
