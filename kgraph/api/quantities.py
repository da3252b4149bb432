"""Kubernetes quantities: `500m`, `128Mi`, `1.5Gi`; read, added up, written back.

A sum is written as Kubernetes would write it: in the binary suffix if any part had one, in `m` below one.
See https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/.
"""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

_BINARY = {"Ki": 1024, "Mi": 1024**2, "Gi": 1024**3, "Ti": 1024**4, "Pi": 1024**5, "Ei": 1024**6}
_DECIMAL = {
    "n": Decimal("1e-9"), "u": Decimal("1e-6"), "m": Decimal("1e-3"), "": Decimal(1), "k": Decimal(1000),
    "M": Decimal(10) ** 6, "G": Decimal(10) ** 9, "T": Decimal(10) ** 12, "P": Decimal(10) ** 15,
    "E": Decimal(10) ** 18,
}  # fmt: skip
_QUANTITY = re.compile(r"([+-]?[0-9]*\.?[0-9]+\.?)(?:([KMGTPE]i)|([numkMGTPE]?)|[eE]([+-]?[0-9]{1,3}))")


def parse(text: str) -> tuple[Decimal, bool]:
    """A quantity's value, and whether it was written with a binary suffix; ValueError if it is none."""
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no quantity: write a number with a suffix such as m, k, Mi or Gi")
    number, binary, decimal, exponent = match.groups()
    value = Decimal(number.rstrip("."))
    if binary:
        return value * _BINARY[binary], True
    if exponent:
        return value * Decimal(10) ** int(exponent), False
    return value * _DECIMAL[decimal or ""], False


def write(value: Decimal, *, binary: bool) -> str:
    """A value as a quantity, in the largest suffix that needs no fraction."""
    if binary and value == value.to_integral_value():
        for suffix, factor in reversed(_BINARY.items()):
            if value and value % factor == 0:
                return f"{int(value / factor)}{suffix}"
        return str(int(value))
    for suffix in ("E", "P", "T", "G", "M", "k", "", "m", "u", "n"):
        scaled = value / _DECIMAL[suffix]
        if scaled == scaled.to_integral_value() and (value or not suffix):
            return f"{int(scaled)}{suffix}"
    return f"{int((value / _DECIMAL['n']).to_integral_value())}n"


def total(parts: Iterable[Any]) -> dict[str, str]:
    """The sum of several `{cpu: 500m, memory: 128Mi}`, by resource; what is no quantity is left out."""
    sums: dict[str, tuple[Decimal, bool]] = {}
    for part in parts:
        for resource, quantity in part.items() if isinstance(part, Mapping) else ():
            try:
                value, binary = parse(str(quantity))
            except ValueError:
                continue
            before, was_binary = sums.get(resource, (Decimal(0), False))
            sums[resource] = (before + value, was_binary or binary)
    return {resource: write(value, binary=binary) for resource, (value, binary) in sorted(sums.items())}
