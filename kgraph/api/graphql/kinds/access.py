"""Who may do what: roles, and what grants them."""

import strawberry

from kgraph.api.graphql.fields import Part, at
from kgraph.api.graphql.related import inward, outward, related, related_one
from kgraph.api.graphql.resource import Resource, of_kind
from kgraph.api.graphql.scalars import JSON

_GROUP = "rbac.authorization.k8s.io"


@strawberry.type(description="What a role allows.")
class PolicyRule(Part):
    """A rule."""

    verbs: list[str] = at("verbs", "What may be done: `get`, `list`; `*` is all.")
    api_groups: list[str] = at("apiGroups", "With what of which groups; the empty one is Kubernetes' core.")
    resources: list[str] = at("resources", "With what.")
    resource_names: list[str] = at("resourceNames", "With which of them; all unless told.")
    non_resource_urls: list[str] = at("nonResourceURLs", "At which paths of the API.", name="nonResourceURLs")


@strawberry.type(description="Whom a binding grants something.")
class Subject(Part):
    """A subject of a binding."""

    kind: str | None = at("kind", "`User`, `Group` or `ServiceAccount`.")
    name: str | None = at("name", "The name.")
    namespace: str | None = at("namespace", "A ServiceAccount's namespace.")


@of_kind(_GROUP, "What may be done in a Namespace.")
class Role(Resource):
    """A Role."""

    rules: list[PolicyRule] = at("rules", "What it allows.")
    role_bindings = related(f"RoleBinding.{_GROUP}", "What grants it.", inward("BINDS"))


@of_kind(_GROUP, "What may be done everywhere, or where it is granted.")
class ClusterRole(Resource):
    """A ClusterRole."""

    rules: list[PolicyRule] = at("rules", "What it allows.")
    aggregation_rule: JSON | None = at("aggregationRule", "Of which other ClusterRoles its rules are made.")
    role_bindings = related(f"RoleBinding.{_GROUP}", "What grants it in a Namespace.", inward("BINDS"))
    cluster_role_bindings = related(f"ClusterRoleBinding.{_GROUP}", "What grants it everywhere.", inward("BINDS"))


@of_kind(_GROUP, "Grants a role in a Namespace.")
class RoleBinding(Resource):
    """A RoleBinding."""

    role_kind: str | None = at("roleRef.kind", "`Role` or `ClusterRole`.")
    role_name: str | None = at("roleRef.name", "The role's name.")
    subjects: list[Subject] = at("subjects", "Whom it grants it.")
    role = related_one("", "The role.", outward("BINDS"))
    service_accounts = related("ServiceAccount", "The ServiceAccounts among them.", outward("SUBJECT"))


@of_kind(_GROUP, "Grants a ClusterRole everywhere.")
class ClusterRoleBinding(Resource):
    """A ClusterRoleBinding."""

    role_kind: str | None = at("roleRef.kind", "`ClusterRole`.")
    role_name: str | None = at("roleRef.name", "The role's name.")
    subjects: list[Subject] = at("subjects", "Whom it grants it.")
    role = related_one("", "The role.", outward("BINDS"))
    service_accounts = related("ServiceAccount", "The ServiceAccounts among them.", outward("SUBJECT"))
