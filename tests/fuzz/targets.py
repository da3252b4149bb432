"""The table: each parser of outside input, by what it is given, and what it may raise. Anything else is a finding."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import Any

import cramjam
import msgspec
from graphql import GraphQLError, specified_rules
from graphql import parse as parse_document

from kgraph.api import listing, statements
from kgraph.api.callers import authentication
from kgraph.api.callers.addresses import place
from kgraph.api.callers.caller import Caller
from kgraph.api.callers.impersonation import impersonated
from kgraph.api.changing import intents
from kgraph.api.changing.request_headers import idempotency_key_of, trace_id_of
from kgraph.api.entity import ATTRIBUTES, entity
from kgraph.api.errors import ApiError, BadUserInput, TooComplex
from kgraph.api.events.positions import Position
from kgraph.api.graphql import cost
from kgraph.api.graphql.persisted import PersistedQueries, PersistedQueryNotFound
from kgraph.api.graphql.schema import make_schema
from kgraph.api.graphql.validation import _validated
from kgraph.api.http.loopback import name_in
from kgraph.api.kinds import ClusterKinds
from kgraph.api.nodes import Node, absent_handle
from kgraph.api.rbac_request import Words, identity_of, request_of
from kgraph.api.rest.changes import version_of
from kgraph.api.search import lucene
from kgraph.api.search_text import parse as parse_search
from kgraph.api.served import Target as Resource
from kgraph.api.settings import Limits
from kgraph.cli.answers.targets import parse_targets, split_cluster
from kgraph.cli.configuration import reading as configuration
from kgraph.cli.errors import BadConfiguration
from kgraph.feed import event, message, template
from kgraph.feed.filters import EventFilter
from kgraph.graphdb.health import HEALTH_ROWS, health_rule
from kgraph.graphdb.kinds import KINDS
from kgraph.graphdb.model import GroupKind, ResourceKey
from kgraph.kube import (
    durations,
    errors,
    field_paths,
    given,
    images,
    jsonpath,
    jwt,
    kustomize,
    managers,
    objects,
    ownership,
    proxies,
    rbac,
    selectors,
    snapshot,
    usage,
)
from kgraph.kube.changing import PatchType
from kgraph.kube.diff import diff
from kgraph.kube.discovery import ApiResource
from kgraph.kube.field_selectors import FieldSelector
from kgraph.kube.nesting import decoded
from kgraph.kube.quantities import Quantity, QuantityError, number
from kgraph.kube.stated import stated
from kgraph.kube.watching import _Lines
from kgraph.sync.extract import Extractor, Unidentified
from kgraph.telemetry.tracing import parsed
from tests.unit.sync.graphs import CATALOGUE

SCHEMA = make_schema(Limits(), mutations=True)._schema
LIMITS = Limits()
MANY = ClusterKinds(CATALOGUE, frozenset(kind.group_kind for kind in KINDS))
EXTRACTOR = Extractor("c", CATALOGUE)
ATTEMPT = errors.Attempt("GET", "/api/v1/pods", "c", "https://c")
DEPLOYMENTS = ApiResource("apps", "v1", "Deployment", "deployments")
KINDS_OF_OBJECTS = [*KINDS, *CATALOGUE.kinds]
CALLER = Caller("jane", "", (), {}, method="oidc")
FOLDER = Path(tempfile.mkdtemp(prefix="kgraph-fuzz-"))


class Target(msgspec.Struct, frozen=True):
    """One parser: how it is called with some bytes, and what it may raise; `doc` says whose bytes they are."""

    name: str
    run: Callable[[bytes], object]
    errors: tuple[type[BaseException], ...]
    doc: str

    def try_out(self, data: bytes) -> None:
        """Call it; what it may raise is well, anything else comes out."""
        with suppress(*self.errors):
            self.run(data)


def text(data: bytes) -> str:
    """The bytes as a text, lone surrogates too, which JSON can bring; as Latin-1 where they are no UTF-8."""
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def words(data: bytes, count: int) -> list[str]:
    """The bytes as so many texts, a line each; empty ones where there are no more."""
    found = text(data).split("\n", count - 1)
    return found + [""] * (count - len(found))


def json(data: bytes) -> Any:
    """The bytes as JSON, as deep as it may be; an empty object where they are none."""
    try:
        return decoded(msgspec.json.decode, data)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return {}


def an_object(data: bytes) -> dict[str, Any]:
    """The same, where it is an object."""
    found = json(data)
    return found if isinstance(found, dict) else {}


def _quantity(data: bytes) -> None:
    number(text(data))
    found = Quantity.parse(text(data))
    assert Quantity.parse(str(found)) == Quantity.parse(str(Quantity.parse(str(found)))), found
    str(found + found)


def _label_selector(data: bytes) -> None:
    found = selectors.LabelSelector.parse(text(data))
    assert selectors.LabelSelector.parse(str(found)) == found
    found.matches({"app": "web"})


def _label_object(data: bytes) -> None:
    selectors.LabelSelector.from_object(json(data)).matches({"app": "web"})


def _field_selector(data: bytes) -> None:
    found = FieldSelector.parse(text(data))
    assert FieldSelector.parse(str(found)) == found
    found.matches({"status.phase": "Running"})


def _search(data: bytes) -> None:
    lucene(parse_search(text(data)), {"prod": MANY}, None)


def _cursor(data: bytes) -> None:
    found = listing.read_cursor(text(data))
    assert listing.read_cursor(listing.cursor(found)) == found


def _position(data: bytes) -> None:
    found = Position.parse(text(data))
    assert str(found).isprintable()
    assert Position.parse(str(found)) == found


def _image(data: bytes) -> None:
    images.parse_image(text(data))
    images.digest_of_image_id(text(data))


def _kubeconfig(data: bytes) -> None:
    given.settings_of(given.GivenCluster(id="c", kubeconfig=text(data)))


def _configuration(data: bytes) -> None:
    configuration.load(f"\n{text(data)}", {})


def _variables(data: bytes) -> None:
    configuration.load("", {"RATE_LIMIT": text(data), "SYNC_NAMESPACES": text(data), "FEEDS": text(data)})


def _object(data: bytes) -> None:
    kind = KINDS_OF_OBJECTS[data[0] % len(KINDS_OF_OBJECTS) if data else 0]
    objects.head(data[1:])
    found = objects.decode(data[1:], kind.group, kind.kind, "v1")
    stated(found)
    EXTRACTOR.extract(found, kind.group, "v1", kind.kind)


def _entity(data: bytes) -> None:
    known = sorted(ATTRIBUTES)
    group, kind = known[data[0] % len(known) if data else 0]
    key = f"prod/{group or 'core'}/{kind}/shop/web"
    msgspec.json.encode(entity(Node(absent_handle(key), key), an_object(data[1:]), ()))


def _health(data: bytes) -> None:
    row = HEALTH_ROWS[data[0] % len(HEALTH_ROWS) if data else 0]
    health_rule(GroupKind(row.group, row.kinds[-1]))(an_object(data[1:]))


def _watch(data: bytes) -> None:
    lines, step = _Lines(ATTEMPT), 1 + (data[0] if data else 0)
    for at in range(1, len(data), step):
        for told in lines.feed(data[at : at + step]):
            objects.decode(told.object, "", "Secret", "v1")
    lines.end()


def _status(data: bytes) -> None:
    head, _, body = data.partition(b"\n")
    code = 300 + (data[0] if data else 0)
    errors.from_response(code, {"Retry-After": text(head[1:]), "Location": text(body)}, body, ATTEMPT, secrets=["abc"])
    str(errors.from_response(410, {}, body, ATTEMPT))


def _manifests(data: bytes) -> None:
    for one in snapshot.read("-", stdin=StringIO(text(data))):
        assert isinstance(one, snapshot.Document | snapshot.Problem)


def _kustomization(data: bytes) -> None:
    (FOLDER / "kustomization.yaml").write_bytes(data)
    kustomize.is_component(FOLDER)
    kustomize.used_by(FOLDER)


class _Claims(msgspec.Struct):
    iss: str = ""
    aud: str | list[str] = ""
    groups: list[str] = []


def _token(data: bytes) -> None:
    jwt.header_of(text(data), _Claims)
    jwt.claims_of(text(data), _Claims)
    jwt.claims_of(text(data), jwt.Times)


def _headers(data: bytes) -> None:
    pairs = [(name.decode("latin-1"), value) for name, _, value in (each.partition(b":") for each in data.split(b"\n"))]
    headers = authentication.said(pairs)
    impersonated(CALLER, headers)
    authentication._token(headers)


def _small_headers(data: bytes) -> None:
    traceparent, if_match, key, host = words(data, 4)
    assert len(trace_id_of(traceparent)) == 32
    parsed(traceparent)
    name_in(host)
    place(host)
    version_of(if_match)
    idempotency_key_of(key)


def _event(data: bytes) -> None:
    selector, *rest = data.split(b"\n", 1)
    told = event.decoded(b"".join(rest))
    wanted = EventFilter(field_selector=FieldSelector.parse(text(selector)))
    with suppress(AttributeError, TypeError, ValueError):  # as `audience.takes` has it: no selector takes it
        wanted.matches(told)
    message.unpacked(message.packed([message.message_of(told)]))


def _outbox(data: bytes) -> None:
    for one in message.unpacked(data):
        event.decoded(one.value)


def _template(data: bytes) -> None:
    template.made(template.parse(json(data)), {"resource": {"name": "web"}, "new_object": {"spec": {"a": [1, {}]}}})


def _json_path(data: bytes) -> None:
    path, obj = words(data, 2)
    read = jsonpath.reader(jsonpath.normalised(path))
    read(an_object(obj.encode("utf-8", "replace")))


def _field_path(data: bytes) -> None:
    path = field_paths.parse(text(data))
    assert field_paths.parse(field_paths.write(path)) == path


def _graphql(data: bytes) -> None:
    document = parse_document(text(data), max_tokens=LIMITS.tokens)
    if not _validated(SCHEMA, document, tuple(specified_rules)):
        cost.check(document, SCHEMA, {}, LIMITS)


def _persisted(data: bytes) -> None:
    PersistedQueries().document(None if data[:1] == b"0" else "{ __typename }", an_object(data[1:]))


def _cypher(data: bytes) -> None:
    statements.refuse_words(text(data))
    statements.refuse_plan(an_object(data))


def _words_of_rights(data: bytes) -> None:
    verb, resource_type, subresource, name, account = words(data, 5)
    identity_of("" if account else name, (), account, subresource)
    request_of(CATALOGUE, Words(verb, resource_type, subresource, name), "prod")


def _role(data: bytes) -> None:
    role = rbac.read_role(text(data))
    rbac.allowing_rule(role.rules, rbac.Request("get", "", "pods", "", "web", "shop"))


def _targets(data: bytes) -> None:
    split_cluster(text(data))
    parse_targets(text(data).split())


def _key(data: bytes) -> None:
    assert str(ResourceKey.parse(text(data))) == text(data)


def _duration(data: bytes) -> None:
    assert durations.seconds(text(data)) >= 0


def _managers(data: bytes) -> None:
    found = json(data)
    ownership.compact(found)
    for one in managers.managers(found):
        managers.reach(one.fields, ("spec", "containers", (("name", "web"),), "image"))
    managers.newest_time(found)


def _diff(data: bytes) -> None:
    old, new = (json(each) for each in [*data.split(b"\n", 1), b""][:2])
    assert not diff(old, old)
    for one in diff(old, new):
        assert field_paths.write(field_paths.parse(one.where)) == one.where


def _patch(data: bytes) -> None:
    kind = list(PatchType)[data[0] % len(PatchType) if data else 0]
    target = Resource.of("prod", DEPLOYMENTS, "shop", "web")
    content = json(data[1:])
    for intent in (
        intents.patch(target, content, kind, "fuzz", "1"),
        intents.replace(target, content if isinstance(content, dict) else {}, "fuzz"),
    ):
        intent.needs({"spec": {"replicas": 1, "template": {"spec": {}}}})


def _usage(data: bytes) -> None:
    usage.of_object(DEPLOYMENTS, an_object(data))
    usage.of_pod(an_object(data))


def _registration(data: bytes) -> None:
    given.joined(text(data), {})


def _proxy(data: bytes) -> None:
    proxy, no_proxy, host = words(data, 3)
    proxies.proxy_for("https://prod.example.com:6443", {"HTTPS_PROXY": proxy, "NO_PROXY": no_proxy})
    proxies.proxy_for("https://192.0.2.1", {"HTTPS_PROXY": proxy, "NO_PROXY": host})


DECODING = (msgspec.MsgspecError, UnicodeDecodeError)
TARGETS: tuple[Target, ...] = (
    Target("quantity", _quantity, (QuantityError,), "amounts in objects"),
    Target("label-selector", _label_selector, (selectors.SelectorError,), "a caller's, in kubectl's syntax"),
    Target("label-object", _label_object, (selectors.SelectorError,), "selectors in objects"),
    Target("field-selector", _field_selector, (selectors.SelectorError,), "a caller's"),
    Target("search", _search, (BadUserInput,), "what a caller looks for"),
    Target("cursor", _cursor, (BadUserInput,), "a caller's place in a list"),
    Target("position", _position, (BadUserInput,), "Last-Event-ID"),
    Target("image", _image, (), "images in objects"),
    Target("kubeconfig", _kubeconfig, (errors.ConfigurationError,), "a caller's kubeconfig, of addCluster"),
    Target("configuration", _configuration, (BadConfiguration,), "the configuration, prices and tenants in it"),
    Target("variables", _variables, (BadConfiguration,), "the environment"),
    Target("object", _object, (errors.BadAnswer, Unidentified), "objects, from the wire to the graph"),
    Target("entity", _entity, (), "objects, from the graph to an entity"),
    Target("health", _health, (), "objects, as they are judged"),
    Target("watch", _watch, (errors.BadAnswer, errors.Unavailable), "a watch's frames"),
    Target("status", _status, (), "answers that are errors, of whoever answers"),
    Target("manifests", _manifests, (), "manifests and snapshots, as YAML and JSON"),
    Target("kustomization", _kustomization, (), "a kustomization.yaml"),
    Target("token", _token, (), "a bearer token, as a JWT"),
    Target("headers", _headers, (ApiError,), "Authorization and Impersonate-…"),
    Target("small-headers", _small_headers, (ApiError,), "traceparent, If-Match, Idempotency-Key, Host"),
    Target("event", _event, (*DECODING, selectors.SelectorError), "events of Kafka and Redis, through a filter"),
    Target("outbox", _outbox, (*DECODING, cramjam.DecompressionError), "what is kept of events in the graph"),
    Target("template", _template, (ValueError,), "a feed's template"),
    Target("json-path", _json_path, (ValueError,), "paths of the configuration, into any object"),
    Target("field-path", _field_path, (ValueError,), "paths of changes"),
    Target("graphql", _graphql, (GraphQLError, TooComplex), "documents: read, validated, weighed"),
    Target("persisted", _persisted, (BadUserInput, PersistedQueryNotFound), "extensions of a request"),
    Target("cypher", _cypher, (BadUserInput,), "a caller's own statement, and Neo4j's plan of it"),
    Target("rights", _words_of_rights, (BadUserInput,), "canI and whoCan"),
    Target("role", _role, (), "Roles, as rights are reckoned"),
    Target("targets", _targets, (BadConfiguration,), "the words of a command"),
    Target("key", _key, (ValueError,), "a caller's key of a resource"),
    Target("duration", _duration, (ValueError,), "durations of callers and objects"),
    Target("managers", _managers, (), "managedFields"),
    Target("diff", _diff, (), "two states of an object"),
    Target("patch", _patch, (BadUserInput,), "JSON, merge and strategic patches, and whole objects"),
    Target("usage", _usage, (), "what an object asks of quotas"),
    Target("registration", _registration, (errors.ConfigurationError,), "clusters that were added"),
    Target("proxy", _proxy, (errors.ConfigurationError,), "HTTPS_PROXY and NO_PROXY"),
)
BY_NAME: Mapping[str, Target] = {target.name: target for target in TARGETS}
CORPUS = Path(__file__).parent / "corpus"


def seeds(target: Target) -> Iterator[Path]:
    """The files of a target's corpus."""
    yield from sorted((CORPUS / target.name).glob("*"))
