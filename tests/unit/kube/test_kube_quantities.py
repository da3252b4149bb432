"""Quantities by the rules of the Kubernetes documentation."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgraph.kube.quantities import ZERO, Quantity, QuantityError, number


@pytest.mark.parametrize(
    ("text", "amount", "canonical"),
    [
        # The documentation's own examples first.
        ("1.5", "1.5", "1500m"),
        ("1.5Gi", 1536 * 2**20, "1536Mi"),
        ("128974848", 128974848, "128974848"),
        ("129e6", 129000000, "129e6"),
        ("129M", 129000000, "129M"),
        ("128974848000m", 128974848, "128974848"),
        ("123Mi", 123 * 2**20, "123Mi"),
        ("100m", "0.1", "100m"),
        ("0.1", "0.1", "100m"),
        ("0", 0, "0"),
        ("0Mi", 0, "0"),
        ("-0", 0, "0"),
        ("+5", 5, "5"),
        ("-1Ki", -1024, "-1Ki"),
        (".5", "0.5", "500m"),
        ("5.", 5, "5"),
        ("1000m", 1, "1"),
        ("1000k", 10**6, "1M"),
        ("1024Mi", 2**30, "1Gi"),
        ("1000Ki", 1000 * 1024, "1000Ki"),
        ("0.5Ki", 512, "512"),
        ("0.5Gi", 2**29, "512Mi"),
        ("0.3Ki", "307.2", "307200m"),
        ("1e3", 1000, "1e3"),
        ("1e1", 10, "10"),
        ("1e-2", "0.01", "10e-3"),
        ("1E", 10**18, "1E"),
        ("1E3", 1000, "1e3"),
        ("1e21", 10**21, "1e21"),
        ("1n", "1e-9", "1n"),
        ("0.1n", "1e-9", "1n"),
        ("1u", "1e-6", "1u"),
        ("16Ei", 2**63 - 1, "9223372036854775807"),
        (2, 2, "2"),
        (0.5, "0.5", "500m"),
    ],
)
def test_quantities_are_read_exactly_and_written_canonically(
    text: str | float, amount: str | int, canonical: str
) -> None:
    """What is written in any form has the exact amount and Kubernetes' canonical form."""
    quantity = Quantity.parse(text)
    assert quantity.amount == Decimal(amount)
    assert str(quantity) == canonical


@pytest.mark.parametrize(
    "text", ["", " 1", "1 Gi", "Gi", "1e", "1KI", "1ki", "--1", "1.2.3", "1m5", "0x10", "\u0661", True]
)
def test_what_is_no_quantity_is_refused(text: str) -> None:
    """A text that Kubernetes would refuse is a QuantityError that shows it."""
    with pytest.raises(QuantityError) as error:
        Quantity.parse(text)
    assert repr(text) in str(error.value)


def test_sums_are_exact_and_keep_the_family_of_the_first() -> None:
    """A sum of requests is what the apiserver's own arithmetic gives."""

    def total(*quantities: str) -> str:
        return str(sum(map(Quantity.parse, quantities), ZERO))

    assert total("100m", "0.9") == "1"
    assert total("64Mi", "1Gi", "0") == "1088Mi"
    assert total("0", "1Gi") == "1Gi"
    assert total() == "0"
    assert total(*["9223372036854775807"] * 3) == "27670116110564327421"


@given(
    st.integers(-(10**15), 10**15),
    st.sampled_from(["n", "u", "m", "", "k", "M", "Ki", "Mi", "Gi", "e3", "e-4"]),
)
def test_the_canonical_form_reads_back_as_the_same_amount(number: int, suffix: str) -> None:
    """Writing loses nothing, and the canonical form is its own canonical form."""
    quantity = Quantity.parse(f"{number}{suffix}")
    again = Quantity.parse(str(quantity))
    assert abs(quantity.amount) == 2**63 - 1 or again.amount == quantity.amount
    assert str(again) == str(quantity)


@given(st.integers(0, 10**9), st.sampled_from(["n", "u", "m", "Ki", "Mi", "Gi", "", "k", ".5", "e3"]))
def test_numbers_are_what_quantities_are(whole: int, suffix: str) -> None:
    """The short way of reading an amount as a number gives what the exact one does."""
    written = f"{whole}{suffix}"
    assert number(written) == float(Quantity.parse(written).amount)


@pytest.mark.parametrize(
    "written",
    [None, "", "m", "much", "1.5.5m", "-3m", "١m", True, ["1"], "1e9999", "9" * 400],  # noqa: RUF001 - another script's digit
    ids=["none", "empty", "suffix", "words", "points", "negative", "digits", "bool", "list", "exponent", "too large"],
)
def test_what_is_no_amount_is_no_number(written: Any) -> None:
    """What cannot be read, or has no end, is unknown and not zero."""
    assert number(written) is None
