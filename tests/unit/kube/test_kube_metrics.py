"""Amounts as metrics servers write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgraph.kube.metrics import amount
from kgraph.kube.quantities import Quantity


@given(st.integers(0, 10**9), st.sampled_from(["n", "u", "m", "Ki", "Mi", "Gi", "", "k"]))
def test_amounts_are_quantities(number: int, suffix: str) -> None:
    """The short way reads an amount as the exact one does."""
    written = f"{number}{suffix}"
    assert amount(written) == pytest.approx(float(Quantity.parse(written).amount), rel=1e-12)


@pytest.mark.parametrize("written", [None, "", "much", "1.5.5m", "-3m", "١m"])  # noqa: RUF001 - another script's digit
def test_what_is_no_amount_is_none(written: str | None) -> None:
    """What cannot be read is unknown, not zero."""
    assert amount(written) is None
