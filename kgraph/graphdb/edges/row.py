"""What a row of the edge table says, and the words that it is written with."""

from collections.abc import Mapping
from typing import Literal

import msgspec

# What happens to an edge's start when its end is deleted or fails.
Effect = Literal["cascade", "breaks", "degrades", "nothing"]
CASCADE: Effect = "cascade"  # it is deleted too
BREAKS: Effect = "breaks"  # it cannot work
DEGRADES: Effect = "degrades"  # it loses one of several, or a part of what it does
NOTHING: Effect = "nothing"
EFFECTS: tuple[Effect, ...] = (CASCADE, BREAKS, DEGRADES, NOTHING)
# The properties of an edge that says itself what it means.
ON_DELETE = "onDelete"
ON_FAILURE = "onFailure"

# Starts and ends that are no single kind. The kinds themselves are written as kubectl does: `Pod`, `Job.batch`.
ANY = "*"  # every kind; as an end: the kind that the reference names
CUSTOM = "custom"  # every kind that is not Kubernetes' own
PODS = "pods"  # Pod and every kind that makes Pods of a template
TEMPLATES = "templates"  # those without Pod itself

# Ends that are no resources.
CLUSTER = "cluster"
IMAGE = "image"
HOST = "host"
SUBJECT = "subject"
RELEASE = "release"
NO_RESOURCES = frozenset({CLUSTER, IMAGE, HOST, SUBJECT, RELEASE})


class Property(msgspec.Struct, frozen=True):
    """Something that an edge keeps of the place that stated it.

    `paths` are tried in turn; one that begins with `.` starts at the reference, any other at the object, where it
    shares its list items with the row's `at`. Where nothing is found, or not the default's type, stands `default`:
    Neo4j's lists have no nulls and one type. Numbers become text where the default is text.
    `merge` says how several places become one: `list` beside `fields`; `any` or `all` of truths; the `first`; the
    `strictest` failure policy, which is Fail.
    """

    name: str
    paths: tuple[str, ...] = ()
    default: str | int | bool = ""
    merge: Literal["list", "any", "all", "first", "strictest"] = "list"


class Selection(msgspec.Struct, frozen=True):
    """A label selector in the start's object that finds the ends.

    `at` is where it stands; `plain` if it is a map of labels rather than a LabelSelector. APIs differ in what an
    `absent` and an `empty` selector select: everything or nothing. `namespaces` is `own` (with a cluster-scoped
    end: the cluster) or `all`.
    """

    at: str
    plain: bool = False
    absent: Literal["everything", "nothing"] = "nothing"
    empty: Literal["everything", "nothing"] = "everything"
    namespaces: Literal["own", "all"] = "own"


class EdgeRow(msgspec.Struct, frozen=True, kw_only=True):
    """One fact about Kubernetes: kinds `start` depend on kind `end`, it is written `at` these paths.

    A path is written `spec.rules[].host`: `[]` is each item of a list, `a|b` either key, `["a.b/c"]` a key with
    dots, `{pod}` the Pod spec of a Pod or template. What stands there is a text, with `name="."`, or an object whose
    `name`, `namespace`, `kind`, `group` or `api_version`, `uid` and `optional` stand at these paths, which begin
    with `.` where they start at the reference. Without a kind it is the `default`; with a kind and no group, that of
    the `default` (unless `kind_decides`), else the kind of that name: of the own group, of core, of any other. Where
    `end` is one kind and `kind` a path, references to other kinds are another row's. A cluster-scoped start that
    names no namespace means the `home`, where its controller runs unless the setting `controller_namespaces` has it
    elsewhere.
    A path that begins with `$` is JSONPath (`kgraph.kube.jsonpath`), which is what users write rows of their own in.

    A row with a `convention` is for custom kinds of which the table has no rows: `at` is wherever their schema has a
    field that is called so (`secretName`; `*Ref` is any reference's), see `kgraph.sync.inferred`.

    The odd ones out name a function of `kgraph.sync.functions` instead: `find`, or, for edges that follow both ends,
    `follow`, or say in `selects` where a selector stands.

    `when` and `unless` compare a path of the start's object with a value. A name that begins with `skip` is none.
    A row of every kind that follows both ends names the labels and annotations of which an object that asks anything
    has one, `marks`: those that have none need not be read for it, and nobody asks while the end's kind is not served.

    With `granted`, a reference into another namespace needs a ReferenceGrant there (Gateway API): whether there is one
    is the edge's property `granted`, which follows the grants.

    `on_delete` and `on_failure` say what becomes of the start when the end is deleted or fails; an optional
    reference, and one whose edge has one of the `spared_by` properties, means nothing. `containment`
    is true of the edges that every resource has, to where it is.
    """

    type: str
    start: tuple[str, ...]
    end: str
    at: tuple[str, ...] = ()
    name: str = ".name"
    namespace: tuple[str, ...] = ()
    kind: str = ""
    default: str = ""
    group: str = ""
    api_version: str = ""
    uid: str = ""
    home: str = ""
    optional: bool | str = False
    inferred: bool = False
    kind_decides: bool = False
    convention: str = ""
    skip: str = ""
    when: Mapping[str, str | bool] = {}
    unless: Mapping[str, str | bool] = {}
    marks: tuple[str, ...] = ()
    properties: tuple[Property, ...] = ()
    find: str = ""
    selects: Selection | None = None
    follow: str = ""
    granted: bool = False
    on_delete: Effect
    on_failure: Effect = NOTHING
    spared_by: Mapping[str, str | bool] = {}
    containment: bool = False
    doc: str

    def __hash__(self) -> int:
        return hash((self.type, self.start, self.end, self.at))

    @property
    def id(self) -> str:
        """What names the row in tests and in the reference."""
        where = self.find or self.follow or (self.selects.at if self.selects else self.convention or self.at[0])
        return f"{self.type} {','.join(self.start)} -> {self.end} by {where}"

    def effect(self, change: Literal["delete", "fail"], properties: Mapping[str, object]) -> Effect:
        """What the end's deletion or failure does to the start of an edge with these properties."""
        if properties.get("optional") or any(properties.get(name) == value for name, value in self.spared_by.items()):
            return NOTHING
        return self.on_delete if change == "delete" else self.on_failure

    def saying_itself(self) -> "EdgeRow":
        """The row whose edges say themselves what they mean, for rows that are not in the table or that it outvotes."""
        said = {ON_DELETE: self.on_delete, ON_FAILURE: self.on_failure}
        properties = (Property(name, default=effect, merge="first") for name, effect in said.items())
        return msgspec.structs.replace(self, properties=(*self.properties, *properties))


def effect_on(row: EdgeRow | None, change: Literal["delete", "fail"], properties: Mapping[str, object]) -> Effect:
    """What the end's deletion or failure does to the start of an edge: the edge's own word counts before its row's."""
    said = properties.get(ON_DELETE if change == "delete" else ON_FAILURE)
    if said in EFFECTS and not properties.get("optional"):
        return said
    return NOTHING if row is None else row.effect(change, properties)
