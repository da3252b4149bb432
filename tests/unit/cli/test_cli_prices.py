"""The price table of the configuration: what it becomes, and what cannot be one."""

import pytest

from kgraph.api.prices import PriceRule, Prices
from kgraph.cli.configuration.reading import load
from kgraph.cli.errors import BadConfiguration
from kgraph.cli.services import api_settings

TABLE = """
prices:
  currency: EUR
  cpu_hour: 0.03
  memory_gib_hour: 0.004
  storage_gib_month: 0.1
  rules:
    - {cluster: prod, node_label: node.kubernetes.io/instance-type=m5.large, node_hour: 0.096}
    - {cluster: lab, storage_gib_month: 0}
"""


def test_prices_reach_the_api() -> None:
    """A price table is the API's, a price of 0 in a rule included."""
    label = "node.kubernetes.io/instance-type=m5.large"
    rules = (
        PriceRule(cluster="prod", node_label=label, node_hour=0.096),
        PriceRule(cluster="lab", storage_gib_month=0.0),
    )
    expected = Prices(currency="EUR", cpu_hour=0.03, memory_gib_hour=0.004, storage_gib_month=0.1, rules=rules)
    assert api_settings(load(TABLE, {})).prices == expected


def test_a_variable_holds_the_table() -> None:
    """PRICES holds the section as YAML."""
    assert load("", {"PRICES": "{cpu_hour: 1}"}).prices == Prices(cpu_hour=1.0)


def test_no_prices_are_none() -> None:
    """Without a table nothing costs nothing: the cost is not known."""
    assert api_settings(load("", {})).prices is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("prices: {cpu_hour: -1}", "prices.cpu_hour is -1; allowed is a number, 0 or more"),
        ("prices: {currency: EUR}", "prices has no price above 0"),
        ("prices: {cpu_hours: 1}", "there is no setting prices.cpu_hours; did you mean cpu_hour?"),
        ("prices: {cpu_hour: 1, rules: [{node_label: m5.large}]}", "prices.rules[0].node_label is 'm5.large'"),
        ("prices: {rules: [{node_hour: 1, cpu_hour: 1}]}", "prices.rules[0] prices a whole Node and its parts"),
        (
            "prices: {rules: [{node_label: a=b, storage_gib_month: 1}]}",
            "prices.rules[0] prices storage by a Node's label",
        ),
    ],
    ids=["negative", "no price", "misspelt", "no label", "twice", "storage of a Node"],
)
def test_what_is_no_price_table_is_an_error(text: str, words: str) -> None:
    """A mistake names its place, the value and what is allowed."""
    with pytest.raises(BadConfiguration) as error:
        load(text, {})
    assert words in str(error.value)
