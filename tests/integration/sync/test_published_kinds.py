"""The tables against what other projects publish of their kinds: names, scopes, properties, what no row may miss."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pytest_asyncio

from kgraph.graphdb.catalogue import Catalogue
from kgraph.graphdb.edges import EDGE_ROWS
from kgraph.graphdb.kinds import CUSTOM_KINDS
from kgraph.graphdb.kinds.row import row as kind_row
from kgraph.graphdb.model import GroupKind
from kgraph.kube.snapshot import Document, read
from kgraph.sync.extract import Extractor
from kgraph.sync.paths import EACH, Path, parse
from tests.definitions import PROJECTS, files

# Kinds that come to these groups when they lose the X before their name: no project defines them so yet.
NOT_YET = frozenset({"gateway.networking.k8s.io", "gateway.networking.x-k8s.io"})
CUT_DOWN = frozenset({"linkerd.io"})  # its definition here is ours
# What is called after a Secret, a ConfigMap or an account, and no row should read, as `Kind.group: path`, and why.
NO_REFERENCE: Mapping[str, str] = {
    r": spec\.(.*\.)?(env|envFrom|volumes|containers|initContainers|imagePullSecrets)\[\]": "of Pods that state it too",
    r"podTemplate|^Experiment.*: spec\.templates\[\]\.template\.": "of Pods that state it too",
    r": status\.": "what was, not what is needed",
    r"^Challenge": "an issuer's, who states it; a Challenge lives for minutes",
    r"secretStoreRefs?(\[\])?$": "a store",
    r"secretKey$|secretsPath$|secretVersionSelectionPolicy$|(external|push)SecretName$": "a name of something else",
    r"awsSecretManager\.secrets\[\]|azureKeyVault\.secrets\[\]": "a secret of a cloud",
    r"^ClusterSecretStore.*\.webhook\.secrets\[\]$|^SecretStore.*\.webhook\.secrets\[\]$": "a name for what is in it",
    r"^Cluster(PushSecret|ExternalSecret|AnalysisTemplate)": "in each namespace that it is used in",
    r"hashiCorpVault\.credential\.serviceAccount$": "a path of a file",
    r"^(ServiceEntry|AuthorizationPolicy)": "a name, or a pattern of names, in certificates",
    r"datadog\.secretRef$": "in the namespace of whoever analyses",
    r"^(AnalysisTemplate|AnalysisRun).*\.provider\.job\.": "of a Job that states it too",
    r"^(AnalysisTemplate|AnalysisRun).*oauth2\.clientSecret$": "the secret itself",
    r"^ClusterServiceVersion.*: spec\.install\.spec\.deployments": "of a Deployment that states it too",
}
_IS_REFERENCE = re.compile(r"secret|configmap|serviceaccount", re.IGNORECASE)


class Defined(NamedTuple):
    """One kind as its project defines it."""

    kind: GroupKind
    spec: Mapping[str, Any]

    def has(self, pattern: str) -> bool:
        """Whether some version has something at a path, or with `a|b` at one of them."""
        schemas = [version["schema"]["openAPIV3Schema"] for version in self.spec["versions"]]
        return any(_reaches(schema, path) for schema in schemas for path in parse(pattern))

    @property
    def stored(self) -> tuple[str, Mapping[str, Any]]:
        """The version that is stored, and its schema."""
        (version,) = (version for version in self.spec["versions"] if version["storage"])
        return version["name"], version["schema"]["openAPIV3Schema"]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def defined() -> dict[GroupKind, Defined]:
    """Every kind of the projects."""
    found = {}
    for project in PROJECTS.values():
        for file in await files(project):
            for document in read(file):
                assert isinstance(document, Document), document
                if document.object["kind"] == "CustomResourceDefinition":
                    spec = document.object["spec"]
                    kind = GroupKind(spec["group"], spec["names"]["kind"])
                    found[kind] = Defined(kind, spec)
    return found


def _reaches(schema: Any, path: Path) -> bool:
    """Whether a schema allows something at a path; a filter stands for an item of a list."""
    if not path or schema.get("x-kubernetes-preserve-unknown-fields"):
        return True
    if path[0] == EACH or not isinstance(path[0], str):
        return "items" in schema and _reaches(schema["items"], path[1:])
    below = schema.get("properties", {}).get(path[0], schema.get("additionalProperties"))
    return type(below) is dict and _reaches(below, path[1:])


async def test_custom_kind_has_the_names_and_the_scope_of_its_definition(defined: dict[GroupKind, Defined]) -> None:
    """A kind is known by the names and the scope that its project gives it, before it is discovered."""
    had, wanted = set(), set()
    for row in CUSTOM_KINDS:
        if row.group_kind not in defined:
            assert row.group in NOT_YET, f"no project of the tests defines {row.group_kind}"
            continue
        spec = defined[row.group_kind].spec
        names = spec["names"]
        usual = kind_row(row.group, row.kind, names["plural"], *names.get("shortNames", ()))
        singular = names.get("singular") or usual.singular
        had.add((row.group_kind, row.plural, row.singular, frozenset(row.short_names), row.namespaced))
        scope = spec["scope"] == "Namespaced"
        wanted.add((row.group_kind, usual.plural, singular, frozenset(usual.short_names), scope))
    assert had == wanted


async def test_promoted_and_noisy_paths_are_in_the_schema(defined: dict[GroupKind, Defined]) -> None:
    """No property comes from, and no noise is left out of, where a kind has nothing."""
    missing = []
    for row in CUSTOM_KINDS:
        if row.group_kind in defined and row.group not in CUT_DOWN:
            paths = [path for path in (row.pod_spec, *row.promote.values(), *row.noise) if path and path[0] != "@"]
            missing += [f"{row.group_kind}: {path}" for path in paths if not defined[row.group_kind].has(path)]
    assert not missing, "\n".join(missing)


def _references(schema: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """What may name a Secret, a ConfigMap or a ServiceAccount below a schema: the path, and an example."""
    if schema.get("type") == "array":
        yield from _references(schema.get("items", {}), (*path, EACH))
        return
    properties = schema.get("properties", {})
    called = next((step for step in reversed(path) if step != EACH), "")
    is_key = {"name", "key"} <= properties.keys() <= {"name", "key", "optional", "namespace"}
    if is_key or (_IS_REFERENCE.search(called) and "name" in properties):
        example = {"name": "wanted", "key": "k", "namespace": "shop"}
        yield path, {field: value for field, value in example.items() if field in properties}
    elif _IS_REFERENCE.search(called) and schema.get("type") == "string" and "enum" not in schema:
        yield path, "wanted"
    for field, below in properties.items():
        yield from _references(below, (*path, field))


def _object(path: tuple[str, ...], value: Any) -> Any:
    for step in reversed(path):
        value = [value] if step == EACH else {step: value}
    return value


async def test_reference_that_a_schema_has_is_an_edge(defined: dict[GroupKind, Defined]) -> None:
    """Wherever a kind of the edge table can name a Secret, a ConfigMap or an account, it has an edge to it."""
    extractor = Extractor("c", Catalogue(CUSTOM_KINDS))
    starts = {start for row in EDGE_ROWS for start in row.start}
    read_from, missed, excused = 0, [], set()
    for kind, each in defined.items():
        version, schema = each.stored
        for path, value in _references(schema) if str(kind) in starts else ():
            obj = {"metadata": {"name": "x", "namespace": "shop"}, **_object(path, value)}
            edges = extractor.extract(obj, kind.group, version, kind.kind).resource.edges
            if any(edge.end.endswith("/wanted") for edge in edges):
                read_from += 1
                continue
            where = f"{kind}: {'.'.join(path).replace('.[]', '[]')}"
            reasons = {pattern for pattern in NO_REFERENCE if re.search(pattern, where)}
            excused |= reasons
            missed += [] if reasons else [where]
    assert not missed, "\n".join(missed)
    assert read_from > 500  # the monitoring operator's alone are as many
    assert excused == NO_REFERENCE.keys()
