"""Paths into objects: the edge table's patterns compiled to one trie per kind, walked once over each object.

A pattern is written as in the table: `spec.rules[].host`; `[]` is each item of a list, `a|b` either key,
`["a.b/c"]` a key with dots. A read path may also have `[type=Ready]`, the first item with that text.

Objects come from anywhere, so that a text may stand where a map should: it is skipped and reported, never raised.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Generic, TypeVar

import msgspec

EACH = "[]"  # no key of a Kubernetes object is written so
_STEP = re.compile(r'\.?(?:\["(?P<quoted>[^"]+)"\]|(?P<each>\[\])|\[(?P<filter>[^\]=]+=[^\]]*)\]|(?P<plain>[^.\[]+))')

A = TypeVar("A")


class Filter(msgspec.Struct, frozen=True, gc=False):
    """The first item of a list whose `key` is `value`."""

    key: str
    value: str


Step = str | Filter
Path = tuple[Step, ...]


@lru_cache(maxsize=4096)  # every cluster compiles the same table
def parse(text: str) -> tuple[Path, ...]:
    """The paths that a pattern stands for, more than one where it has `a|b`; ValueError where it is none."""
    paths: list[Path] = [()]
    at = 0
    while at < len(text):
        match = _STEP.match(text, at)
        if match is None:
            raise ValueError(f"{text!r} is no path: see kgraph.sync.paths, at {text[at:]!r}")
        at = match.end()
        steps: tuple[Step, ...]
        if match["quoted"]:
            steps = (match["quoted"],)
        elif match["each"]:
            steps = (EACH,)
        elif match["filter"]:
            key, _, value = match["filter"].partition("=")
            steps = (Filter(key, value),)
        else:
            steps = tuple(match["plain"].split("|"))
        paths = [(*path, step) for path in paths for step in steps]
    return tuple(paths)


def parse_one(text: str) -> Path:
    """The one path that a pattern without `a|b` stands for."""
    (path,) = parse(text)
    return path


def write(path: Path, indices: Sequence[int] = ()) -> str:
    """The path as text, its `[]` numbered by `indices` as far as they go."""
    text, used = "", 0
    for step in path:
        if step == EACH:
            text += f"[{indices[used]}]" if used < len(indices) else EACH
            used += 1
        elif isinstance(step, Filter):
            text += f"[{step.key}={step.value}]"
        elif "." in step or "/" in step:
            text += f'["{step}"]'
        else:
            text += f".{step}" if text else step
    return text


def dig(value: Any, path: Path) -> Any:
    """The value at a path without `[]`; None where there is none or a step does not fit what stands there."""
    for step in path:
        if type(value) is dict:
            value = value.get(step) if isinstance(step, str) else None
        elif type(value) is list and isinstance(step, Filter):
            value = next((item for item in value if type(item) is dict and item.get(step.key) == step.value), None)
        else:
            return None
    return value


def read(value: Any, path: Path) -> Any:
    """As `dig`; a path with `[]` gives the list of all values that are there."""
    if EACH not in path:
        return dig(value, path)
    return [found for _, found in find_all(value, path)]


def find_all(value: Any, path: Path, indices: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Any]]:
    """Every value at a path, with the indices of the list items that it stands in."""
    for at, step in enumerate(path):
        if step == EACH:
            if type(value) is list:
                for index, item in enumerate(value):
                    yield from find_all(item, path[at + 1 :], (*indices, index))
            return
        value = dig(value, (step,))
    if value is not None:
        yield indices, value


class Trie(Generic[A]):
    """Patterns with what to do where one ends; a value of `A` for each."""

    __slots__ = ("actions", "children", "each", "keys", "leaf", "template")

    def __init__(self, path: Path = ()) -> None:
        self.actions: tuple[A, ...] = ()
        self.children: dict[str, Trie[A]] = {}
        self.keys: tuple[tuple[str, Trie[A]], ...] = ()  # the children again: a tuple is quicker to go through
        self.each: Trie[A] | None = None
        self.leaf = True
        self.template = write(path).replace("%", "%%").replace(EACH, "[%d]")

    def add(self, path: Path, action: A, *, _at: int = 0) -> None:
        """Do `action` at `path`."""
        if _at == len(path):
            self.actions = (*self.actions, action)
            return
        step = path[_at]
        if isinstance(step, Filter):
            raise TypeError(f"{write(path)!r}: a filter has no place in the edge table")
        self.leaf = False
        if step == EACH:
            if self.each is None:
                self.each = Trie(path[: _at + 1])
            self.each.add(path, action, _at=_at + 1)
            return
        if step not in self.children:
            self.children[step] = Trie(path[: _at + 1])
            self.keys = tuple(self.children.items())
        self.children[step].add(path, action, _at=_at + 1)

    def where(self, indices: tuple[int, ...]) -> str:
        """This place of the trie as text: `spec.containers[0].image`."""
        return self.template % indices


class Walk(Generic[A]):
    """One walk over one object: `visit` is called wherever a pattern of the trie ends, null being the same as absent.

    It gets the action, what stands there, the way (the values passed, from the object to before it), the indices of
    the list items passed, and the place in the trie. `problems` is given what was not as expected.
    """

    __slots__ = ("_problems", "_visit", "_way")

    def __init__(
        self, visit: Callable[[A, Any, list[Any], tuple[int, ...], Trie[A]], None], problems: list[str]
    ) -> None:
        self._visit = visit
        self._problems = problems
        self._way: list[Any] = []

    def go(self, trie: Trie[A], value: Any, indices: tuple[int, ...] = ()) -> None:
        """Walk on from a place of the trie and what stands there.

        Leaves are visited without a call of their own: they are most of a walk.
        """
        way, visit = self._way, self._visit
        for action in trie.actions:
            visit(action, value, way, indices, trie)
        of = type(value)
        if of is dict:
            keys = trie.keys
            items = keys if len(keys) <= len(value) else value.items()
            children = trie.children
            way.append(value)
            for key, _ in items:
                if key in children and (item := value.get(key)) is not None:
                    child = children[key]
                    if child.leaf:
                        for action in child.actions:
                            visit(action, item, way, indices, child)
                    else:
                        self.go(child, item, indices)
            way.pop()
        elif of is list and trie.each is not None:
            each = trie.each
            wanted = None if each.actions or each.each else each.children.keys()
            way.append(value)
            for index, item in enumerate(value):
                if item is None or (wanted and type(item) is dict and wanted.isdisjoint(item)):
                    continue
                if each.leaf:
                    for action in each.actions:
                        visit(action, item, way, (*indices, index), each)
                else:
                    self.go(each, item, (*indices, index))
            way.pop()
        if not trie.actions and ((of is not dict and trie.keys) or (of is not list and trie.each is not None)):
            expected = "map" if trie.keys else "list"
            self._problems.append(f"{trie.where(indices)} is {_name(value)} where a {expected} was expected")


def _name(value: Any) -> str:
    names = {dict: "a map", list: "a list", str: "a text", bool: "a truth", int: "a number", float: "a number"}
    return names.get(type(value), type(value).__name__)
