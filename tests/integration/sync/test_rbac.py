"""Access as the graph has it against the apiserver's own SubjectAccessReview."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Iterable
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from kgraph.api.rbac import can_i, who_can
from kgraph.api.reading.reader import Reader
from kgraph.graphdb.store import Store
from kgraph.kube.rbac import GROUP, Identity, Request, account_user, impersonated
from kgraph.sync.options import SyncOptions
from tests.integration.sync.live import Api
from tests.integration.sync.rbac_worlds import AGGREGATED, API, World, worlds
from tests.servers import Cluster
from tests.workers import cluster_settings, running, until

KINDS = SyncOptions(watch_resources=("namespaces", "roles", "clusterroles", "rolebindings", "clusterrolebindings"))
CLUSTER = "access"
REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"

rounds = itertools.count()


class Scene:
    """A cluster whose RBAC is another one in each round, and its graph."""

    def __init__(self, store: Store, api: Api, spaces: dict[str, str]) -> None:
        self.reader, self.api, self.spaces = Reader(store), api, spaces
        self._made: list[str] = []

    def placed(self, value: Any) -> Any:
        """A value with the two namespaces' names for their stand-ins."""
        text = json.dumps(value)
        for letter, name in self.spaces.items():
            text = text.replace(f"{{{letter}}}", name)
        return json.loads(text)

    async def become(self, world: World) -> None:
        """Take the world's RBAC for that of before, and wait until the apiserver and the graph decide by it."""
        await self.clear()
        await self.make((self.placed(path), self.placed(body)) for path, body in world.objects)
        wanted = world.aggregated_rules()

        async def is_aggregated() -> bool:
            role = await self.api.get(f"{API}/clusterroles/{AGGREGATED}")
            return role is not None and (role["rules"] or []) == wanted

        await until(is_aggregated, "the controller has aggregated")
        # What comes after all else in each kind's watch says that all else has come.
        mark, space = f"kgraph-test-mark-{next(rounds)}", self.spaces["a"]
        subjects = [{"kind": "User", "apiGroup": GROUP, "name": mark}]
        within = f"{API}/namespaces/{space}"
        await self.make(
            (f"{where}/{'roles' if kind == 'Role' else 'clusterroles'}", role(mark, "mark", kind))
            for where, kind in ((within, "Role"), (API, "ClusterRole"))
        )
        await self.make(
            (
                f"{where}/{plural}",
                {
                    "metadata": {"name": mark},
                    "roleRef": {"apiGroup": GROUP, "kind": kind, "name": mark},
                    "subjects": subjects,
                },
            )
            for where, plural, kind in ((within, "rolebindings", "Role"), (API, "clusterrolebindings", "ClusterRole"))
        )
        who = Identity(mark, ())
        marks = [Request("mark", "", "role", namespace=space), Request("mark", "", "clusterrole")]

        async def has_come() -> bool:
            found = [await self.reviewed(who, request) for request in marks]
            found += [(await can_i(self.reader, CLUSTER, request, who, timeout=30)).allowed for request in marks]
            return all(found)

        await until(has_come, "the apiserver and the graph have all of it")

    async def make(self, objects: Iterable[tuple[str, Any]]) -> None:
        """Create objects, to be deleted in the end."""
        todo = list(objects)
        self._made += [f"{path}/{body['metadata']['name']}" for path, body in todo]
        await asyncio.gather(*(self.api.make(path, **body) for path, body in todo))

    async def clear(self) -> None:
        """Delete what was made."""
        await asyncio.gather(*(self.api.delete(path) for path in self._made))
        self._made.clear()

    async def reviewed(self, who: Identity, request: Request) -> bool:
        """What the apiserver says."""
        spec: dict[str, Any] = {"user": who.user, "groups": list(who.groups)}
        attributes = {name: value for name, value in msgspec.to_builtins(request).items() if value}
        kind = "nonResourceAttributes" if request.path else "resourceAttributes"
        review = await self.api.make(REVIEWS, spec=spec | {kind: attributes})
        return bool(review["status"]["allowed"])


def role(name: str, verb: str, kind: str) -> dict[str, Any]:
    """A role that allows one thing, which is called as the kind is."""
    return {"metadata": {"name": name}, "rules": [{"verbs": [verb], "apiGroups": [""], "resources": [kind.lower()]}]}


@pytest.fixture
async def scene(store: Store, api: Api, control_plane: Cluster, namespace: str) -> AsyncIterator[Scene]:
    """A worker that follows the RBAC of the cluster, and two namespaces, the second of them no object."""
    async with running(store, cluster_settings(control_plane, CLUSTER), KINDS):
        made = Scene(store, api, {"a": namespace, "b": f"{namespace}-b"})
        await api.make("/api/v1/namespaces", metadata={"name": made.spaces["b"]})
        yield made
        await made.clear()
        await api.delete(f"/api/v1/namespaces/{made.spaces['b']}")


@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(world=worlds())
async def test_the_graph_decides_as_the_apiserver_does(scene: Scene, world: World) -> None:
    """Over random RBAC, aggregation included, canI is the apiserver's answer, and whoCan names whom it allows."""
    await scene.become(world)
    for identity, request in world.questions:
        who = msgspec.convert(scene.placed(msgspec.to_builtins(identity)), Identity)
        asked = msgspec.convert(scene.placed(msgspec.to_builtins(request)), Request)
        decision = await can_i(scene.reader, CLUSTER, asked, who, timeout=30)
        granted = await who_can(scene.reader, CLUSTER, asked, first=1000, timeout=30)
        assert decision.allowed == await scene.reviewed(who, asked), (who, asked, decision)
        assert decision.complete
        assert not granted.gaps
        names = {(one.subject.kind, one.subject.namespace, one.subject.name) for one in granted.items}
        users = {account_user(space or "", name) if kind == "ServiceAccount" else name
                 for kind, space, name in names if kind != "Group"}  # fmt: skip
        groups = {name for kind, _, name in names if kind == "Group"}
        assert (who.user in users or not groups.isdisjoint(who.groups)) == decision.allowed, (who, asked, names)


@pytest.mark.parametrize(
    ("user", "groups"),
    [
        pytest.param("jane", (), id="user"),
        pytest.param("jane", ("devs", "ops"), id="groups"),
        pytest.param("jane", ("devs", "system:authenticated"), id="authenticated already"),
        pytest.param("jane", ("system:unauthenticated",), id="said not to be authenticated"),
        pytest.param("system:serviceaccount:shop:web", (), id="account"),
        pytest.param("system:serviceaccount:shop:web", ("devs",), id="account in groups of one's own"),
        pytest.param("system:serviceaccount:shop", (), id="no account"),
        pytest.param("system:node:node-1", (), id="node"),
    ],
)
async def test_groups_are_those_of_who_is_impersonated(
    control_plane: Cluster, user: str, groups: tuple[str, ...]
) -> None:
    """The groups that a user is taken to be in are those that the apiserver gives one who is impersonated."""
    arguments = [f"--as={user}", *(f"--as-group={group}" for group in groups)]
    # The unauthenticated may not ask who they are; as administrators they may.
    if "system:unauthenticated" in groups:
        arguments.append("--as-group=system:masters")
        groups = (*groups, "system:masters")
    said = json.loads(await control_plane.kubectl("auth", "whoami", "-o", "json", *arguments))["status"]["userInfo"]
    identity = impersonated(user, groups)
    assert (identity.user, sorted(identity.groups)) == (said["username"], sorted(said["groups"]))


async def test_an_aggregated_rule_names_the_role_that_it_is_from(scene: Scene) -> None:
    """Of a rule that a controller has copied, the answer names the ClusterRole that it was written in."""
    labels = {"kgraph-test/x": "yes"}
    sums = {"clusterRoleSelectors": [{"matchLabels": labels}]}
    await scene.make(
        [
            (f"{API}/clusterroles", {"metadata": {"name": "kgraph-test-sum-x"}, "aggregationRule": sums}),
            (f"{API}/clusterroles", role("kgraph-test-part", "dance", "pods") | {"metadata": {
                "name": "kgraph-test-part", "labels": labels}}),
            (f"{API}/clusterrolebindings", {
                "metadata": {"name": "kgraph-test-dancers"},
                "roleRef": {"apiGroup": GROUP, "kind": "ClusterRole", "name": "kgraph-test-sum-x"},
                "subjects": [{"kind": "Group", "apiGroup": GROUP, "name": "dancers"}],
            }),
        ]
    )  # fmt: skip
    request = Request("dance", "", "pods", namespace=scene.spaces["a"])

    async def is_allowed() -> Any:
        found = await can_i(scene.reader, CLUSTER, request, impersonated("jane", ["dancers"]), timeout=30)
        return found if found.allowed else None

    found = await until(is_allowed, "the aggregated rule is in the graph")
    assert found.grant.origin == "kgraph-test-part"
    assert found.reason == (
        "ClusterRoleBinding kgraph-test-dancers gives Group dancers the ClusterRole kgraph-test-sum-x, which has the "
        "rule of ClusterRole kgraph-test-part"
    )
    (grant,) = (await who_can(scene.reader, CLUSTER, request, first=10, timeout=30)).items[:1]
    assert (grant.subject.name, grant.origin) == ("dancers", "kgraph-test-part")
