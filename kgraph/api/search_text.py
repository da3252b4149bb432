"""The text of a search, taken apart: free words, `"quoted phrases"`, and filters such as `kind:pod ns:shop -l:app=web`.

A filter is `key:value`, or `key:one,two` for either; `-` before a word or a filter turns it round. A value that holds
a space or a comma stands in quotes, and so does a word that holds a colon.
"""

import re
from collections.abc import Mapping

import msgspec

from kgraph.api.errors import BadUserInput
from kgraph.graphdb.health import Health

CHARACTERS_MOST = 1_000  # a search is typed; what is longer is a mistake
TERMS_MOST = 16  # each is looked for in every name
LEAST_CHARACTERS = 2  # a single letter is in everything


class FilterKey(msgspec.Struct, frozen=True):
    """One key of a filter: how it may be written, and what it compares."""

    name: str
    spellings: tuple[str, ...]
    doc: str


FILTER_KEYS = (
    FilterKey("kind", ("kind",), "as kubectl takes it: `pod`, `deploy`, `certificates.cert-manager.io`"),
    FilterKey("namespace", ("ns", "namespace"), "a namespace; `team-*` for all that begin so"),
    FilterKey("cluster", ("cluster",), "a cluster's id"),
    FilterKey("image", ("image",), "a part of an image's reference: `nginx`, `nginx:1.27`"),
    FilterKey("label", ("l", "label"), "`app=web`, or `app` for any value"),
    FilterKey("health", ("health",), ", ".join(f"`{health.lower()}`" for health in Health)),
    FilterKey("name", ("name",), "the whole name; `web-*` for all that begin so"),
)
_BY_SPELLING: Mapping[str, str] = {spelling: key.name for key in FILTER_KEYS for spelling in key.spellings}


class Filter(msgspec.Struct, frozen=True):
    """One filter: a key, the values of which one has to fit, and whether none may."""

    key: str
    values: tuple[str, ...]
    negated: bool = False


class Asked(msgspec.Struct, frozen=True):
    """What a text asks for: everything that has all words and none of `without`, and passes the filters."""

    words: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()


_PART = re.compile(r'"((?:\\.|[^"\\])*)"|([^\s,"]+)', re.DOTALL)
_KEY = re.compile(r"([A-Za-z]+):(?!/)")  # not the colon of `https://`


def parse(text: str) -> Asked:
    """Take a text apart; BadUserInput says what is wrong with it, and what there is."""
    if len(text) > CHARACTERS_MOST:
        raise BadUserInput(f"the text has {len(text)} characters; {CHARACTERS_MOST} are allowed")
    words: list[str] = []
    without: list[str] = []
    filters: list[Filter] = []
    at = 0
    while (at := _after_space(text, at)) < len(text):
        begin, negated = at, text[at] == "-"
        at += negated
        key = _KEY.match(text, at)
        if key:
            values, at = _values(text, key.end())
            filters.append(_filter(key[1], values, negated=negated))
        else:
            values, at = _values(text, at, several=False)
            (without if negated else words).append(_word(values[0], text[begin:at]))
    if len(words) + len(without) + len(filters) > TERMS_MOST:
        raise BadUserInput(f"the text has more than {TERMS_MOST} words and filters")
    if not words and all(one.negated for one in filters):
        raise BadUserInput(f"text is {text!r}, which asks for nothing: write a word, or a filter; {_there_are()}")
    return Asked(tuple(words), tuple(without), tuple(filters))


def _filter(spelling: str, values: list[str], *, negated: bool) -> Filter:
    key = _BY_SPELLING.get(spelling.lower())
    if key is None:
        literal = f"{spelling}:{values[0]}"
        raise BadUserInput(f'there is no filter {spelling!r}; {_there_are()}. Write "{literal}" to look for the text')
    if not all(values):
        raise BadUserInput(f"the filter {spelling}: has an empty value; write {spelling}:value")
    if key == "health":
        values = [value.upper() for value in values]
        for value in values:
            if value not in Health.__members__:
                raise BadUserInput(f"health:{value.lower()}: there are {', '.join(Health).lower()}")
    return Filter(key, tuple(dict.fromkeys(values)), negated)


def _values(text: str, at: int, *, several: bool = True) -> tuple[list[str], int]:
    """The values from a place on, and where they end; with `several` a comma parts them."""
    values = [""]
    while at < len(text) and not text[at].isspace():
        if several and text[at] == ",":
            values.append("")
            at += 1
            continue
        match = _PART.match(text, at)
        if match is not None:
            values[-1] += match[2] if match[1] is None else re.sub(r"\\(.)", r"\1", match[1], flags=re.DOTALL)
            at = match.end()
        elif text[at] == '"':
            raise BadUserInput(f"a quote is not closed: {text[at:]}")
        else:  # a comma in a word
            values[-1] += text[at]
            at += 1
    return values, at


def _word(value: str, written: str) -> str:
    word = value.strip()
    if len(word) < LEAST_CHARACTERS:
        raise BadUserInput(f"{written!r} is too short to look for; at least {LEAST_CHARACTERS} characters are needed")
    return word


def _after_space(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _there_are() -> str:
    return "filters: " + ", ".join(f"{spelling}:" for key in FILTER_KEYS for spelling in key.spellings)
