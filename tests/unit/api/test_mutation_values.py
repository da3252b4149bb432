"""What mutations are as values: inputs as manifests, paths without values, refusals as callers are told them."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from kgraph.api.changing import intents
from kgraph.api.changing.audit import paths
from kgraph.api.connections import Connections
from kgraph.api.errors import BadUserInput, Conflict
from kgraph.api.graphql.kinds.network import ServiceType
from kgraph.api.graphql.mutation_inputs import (
    ConfigMapInput,
    ContainerInput,
    ContainerPortInput,
    DeploymentInput,
    EnvVarInput,
    PodInput,
    ResourcesInput,
    ServiceInput,
    ServicePortInput,
)
from kgraph.api.graphql.scalars import JSON
from kgraph.api.graphql.schema import make_schema
from kgraph.api.graphql.typed_mutations import ROWS
from kgraph.api.refusals import refusal
from kgraph.api.served import Served, Target
from kgraph.api.settings import Limits
from kgraph.kube import errors as kube
from kgraph.kube.changing import PatchType
from kgraph.kube.discovery import ApiResource, Discovery

CONFIGMAPS = ApiResource("", "v1", "ConfigMap", "configmaps")
NODES = ApiResource("", "v1", "Node", "nodes", namespaced=False)
VALUE = "s3cr3t"
ATTEMPT = kube.Attempt("PATCH", "/api/v1/namespaces/shop/secrets/login", "prod", "https://prod")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(
            PodInput(
                labels=JSON({"app": "web"}),
                containers=[
                    ContainerInput(
                        name="c",
                        image="nginx",
                        env=[EnvVarInput(name="A", value="b")],
                        ports=[ContainerPortInput(container_port=80, name="http")],
                        resources=ResourcesInput(requests=JSON({"cpu": "1"})),
                        manifest=JSON({"workingDir": "/tmp", "image": "other"}),
                    )
                ],
            ),
            {
                "metadata": {"labels": {"app": "web"}},
                "spec": {
                    "containers": [
                        {
                            "workingDir": "/tmp",
                            "image": "nginx",
                            "name": "c",
                            "env": [{"name": "A", "value": "b"}],
                            "ports": [{"containerPort": 80, "name": "http"}],
                            "resources": {"requests": {"cpu": "1"}},
                        }
                    ]
                },
            },
            id="pod",
        ),
        pytest.param(
            DeploymentInput(
                replicas=2, pod_labels=JSON({"a": "b"}), strategy="Recreate", manifest=JSON({"spec": {"paused": True}})
            ),
            {
                "spec": {
                    "paused": True,
                    "replicas": 2,
                    "strategy": {"type": "Recreate"},
                    "template": {"metadata": {"labels": {"a": "b"}}},
                }
            },
            id="deployment",
        ),
        pytest.param(
            ServiceInput(
                type=ServiceType.NODE_PORT, ports=[ServicePortInput(port=80, target_port=JSON("http"))], selector=None
            ),
            {"spec": {"selector": None, "type": "NodePort", "ports": [{"port": 80, "targetPort": "http"}]}},
            id="service",
        ),
        pytest.param(
            ConfigMapInput(data=JSON({"a": None}), manifest=JSON({"data": {"b": "c"}})),
            {"data": {"b": "c", "a": None}},
            id="configmap",
        ),
    ],
)
def test_an_input_is_a_part_of_a_manifest(given: Any, expected: dict[str, Any]) -> None:
    """Typed fields win over the manifest's, what is not given is left out, and null is null."""
    assert given.part() == expected


def test_a_new_deployment_knows_its_pods() -> None:
    """Without a selector it is `app: <name>`, as kubectl has it; the Pods get the selector's labels."""
    (row,) = [row for row in ROWS if row.word == "Deployment"]
    assert row.fill("web", {})["spec"] == {
        "selector": {"matchLabels": {"app": "web"}},
        "template": {"metadata": {"labels": {"app": "web"}}},
    }
    given = {
        "spec": {"selector": {"matchLabels": {"x": "y"}}, "template": {"metadata": {"labels": {"x": "y", "z": "1"}}}}
    }
    assert row.fill("web", given) == given


def test_paths_tell_what_was_given_and_no_value() -> None:
    """They are sorted, lists of objects count as one, and of many the rest is counted."""
    given = {"spec": {"replicas": 1, "containers": [{"name": "a"}, {"image": VALUE}], "args": [VALUE]}, "data": {}}
    assert paths(given) == ("data", "spec.args", "spec.containers[].image", "spec.containers[].name", "spec.replicas")
    assert paths({f"k{number:02}": VALUE for number in range(30)})[-2:] == ("k19", "and 10 more")
    assert VALUE not in str(paths({"data": {"password": VALUE}, "stringData": VALUE}))


@pytest.mark.parametrize(
    ("name", "namespace"), [("a/b", "shop"), ("a", "../x"), ("", "shop"), ("a", ""), ("a?b", "shop"), ("x" * 254, "a")]
)
def test_what_is_no_name_is_no_target(name: str, namespace: str) -> None:
    """A name is a part of an address: it must not lead elsewhere."""
    with pytest.raises(BadUserInput, match="of Kubernetes"):
        Target.of("prod", CONFIGMAPS, namespace, name)


@pytest.mark.parametrize("version", ["v1?x=", "v1#", "..", "v1%2f..", "v1\r\nx", "", "V1", "v1\n"])
async def test_what_is_no_version_is_no_part_of_an_address(version: str) -> None:
    """A manifest's apiVersion is asked for as it is written, so only what can be a version is."""
    nothing: Any = None
    served = Served(Connections(nothing, nothing, ()))
    served._found["prod"] = (time.monotonic(), Discovery((CONFIGMAPS,)))
    assert (await served.written("prod", "v1beta2", "ConfigMap")).api_version == "v1beta2"
    with pytest.raises(BadUserInput, match="serves no ConfigMap of"):
        await served.written("prod", version, "ConfigMap")


def test_a_kind_without_namespaces_has_none() -> None:
    """Whatever namespace is said, the target has none."""
    assert Target.of("prod", NODES, "shop", "node-1") == Target("prod", NODES, "", "node-1")


def test_a_manifest_goes_with_its_arguments() -> None:
    """What it says itself of its name, namespace, kind and version must be what was asked for; managedFields go."""
    target = Target("prod", CONFIGMAPS, "shop", "a")
    intent = intents.create(target, {"metadata": {"labels": {"x": "y"}, "managedFields": []}}, "")
    assert intent.write.body == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"labels": {"x": "y"}, "name": "a", "namespace": "shop"},
    }
    for wrong in ({"metadata": {"name": "b"}}, {"metadata": {"namespace": "b"}}, {"kind": "Secret"}, {"metadata": "x"}):
        with pytest.raises(BadUserInput):
            intents.create(target, wrong, "")


@pytest.mark.parametrize("content", [[], "text", None, 5])
def test_a_patch_that_is_none_is_refused(content: Any) -> None:
    """The error says what a patch of that kind is."""
    target = Target("prod", CONFIGMAPS, "shop", "a")
    with pytest.raises(BadUserInput, match="is an object"):
        intents.patch(target, content, PatchType.MERGE, "")
    with pytest.raises(BadUserInput, match="list of operations"):
        intents.patch(target, {"a": "b"}, PatchType.JSON, "")


def _error(code: int, reason: str, message: str, field: str = "") -> kube.KubeError:
    causes = [kube.Cause(reason="FieldValueInvalid", message=message, field=field)] if field else None
    answer = kube.Status(
        kind="Status", status="Failure", message=message, reason=reason, code=code, details=kube.Details(causes=causes)
    )
    return kube.from_status(answer, ATTEMPT)


@pytest.mark.parametrize(
    "error",
    [
        _error(422, "Invalid", f'Secret "login" is invalid: data[x]: Invalid value: "{VALUE}"', "data[x]"),
        _error(400, "BadRequest", f"cannot decode {VALUE}"),
        _error(403, "Forbidden", f'admission webhook "w" denied the request: {VALUE} is weak'),
        _error(500, "", f"failed to create typed patch object: got {VALUE}"),
        _error(500, "InternalError", f"webhook: {VALUE}"),
    ],
    ids=["invalid", "bad-request", "webhook", "schema", "internal"],
)
def test_what_quotes_a_secret_is_withheld(error: kube.KubeError) -> None:
    """Of a Secret the fields and reasons are told, and none of the words that may have a value in them."""
    told = refusal(error, secret=True)
    assert VALUE not in str(told) + str(told.extensions)
    assert "withheld" in str(told)
    assert VALUE in str(refusal(error))


def test_who_may_not_touch_a_secret_is_told_why() -> None:
    """The authorizer's sentence has no value in it."""
    message = 'secrets "login" is forbidden: User "bob" cannot patch resource "secrets"'
    assert message in str(refusal(_error(403, "Forbidden", message), secret=True))


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (_error(404, "NotFound", ""), "NOT_FOUND"),
        (_error(409, "AlreadyExists", ""), "CONFLICT"),
        (_error(409, "Conflict", ""), "CONFLICT"),
        (_error(422, "Invalid", ""), "INVALID"),
        (_error(400, "BadRequest", ""), "BAD_USER_INPUT"),
        (_error(403, "Forbidden", ""), "FORBIDDEN"),
        (_error(504, "Timeout", ""), "TIMEOUT"),
        (_error(401, "Unauthorized", ""), "CLUSTER_UNAVAILABLE"),
        (_error(429, "TooManyRequests", ""), "CLUSTER_UNAVAILABLE"),
        (_error(503, "", ""), "CLUSTER_UNAVAILABLE"),
    ],
)
def test_every_refusal_has_a_code(error: kube.KubeError, code: str) -> None:
    """An apiserver's answer becomes the code that callers know, with Kubernetes' own reason beside it."""
    told = refusal(error)
    assert (told.code, told.extensions.get("reason", "")) == (code, error.reason)


def test_a_paused_deployment_is_not_restarted() -> None:
    """As kubectl refuses it: nothing would happen."""
    deployments = ApiResource("apps", "v1", "Deployment", "deployments")
    intent = intents.restart(Target("prod", deployments, "shop", "web"), datetime.now(UTC), "")
    with pytest.raises(Conflict, match="paused"):
        intent.needs({"spec": {"paused": True}})
    assert intent.needs({"spec": {}}) is None


def test_mutations_are_left_out_unless_enabled() -> None:
    """The schema of a server without `enable_mutations` has no mutation, and still shows what was done before."""
    assert make_schema(Limits())._schema.mutation_type is None
    query = make_schema(Limits())._schema.query_type
    assert query is not None
    assert "auditTrail" in query.fields


def test_every_mutation_takes_dry_run() -> None:
    """All can be tried without an effect, all that are specified are there, and deletions answer with a Boolean."""
    schema = make_schema(Limits(), mutations=True)._schema
    assert schema.mutation_type is not None
    fields = schema.mutation_type.fields
    wanted = {
        "createPod", "updatePod", "deletePod", "createDeployment", "updateDeployment", "scaleDeployment",
        "rolloutRestart", "deleteDeployment", "createService", "updateService", "deleteService", "createConfigMap",
        "updateConfigMap", "deleteConfigMap", "createNamespace", "deleteNamespace", "applyResource", "patchResource",
        "deleteResource", "addCluster", "removeCluster",
    }  # fmt: skip
    assert set(fields) == wanted
    assert [name for name, field in fields.items() if "dryRun" not in field.args] == []
    assert {str(field.type) for name, field in fields.items() if name.startswith("delete")} == {"Boolean!"}
    assert "namespace" not in fields["createNamespace"].args
