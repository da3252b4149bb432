"""Who may do what: the API's questions about RBAC, and its answers in a terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from kgraph.cli.answers.client import Client
from kgraph.cli.answers.tables import print_table
from kgraph.cli.errors import BadConfiguration
from kgraph.cli.terminal import answers

_GRANT = """
    subject { kind name namespace }
    binding { kind name namespace }
    role { kind name namespace }
    rule { verbs apiGroups resources resourceNames nonResourceURLs }
    aggregatedFrom scope"""
_CAN_I = f"""
query CanI($cluster: String!, $verb: String!, $resourceType: String!, $namespace: String, $subresource: String,
           $name: String, $user: String, $groups: [String!], $serviceAccount: String) {{
  canI(cluster: $cluster, verb: $verb, resourceType: $resourceType, namespace: $namespace, subresource: $subresource,
       name: $name, user: $user, groups: $groups, serviceAccount: $serviceAccount) {{
    allowed reason complete request user groups grant {{{_GRANT} }}
  }}
}}"""
_WHO_CAN = f"""
query WhoCan($cluster: String!, $verb: String!, $resourceType: String!, $namespace: String, $subresource: String,
             $name: String, $first: Int!) {{
  whoCan(cluster: $cluster, verb: $verb, resourceType: $resourceType, namespace: $namespace, subresource: $subresource,
         name: $name, first: $first) {{
    request complete truncated reason items {{{_GRANT} }}
  }}
}}"""
EVERYWHERE = "whole cluster"
COLUMNS = ("SUBJECT", "SCOPE", "ROLE", "BINDING")
# A rule names so much of each kind in a line; `-o json` has all of it.
SHOWN = 6


class Named(msgspec.Struct, frozen=True):
    """A subject, a binding or a role."""

    kind: str
    name: str
    namespace: str | None = None

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


class Rule(msgspec.Struct, frozen=True, rename="camel"):
    """`AccessRule`."""

    verbs: tuple[str, ...]
    api_groups: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    resource_names: tuple[str, ...] = ()
    non_resource_urls: tuple[str, ...] = msgspec.field(default=(), name="nonResourceURLs")


class Grant(msgspec.Struct, frozen=True, rename="camel"):
    """`AccessGrant`."""

    subject: Named
    binding: Named
    role: Named
    rule: Rule
    aggregated_from: str | None = None
    scope: str | None = None


class Access(msgspec.Struct, frozen=True):
    """`Access`."""

    allowed: bool
    reason: str
    request: str
    grant: Grant | None = None


class Question(msgspec.Struct, frozen=True):
    """What is asked about, as kubectl's words: a verb, a type, perhaps a name, a namespace, a subresource."""

    cluster: str
    verb: str
    resource_type: str
    name: str = ""
    namespace: str = ""
    subresource: str = ""

    @property
    def variables(self) -> dict[str, Any]:
        """The variables of a query."""
        return {
            "cluster": self.cluster,
            "verb": self.verb,
            "resourceType": self.resource_type,
            "name": self.name or None,
            "namespace": self.namespace or None,
            "subresource": self.subresource or None,
        }


def split_name(resource_type: str, name: str) -> tuple[str, str]:
    """The type and the name of `pods web` and of `pods/web`; a path such as `/metrics` is no name."""
    if resource_type.startswith("/"):
        return resource_type, name
    kind, slash, after = resource_type.partition("/")
    if slash and name:
        raise BadConfiguration(f"{resource_type} {name}: two names; a part such as log goes to --subresource")
    return kind, after or name


def ask_can_i(client: Client, question: Question, *, user: str, groups: Sequence[str], account: str) -> dict[str, Any]:
    """The answer of `canI` as it came."""
    answer: dict[str, Any] = client.ask(
        _CAN_I, **question.variables, user=user or None, groups=list(groups) or None, serviceAccount=account or None
    )["canI"]
    return answer


def ask_who_can(client: Client, question: Question, *, first: int) -> dict[str, Any]:
    """The answer of `whoCan` as it came."""
    answer: dict[str, Any] = client.ask(_WHO_CAN, **question.variables, first=first)["whoCan"]
    return answer


def decision(answer: Access) -> Text:
    """Yes or no, and why: the binding, and the rule that it gives."""
    lines = [Text("yes" if answer.allowed else "no", style="bold green" if answer.allowed else "bold red")]
    lines.append(Text(answer.reason))
    if answer.grant:
        lines.append(Text(f"rule: {rule_words(answer.grant.rule)}", style="dim"))
    return Text("\n").join(lines)


def rule_words(rule: Rule) -> str:
    """A rule in a line: `get, list on pods, deployments in core, apps`."""
    if rule.non_resource_urls:
        return f"{_some(rule.verbs)} on {_some(rule.non_resource_urls)}"
    groups = [group or "core" for group in rule.api_groups]
    words = f"{_some(rule.verbs)} on {_some(rule.resources)} in {'any group' if '*' in groups else _some(groups)}"
    return f"{words}, named {_some(rule.resource_names)}" if rule.resource_names else words


def print_grants(items: Sequence[Mapping[str, Any]]) -> None:
    """A table, or two lines for each grant where the terminal is too narrow for one: folded names are hard to read."""
    rows = [row(item) for item in items]
    console = answers()
    width = sum(max(map(len, column)) + 2 for column in zip(COLUMNS, *rows, strict=True))
    if console.is_terminal and width > console.width:
        console.print(grant_lines(rows))
    else:
        print_table(COLUMNS, rows, more=False)


def row(item: Mapping[str, Any]) -> list[str]:
    """One grant's columns."""
    grant = msgspec.convert(item, Grant)
    binding = "" if grant.binding.name == grant.role.name else grant.binding.name
    return [str(grant.subject), grant.scope or EVERYWHERE, f"{grant.role.kind} {grant.role.name}", binding]


def grant_lines(rows: Sequence[Sequence[str]]) -> Group:
    """The same rows as lines: who, and below it by which role, bound as what, where."""
    lines: list[RenderableType] = []
    for subject, scope, role, binding in rows:
        where = "" if scope == EVERYWHERE else f" in {scope}"
        given = Text(f"{role}{where}" + (f", by {binding}" if binding else ""))
        lines += [Text(subject, style="bold"), Padding.indent(given, 2)]
    return Group(*lines)


def _some(words: Sequence[str]) -> str:
    shown = ", ".join(words[:SHOWN])
    return f"{shown} and {len(words) - SHOWN} more" if len(words) > SHOWN else shown
