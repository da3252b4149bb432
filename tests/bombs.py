"""Questions that are made to keep the API busy: the tests have each refused, the bench says how soon."""

import json
from typing import Any


def asks(query: str, **variables: Any) -> dict[str, Any]:
    """A request."""
    return {"query": query, "variables": variables}


def nested(times: int, opening: str, middle: str, closing: str, *, inside: str = "{ clusters %s }") -> dict[str, Any]:
    """A document with something in itself so many times."""
    return asks(inside % (opening * times + middle + closing * times))


def doubled(levels: int) -> str:
    """Fragments that each spread the next one twice."""
    spreads = (f"fragment f{at} on Cluster {{ ...f{at + 1} ...f{at + 1} }}" for at in range(levels))
    return f"{{ clusters {{ ...f0 }} }} {' '.join(spreads)} fragment f{levels} on Cluster {{ id }}"


def many(count: int, text: str) -> str:
    """A text so many times, each with its number where it has an @."""
    return " ".join(text.replace("@", str(at)) for at in range(count))


KINDS = "query ($kinds: [String!]) { resources(filter: {kinds: $kinds}) { totalCount } }"
LABELS = "query ($text: String!) { resources(filter: {labelSelector: $text}) { totalCount } }"
FIELDS = "query ($text: String!) { resources(filter: {fieldSelector: $text}) { totalCount } }"
BOMBS: dict[str, Any] = {
    "fields-in-fields": nested(
        10,
        "{ dependencies { items { resource ",
        "{ key }",
        " } } }",
        inside=('{ resource(cluster: "prod", resourceType: "deploy", name: "web") %s }'),
    ),
    "fields-too-deep-to-parse": nested(1_200, "{ a ", "", "}"),
    "inline-fragments-in-each-other": nested(1_000, "{ ... on Cluster ", "{ id }", "}"),
    "lists-in-lists": nested(2_000, "[", "", "]", inside="{ clusters(filter: %s) { id } }"),
    "objects-in-objects": nested(1_200, "{a:", "1", "}", inside="{ clusters(filter: %s) { id } }"),
    "types-in-types": nested(2_000, "[", "Int", "]", inside="query ($a: %s) { clusters { id } }"),
    "json-in-json": f'{{"query": "{{ clusters {{ id }} }}", "variables": {{"a": {"[" * 200_000}{"]" * 200_000}}}}}',
    "aliases": asks(f"{{ {many(51, 'a@: clusters { id }')} }}"),
    "more-aliases-than-are-read": asks(f"{{ {many(2_000, 'a@: clusters { id }')} }}"),
    "one-field-again-and-again": asks(f"{{ {many(1_200, 'clusters { id }')} }}"),
    "one-value-again-and-again": asks(f"{{ clusters {{ {many(4_900, 'id')} }} }}"),
    "fragments-that-double": asks(doubled(18)),
    "fragments-that-double-200-times": asks(doubled(200)),
    "a-field-of-many-fragments": asks(
        f"{{ clusters {{ {many(450, '...f@')} }} }} {many(450, 'fragment f@ on Cluster { id }')}"
    ),
    "fragments-in-a-circle": asks(
        "{ clusters { ...a } } fragment a on Cluster { ...b } fragment b on Cluster { ...a }"
    ),
    "fragments-that-all-spread-each-other": asks(
        f"{{ clusters {{ ...f0 }} }} {many(30, 'fragment f@ on Cluster { ' + many(30, '...f@') + ' }')}"
    ),
    "directives": asks(f"{{ clusters {{ id {'@include(if: true) ' * 800} }} }}"),
    "unknown-fields": asks(f"{{ clusters {{ {many(2_400, 'nothing@')} }} }}"),
    "unknown-arguments": asks(f"{{ clusters({many(1_000, 'nothing@: 1')}) {{ id }} }}"),
    "variables": asks(f"query ({many(1_000, '$v@: Int')}) {{ clusters {{ id }} }}"),
    "operations": asks(many(700, "query q@ { clusters { id } }")),
    "lists-of-lists": asks("{ resources(first: 5000) { nodes { dependents(first: 500) { items { type } } } } }"),
    "introspection-in-a-circle": nested(9, "{ fields { type ", "{ name }", " } }", inside="{ __schema { types %s } }"),
    "a-list-of-too-many-values": asks(KINDS, kinds=["pods"] * 150_000),
    "a-list-of-wrong-values": asks(KINDS, kinds=["nothing"] * 10_000),
    "entities": asks(
        "query ($them: [_Any!]!) { _entities(representations: $them) { ... on Pod { name } } }",
        them=[{"__typename": "Pod", "key": "x"}] * 20_000,
    ),
    "a-long-comment": asks(f"# {'x' * 900_000}\n{{ clusters {{ id }} }}"),
    "a-long-name": asks(f"{{ clusters {{ {'x' * 900_000} }} }}"),
    "a-long-number": asks(f"{{ resources(first: {'9' * 900_000}) {{ totalCount }} }}"),
    "a-number-too-long-for-python": asks(f"{{ resources(first: {'9' * 5_000}) {{ totalCount }} }}"),
    "a-long-text": asks(f'{{ cluster(id: "{"x" * 900_000}") {{ id }} }}'),
    "a-long-name-in-a-variable": asks("query ($id: ID!) { cluster(id: $id) { id } }", id="x" * 900_000),
    "a-long-label-selector": asks(LABELS, text="a=b," * 200_000),
    "a-label-selector-of-brackets": asks(LABELS, text="(" * 800_000),
    "a-long-field-selector": asks(FIELDS, text="a=b," * 200_000),
    "a-long-search": asks(
        "query ($text: String!) { search(text: $text) { resource { key } } }", text="ns:x " * 150_000
    ),
    "a-long-statement": asks("query ($text: String!) { cypher(query: $text) { columns } }", text="(" * 800_000),
    "a-long-type": asks(
        'query ($text: String!) { resource(cluster: "prod", resourceType: $text, name: "x") { key } }',
        text="x" * 800_000,
    ),
    "a-body-of-two-megabytes": asks("x" * 2_000_000),
    "a-batch-of-eleven": [asks("{ clusters { id } }")] * 11,
    "a-batch-of-thousands": [asks("{ clusters { id } }")] * 5_000,
    "a-batch-of-bombs": [asks(doubled(18))] * 10,
}


def request(bomb: str, *, attempt: int = 0) -> str:
    """The body of a bomb's request, each attempt's a little different: what was refused before is remembered."""
    given = BOMBS[bomb]
    body = given if isinstance(given, str) else json.dumps(given)
    return body.replace('"query": "', f'"query": "{" " * attempt}')
