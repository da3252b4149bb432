"""Field selectors: read, compared with fields, written back as kubectl takes them.

The grammar and the answers are those of apimachinery's `pkg/fields/selector.go` (v0.37); a property test asks the real
apiserver.
"""

import re
from collections.abc import Mapping
from typing import Self

import msgspec

from kgraph.kube.selectors import SelectorError


class FieldTerm(msgspec.Struct, frozen=True, gc=False):
    """One comparison of one field: `status.phase=Running`, or with `negated`, `status.phase!=Running`."""

    path: str
    value: str
    negated: bool = False

    def __str__(self) -> str:
        value = re.sub(r"([\\,=])", r"\\\1", self.value)
        return f"{self.path}{'!=' if self.negated else '='}{value}"


class FieldSelector(msgspec.Struct, frozen=True, gc=False):
    """Comparisons of fields that must all hold; which paths a kind has is for the reader of the kind to say."""

    terms: tuple[FieldTerm, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        r"""Read kubectl's syntax: `a.b=c,d!=e`; `\,`, `\=` and `\\` are a comma, a sign and a backslash in a value."""
        terms = []
        for part in re.findall(r"(?:\\.|[^,\\]|\\\Z)+", text, re.DOTALL):
            path, operator, value = _split_term(part)
            if operator and not path and not value:
                continue  # a bare `=` says nothing, and is taken (apimachinery fields, hasTerm.Transform)
            if not operator or not path:
                raise SelectorError(
                    f"field selector {text!r}: {part!r} compares no field; write path=value or path!=value"
                )
            terms.append(FieldTerm(path, _unescaped(value, text), negated=operator == "!="))
        return cls(tuple(terms))

    def matches(self, fields: Mapping[str, str]) -> bool:
        """Whether an object with these fields is selected; an absent field is the empty text, as in Kubernetes."""
        return all((fields.get(term.path, "") == term.value) is not term.negated for term in self.terms)

    def __str__(self) -> str:
        return ",".join(map(str, self.terms))


def _split_term(term: str) -> tuple[str, str, str]:
    match = re.search(r"!=|==|=", term)
    return (term[: match.start()], match.group(), term[match.end() :]) if match else (term, "", "")


def _unescaped(value: str, text: str) -> str:
    for match in re.finditer(r"\\(.?)|=", value, re.DOTALL):
        if match.group() == "=":
            raise SelectorError(rf"field selector {text!r}: write \= for a sign in the value {value!r}")
        if match.group(1) not in ("\\", ",", "="):
            raise SelectorError(rf"field selector {text!r}: {match.group()!r} is none of \\ \, \=")
    return re.sub(r"\\([\\,=])", r"\1", value)
