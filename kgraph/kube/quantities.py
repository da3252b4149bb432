"""Kubernetes quantities: `100m`, `1.5Gi`, `12e6`, read exactly, added up, and written as Kubernetes writes them.

The rules are those of https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ and of
apimachinery's `pkg/api/resource`: an amount is a whole number of nanos (finer ones are rounded away from zero), it
keeps the family of suffix that it was written in, and is written with the largest suffix that leaves no fraction;
a binary suffix only from 1024 on.
"""

import math
import re
from decimal import ROUND_UP, Context, Decimal
from enum import Enum
from typing import Any, Self

import msgspec

_BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}  # powers of 1024
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}  # powers of ten
_WRITTEN = re.compile(r"([+-]?)(\d+\.?\d*|\.\d+)(?:(Ki|Mi|Gi|Ti|Pi|Ei)|([numkMGTPE])|[eE]([+-]?\d+))?", re.ASCII)
_LARGEST_POWER = 18  # E
_MOST = Decimal(2**63 - 1)  # apimachinery caps what has a binary suffix here
_NANO = Decimal("1e-9")
# Nobody means more; sums of longer ones would have more digits than Python writes (4,300), and take long to reckon.
_CHARACTERS_MOST = 200
_MAX_EXPONENT = 1_000  # beyond it, only the cap or one nano is left of any amount
_EXACT = Context(prec=2_500)  # digits enough for every number with such an exponent
# How nearly all amounts of CPU and memory are written; `Quantity` reads every form, twenty times slower.
# By suffix what to multiply by and, for 1 / 1000 is no float, what to divide by.
_USUAL = {
    "n": (1, 10**9),
    "u": (1, 10**6),
    "m": (1, 10**3),
    "Ki": (2**10, 1),
    "Mi": (2**20, 1),
    "Gi": (2**30, 1),
    "": (1, 1),
}
_USUAL_DIGITS = 12  # no machine has more


class QuantityError(ValueError):
    """A text that is no quantity; the message shows it."""


class Family(Enum):
    """How an amount is written: with Ki, Mi, ..., with k, M, ..., or with an exponent."""

    BINARY = "BinarySI"
    DECIMAL = "DecimalSI"
    EXPONENT = "DecimalExponent"


class Quantity(msgspec.Struct, frozen=True):
    """An exact amount, and the family of suffixes that it is written in."""

    amount: Decimal
    family: Family = Family.DECIMAL

    @classmethod
    def parse(cls, text: str | float) -> Self:
        """Read a quantity; numbers, which YAML allows, are read as their text."""
        try:
            written = str(text)
        except ValueError:  # a whole number with more digits than Python writes
            written = ""
        match = _WRITTEN.fullmatch(written) if len(written) <= _CHARACTERS_MOST else None
        if match is None or isinstance(text, bool):
            raise QuantityError(
                f"{written[:_CHARACTERS_MOST]!r} is no quantity: "
                "a number, then one of n u m k M G T P E, Ki to Ei, or an exponent"
            )
        sign, digits, binary, decimal, exponent = match.groups()
        number, family = Decimal(digits), Family.DECIMAL
        if binary:
            number, family = _EXACT.multiply(number, Decimal(1024 ** _BINARY[binary])), Family.BINARY
        elif exponent:
            power = max(-_MAX_EXPONENT, min(_MAX_EXPONENT, int(exponent)))
            number, family = number.scaleb(power, _EXACT), Family.EXPONENT
        elif decimal:
            number = number.scaleb(_DECIMAL[decimal], _EXACT)
        number = number.quantize(_NANO, ROUND_UP, _EXACT)
        if family is Family.BINARY:
            number = min(number, _MOST)
        return cls(number.copy_negate() if sign == "-" else number, family)

    def __add__(self, other: "Quantity") -> "Quantity":
        """The sum; as in apimachinery it is written as the first that is not zero."""
        return Quantity(_EXACT.add(self.amount, other.amount), other.family if not self.amount else self.family)

    def __lt__(self, other: "Quantity") -> bool:
        """Whether it is less."""
        return self.amount < other.amount

    def __str__(self) -> str:
        """The canonical form: no fraction, the largest suffix that allows it."""
        if not self.amount:
            return "0"
        whole = self.amount == self.amount.to_integral_value()
        if self.family is Family.BINARY and whole and abs(self.amount) >= 1024:
            return _with_suffix(int(self.amount))
        nanos, power = int(self.amount.scaleb(9, _EXACT)), -9
        while nanos % 1000 == 0 and (power < _LARGEST_POWER or self.family is Family.EXPONENT):
            nanos, power = nanos // 1000, power + 3
        if self.family is Family.EXPONENT:
            return f"{nanos}e{power}" if power else str(nanos)
        return str(nanos) + next(suffix for suffix, of in _DECIMAL.items() if of == power)


ZERO = Quantity(Decimal(0))


def number(written: Any) -> float | None:
    """A quantity as a number, in cores or bytes; None where it is none, below zero, or beyond what a float holds."""
    if type(written) is str:
        for suffix, (times, parts) in _USUAL.items():
            digits = written[: len(written) - len(suffix)]
            if written.endswith(suffix) and len(digits) <= _USUAL_DIGITS and digits.isascii() and digits.isdigit():
                return int(digits) * times / parts
    elif not isinstance(written, int | float):
        return None
    try:
        found = float(Quantity.parse(written).amount)
    except QuantityError:
        return None
    return found if 0 <= found < math.inf else None


def _with_suffix(whole: int) -> str:
    suffix = ""
    for name in _BINARY:
        if whole % 1024:
            break
        whole, suffix = whole // 1024, name
    return f"{whole}{suffix}"
