"""Edges of RBAC, ServiceAccounts, admission, aggregated and custom APIs, and autoscaling."""

from kgraph.graphdb.edges.row import (
    ANY,
    BREAKS,
    CASCADE,
    DEGRADES,
    NOTHING,
    SUBJECT,
    EdgeRow,
    Property,
    Selection,
)

_BINDINGS = ("RoleBinding.rbac.authorization.k8s.io", "ClusterRoleBinding.rbac.authorization.k8s.io")
_CLUSTER_ROLE = "ClusterRole.rbac.authorization.k8s.io"
_ADMISSION = "admissionregistration.k8s.io"
_WEBHOOKS = (f"ValidatingWebhookConfiguration.{_ADMISSION}", f"MutatingWebhookConfiguration.{_ADMISSION}")
_CRD = "CustomResourceDefinition.apiextensions.k8s.io"
_HPA = "HorizontalPodAutoscaler.autoscaling"

ROWS = (
    EdgeRow(
        type="USES_SECRET",
        start=("ServiceAccount",),
        end="Secret",
        at=("secrets[]", "imagePullSecrets[]"),
        on_delete=DEGRADES,
        doc="Secrets that a ServiceAccount lists, and those that pull images for its Pods.",
    ),
    EdgeRow(
        type="TOKEN_OF",
        start=("Secret",),
        end="ServiceAccount",
        at=('metadata.annotations["kubernetes.io/service-account.name"]',),
        name=".",
        uid='metadata.annotations["kubernetes.io/service-account.uid"]',
        when={"type": "kubernetes.io/service-account-token"},
        on_delete=CASCADE,
        doc="The ServiceAccount whose token a Secret has, and with which it is deleted.",
    ),
    # ---- RBAC
    EdgeRow(
        type="BINDS",
        start=_BINDINGS,
        end=ANY,
        at=("roleRef",),
        kind=".kind",
        group=".apiGroup",
        on_delete=BREAKS,
        doc="The Role or ClusterRole that a binding grants.",
    ),
    EdgeRow(
        type="SUBJECT",
        start=_BINDINGS,
        end="ServiceAccount",
        find="service_account_subjects",
        on_delete=DEGRADES,
        doc="ServiceAccounts that a binding grants to, also by their user name.",
    ),
    EdgeRow(
        type="SUBJECT",
        start=_BINDINGS,
        end="Node",
        find="node_subjects",
        on_delete=DEGRADES,
        doc="Nodes that a binding grants to, by their user name `system:node:<name>`.",
    ),
    EdgeRow(
        type="SUBJECT",
        start=_BINDINGS,
        end=SUBJECT,
        find="other_subjects",
        on_delete=NOTHING,
        doc="Users and Groups that a binding grants to; who is in a group is worked out on reading.",
    ),
    EdgeRow(
        type="AGGREGATES",
        start=(_CLUSTER_ROLE,),
        end=_CLUSTER_ROLE,
        selects=Selection(at="aggregationRule.clusterRoleSelectors[]"),
        on_delete=DEGRADES,
        doc="The ClusterRoles whose rules an aggregated one is made of.",
    ),
    # ---- admission
    EdgeRow(
        type="CALLS",
        start=_WEBHOOKS,
        end="Service",
        at=("webhooks[].clientConfig.service",),
        namespace=(".namespace",),
        properties=(
            Property("webhook", ("webhooks[].name",)),
            Property("failurePolicy", ("webhooks[].failurePolicy",), "Fail", "strictest"),
        ),
        on_delete=BREAKS,
        on_failure=BREAKS,
        spared_by={"failurePolicy": "Ignore"},
        doc="The Service that answers a webhook; with failurePolicy Fail, what it guards is refused without it.",
    ),
    EdgeRow(
        type="CALLS",
        start=(_CRD,),
        end="Service",
        at=("spec.conversion.webhook.clientConfig.service", "spec.conversion.webhookClientConfig.service"),
        namespace=(".namespace",),
        properties=(
            Property("webhook"),
            Property("failurePolicy", (), "Fail", "strictest"),
        ),
        on_delete=BREAKS,
        on_failure=BREAKS,
        doc="The Service that converts between a custom kind's versions.",
    ),
    EdgeRow(
        type="SERVED_BY",
        start=("APIService.apiregistration.k8s.io",),
        end="Service",
        at=("spec.service",),
        namespace=(".namespace",),
        on_delete=BREAKS,
        on_failure=BREAKS,
        doc="The Service behind an aggregated API.",
    ),
    *(
        row
        for action in ("Validating", "Mutating")
        for row in (
            EdgeRow(
                type="BINDS_POLICY",
                start=(f"{action}AdmissionPolicyBinding.{_ADMISSION}",),
                end=f"{action}AdmissionPolicy.{_ADMISSION}",
                at=("spec.policyName",),
                name=".",
                on_delete=BREAKS,
                doc=f"The {action.lower()} admission policy that a binding puts in force.",
            ),
            EdgeRow(
                type="BINDS_POLICY",
                start=(f"{action}AdmissionPolicyBinding.{_ADMISSION}",),
                end=ANY,
                follow=f"{action.lower()}_policy_parameters",
                on_delete=BREAKS,
                doc="The parameters of a policy, whose kind the policy names: one name, or every match of a selector.",
            ),
        )
    ),
    # ---- autoscaling
    EdgeRow(
        type="SCALES",
        start=(_HPA,),
        end=ANY,
        at=("spec.scaleTargetRef",),
        kind=".kind",
        api_version=".apiVersion",
        on_delete=BREAKS,
        doc="What an autoscaler scales; without apiVersion the built-in kind of that name.",
    ),
    EdgeRow(
        type="REGARDS",
        start=(_HPA,),
        end=ANY,
        at=("spec.metrics[].object.describedObject", "spec.metrics[].object.target"),
        kind=".kind",
        api_version=".apiVersion",
        on_delete=DEGRADES,
        doc="The object whose metric an autoscaler follows.",
    ),
)
