"""Label selectors: read, compared with labels, written back as kubectl takes them.

The grammar and the answers are those of apimachinery's `pkg/labels/selector.go` (v0.37); a property test asks the real
apiserver.
"""

import re
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any, NoReturn, Self

import msgspec

# apimachinery pkg/api/validate/content: IsLabelKey and IsLabelValue.
_NAME = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_PREFIX = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*")
_MAX_PREFIX_CHARACTERS = 253
_INTEGER = re.compile(r"[0-9]+")
_MAX_INTEGER = 2**63 - 1  # Go compares label values as int64; a larger one is no number to it
_TOKEN = re.compile(r"[ \t\r\n]+|==|!=|[=!<>(),]|[^ \t\r\n=!<>(),]+")
_SYMBOLS = frozenset({"==", "=", "!=", "!", "<", ">", "(", ")", ","})
_END = ""  # no token is empty, so the empty one is the end


class SelectorError(ValueError):
    """A selector that cannot be understood; the message shows it and says what was expected where."""


class Operator(Enum):
    """How a requirement compares; the values are those of `matchExpressions` and of node affinity."""

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"
    GREATER = "Gt"
    LESS = "Lt"


_OBJECT_OPERATORS = {op.value: op for op in (Operator.IN, Operator.NOT_IN, Operator.EXISTS, Operator.DOES_NOT_EXIST)}


class Requirement(msgspec.Struct, frozen=True, gc=False):
    """One condition on one label; `values` is sorted, and empty for EXISTS and DOES_NOT_EXIST."""

    key: str
    operator: Operator
    values: tuple[str, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether the labels fulfil this condition; an absent label fulfils NOT_IN."""
        value = labels.get(self.key)
        match self.operator:
            case Operator.IN:
                return value in self.values
            case Operator.EXISTS:
                return value is not None
            case Operator.NOT_IN:
                return value not in self.values
            case Operator.DOES_NOT_EXIST:
                return value is None
        number, bound = _integer(value), int(self.values[0])
        if number is None:
            return False
        return number > bound if self.operator is Operator.GREATER else number < bound

    def __str__(self) -> str:
        match self.operator:
            case Operator.EXISTS:
                return self.key
            case Operator.DOES_NOT_EXIST:
                return f"!{self.key}"
            case Operator.GREATER:
                return f"{self.key}>{self.values[0]}"
            case Operator.LESS:
                return f"{self.key}<{self.values[0]}"
        if len(self.values) == 1:
            return f"{self.key}{'=' if self.operator is Operator.IN else '!='}{self.values[0]}"
        word = "in" if self.operator is Operator.IN else "notin"
        return f"{self.key} {word} ({','.join(self.values)})"


class LabelSelector(msgspec.Struct, frozen=True, gc=False):
    """Conditions on labels that must all hold. Equal selectors are equal, however they were written.

    Without requirements it selects everything; `NOTHING` selects nothing, which no text can say.
    """

    requirements: tuple[Requirement, ...] = ()
    nothing: bool = False

    @classmethod
    def from_object(cls, selector: Mapping[str, Any] | None) -> Self:
        """Read a `metav1.LabelSelector` (matchLabels, matchExpressions).

        As Kubernetes has it, `{}` selects everything and None selects nothing; where an API means something
        else by an absent selector (a NetworkPolicy's podSelector), the caller passes `{}`.
        """
        if selector is None:
            return cls(nothing=True)
        if not isinstance(selector, Mapping):
            raise SelectorError(f"{selector!r} is no label selector: an object was expected")
        labels, expressions = selector.get("matchLabels") or {}, selector.get("matchExpressions") or []
        if not isinstance(labels, Mapping) or not isinstance(expressions, list):
            raise SelectorError(f"{selector!r} is no label selector: matchLabels is an object, matchExpressions a list")
        found = [_requirement(key, Operator.IN, (value,), selector) for key, value in labels.items()]
        for expression in expressions:
            if not isinstance(expression, Mapping):
                raise SelectorError(f"{expression!r} in {selector!r}: key, operator and values were expected")
            name = expression.get("operator")
            operator = _OBJECT_OPERATORS.get(name) if isinstance(name, str) else None
            if operator is None:
                allowed = ", ".join(_OBJECT_OPERATORS)
                raise SelectorError(f"operator {name!r} in {selector!r} is none of {allowed}")
            values = expression.get("values") or ()
            found.append(_requirement(expression.get("key"), operator, values, selector))
        return cls(_ordered(found))

    @classmethod
    def from_labels(cls, labels: Mapping[str, str]) -> Self:
        """Read a plain map of labels that must all be there, such as a ReplicationController's selector.

        An empty map selects everything here; an API where it selects nothing (a Service) is the caller's to know.
        """
        return cls(_ordered(_requirement(key, Operator.IN, (value,), labels) for key, value in labels.items()))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read kubectl's syntax: `a=b,c!=d,e in (x,y),f notin (z),g,!h,i>1,j<2`; empty text is everything."""
        return cls(_ordered(_Parser(text).requirements()))

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether an object with these labels is selected."""
        if self.nothing:
            return False
        for requirement in self.requirements:  # noqa: SIM110 - a generator costs more than the comparison
            if not requirement.matches(labels):
                return False
        return True

    def required_pairs(self) -> tuple[tuple[str, str], ...]:
        """Every label and value that all selected objects have."""
        return tuple(
            (requirement.key, requirement.values[0])
            for requirement in self.requirements
            if requirement.operator is Operator.IN and len(requirement.values) == 1
        )

    def required_pair(self) -> tuple[str, str] | None:
        """A label and value that every selected object has, for an index to find the selector by; None if none."""
        pairs = self.required_pairs()
        return pairs[0] if pairs else None

    def __str__(self) -> str:
        """As kubectl and the apiserver read it; `<nothing>`, which they refuse, where nothing is selected."""
        return "<nothing>" if self.nothing else ",".join(map(str, self.requirements))


EVERYTHING = LabelSelector()
NOTHING = LabelSelector(nothing=True)


class _Parser:
    """The recursive descent of apimachinery's `Parser`, its peculiarities (`a in (,)`) included."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = [word for word in _TOKEN.findall(text) if word.strip(" \t\r\n")]
        self._at = 0

    def requirements(self) -> list[Requirement]:
        found: list[Requirement] = []
        if self._next() == _END:
            return found
        while True:
            found.append(self._requirement())
            word = self._take()
            if word == _END:
                return found
            if word != ",":
                raise self._unexpected(word, "',' or the end")

    def _requirement(self) -> Requirement:
        absent = self._next() == "!"
        if absent:
            self._take()
        key = self._identifier("a label's name")
        if absent:
            return _requirement(key, Operator.DOES_NOT_EXIST, (), self._text)
        if self._next() in (_END, ","):
            return _requirement(key, Operator.EXISTS, (), self._text)
        match word := self._take():
            case "=" | "==":
                return _requirement(key, Operator.IN, (self._value(),), self._text)
            case "!=":
                return _requirement(key, Operator.NOT_IN, (self._value(),), self._text)
            case ">":
                return _requirement(key, Operator.GREATER, (self._value(),), self._text)
            case "<":
                return _requirement(key, Operator.LESS, (self._value(),), self._text)
            case "in":
                return _requirement(key, Operator.IN, self._values(), self._text)
            case "notin":
                return _requirement(key, Operator.NOT_IN, self._values(), self._text)
        raise self._unexpected(word, "one of = == != > < in notin")

    def _value(self) -> str:
        return "" if self._next() in (_END, ",") else self._identifier("a value")

    def _values(self) -> set[str]:
        if (word := self._take()) != "(":
            raise self._unexpected(word, "'('")
        values: set[str] = set()
        previous = ","  # an empty place between commas is the empty value
        while (word := self._take()) != ")":
            if word == _END or (word in _SYMBOLS and word != ","):
                raise self._unexpected(word, "a value, ',' or ')'")
            if word == ",":
                if previous == ",":
                    values.add("")
            elif previous == ",":
                values.add(word)
            else:
                raise self._unexpected(word, "',' or ')'")
            previous = word
        if previous == ",":
            values.add("")  # `(a,)`, and as apimachinery has it also `()`
        return values

    def _identifier(self, wanted: str) -> str:
        word = self._take()
        if word == _END or word in _SYMBOLS:
            raise self._unexpected(word, wanted)
        return word

    def _next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else _END

    def _take(self) -> str:
        word = self._next()
        self._at += 1
        return word

    def _unexpected(self, found: str, wanted: str) -> SelectorError:
        place = f"{found!r}" if found else "the end"
        return SelectorError(f"label selector {self._text!r}: found {place} where {wanted} was expected")


def _requirement(key: Any, operator: Operator, values: Any, source: Any) -> Requirement:
    """A checked requirement; `source` is what the reader wrote, for the message."""

    def refuse(reason: str) -> NoReturn:
        raise SelectorError(f"label selector {source!r}: {reason}")

    if not isinstance(key, str) or not _is_label_key(key):
        refuse(f"{key!r} is no label's name: [prefix/]name of letters, digits, '-', '_' and '.'")
    if isinstance(values, str) or not isinstance(values, Iterable):
        refuse(f"the values of {key} are {values!r}, and should be a list")
    texts = list(values)
    for value in texts:
        if not isinstance(value, str) or (value and not _NAME.fullmatch(value)):
            refuse(f"{value!r} is no label's value: at most 63 letters, digits, '-', '_' and '.'")
    if operator in (Operator.IN, Operator.NOT_IN) and not texts:
        refuse(f"{operator.value} of {key} needs at least one value")
    if operator in (Operator.EXISTS, Operator.DOES_NOT_EXIST) and texts:
        refuse(f"{operator.value} of {key} takes no values")
    if operator in (Operator.GREATER, Operator.LESS) and _integer(texts[0]) is None:
        refuse(f"{key} can be compared with a whole number only, not with {texts[0]!r}")
    return Requirement(key, operator, tuple(sorted(set(texts))))


def _ordered(requirements: Iterable[Requirement]) -> tuple[Requirement, ...]:
    return tuple(sorted(set(requirements), key=lambda r: (r.key, r.operator.value, r.values)))


def _is_label_key(key: str) -> bool:
    prefix, slash, name = key.rpartition("/")
    if not _NAME.fullmatch(name):
        return False
    return not slash or (len(prefix) <= _MAX_PREFIX_CHARACTERS and _PREFIX.fullmatch(prefix) is not None)


def _integer(value: str | None) -> int | None:
    if value is None or not _INTEGER.fullmatch(value):
        return None
    number = int(value)
    return number if number <= _MAX_INTEGER else None
