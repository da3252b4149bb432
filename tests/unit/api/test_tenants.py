"""What tenants leave to whom: members, patterns, unions, and who asks in somebody's name."""

import pytest

from kgraph.api.callers.caller import Caller, Impersonation
from kgraph.api.callers.tenants import Tenant, Tenants

SHOP = Tenant(
    name="shop", groups=("shop-devs",), users=("ann",), namespaces={"prod": ("shop", "shop-*"), "dev": ("*",)}
)
PAY = Tenant(name="pay", groups=("pay-devs",), namespaces={"prod": ("pay", "*-pay-*")})
TENANTS = Tenants([SHOP, PAY])
OF_BOTH = Caller("bea", groups=("pay-devs", "others", "shop-devs"))


@pytest.mark.parametrize(
    ("cluster", "namespace", "seen"),
    [
        ("prod", "shop", True),
        ("prod", "shop-eu", True),
        ("prod", "shop-", True),
        ("prod", "shopping", False),
        ("prod", "my-shop", False),
        ("prod", "SHOP", False),
        ("prod", "", False),
        ("dev", "anything", True),
        ("dev", "", False),
        ("staging", "shop", False),
    ],
)
def test_patterns_are_the_whole_name(cluster: str, namespace: str, *, seen: bool) -> None:
    """A pattern is of all of a name; what no namespace has, and what is in other clusters, is outside."""
    assert (TENANTS.refusal(Caller("ann"), cluster, namespace) is None) is seen


@pytest.mark.parametrize("namespace", ["pay", "eu-pay-1", "shop", "shop-1"])
def test_who_is_of_several_has_the_namespaces_of_all(namespace: str) -> None:
    """Tenants add up: what one leaves, another does not take."""
    assert TENANTS.refusal(OF_BOTH, "prod", namespace) is None
    assert TENANTS.refusal(OF_BOTH, "prod", "kube-system") is not None


@pytest.mark.parametrize("caller", [Caller("annabel"), Caller("shop-devs"), Caller("", groups=("ann",)), Caller("zoe")])
def test_who_is_of_none_is_not_narrowed(caller: Caller) -> None:
    """Neither a name that begins so, nor a user called as a group is."""
    assert TENANTS.refusal(caller, "prod", "") is None
    assert TENANTS.narrowed(caller, "prod", ["a", "shop"]) == ["a", "shop"]


def test_who_asks_as_somebody_else_is_narrowed_as_both() -> None:
    """Posing as who has more, or other, gives nothing beside what the tenants of both leave."""
    wide = Tenants([SHOP, PAY, Tenant(name="ops", users=("sam",), namespaces={"prod": ("shop", "pay")})])
    for by, user, left in (
        (Caller("ann"), Caller("zoe"), ["shop"]),
        (Caller("zoe"), Caller("ann"), ["shop"]),
        (Caller("ann"), Caller("sam"), ["shop"]),
        (Caller("x", groups=("pay-devs",)), Caller("ann"), []),
        (Caller("zoe"), Caller("yan"), ["kube-system", "pay", "shop"]),
    ):
        caller = Caller(user.user, impersonation=Impersonation(by, ()))
        assert wide.narrowed(caller, "prod", ["kube-system", "pay", "shop"]) == left


def test_a_refusal_names_the_tenants_and_what_they_have() -> None:
    """Who is refused reads by which tenant, and what it leaves."""
    assert TENANTS.refusal(OF_BOTH, "prod", "x") == (
        "to bea, who is of tenant shop, pay, there is nothing but the namespaces shop, shop-*, pay, *-pay-* in "
        "cluster prod"
    )
    assert TENANTS.refusal(Caller("ann"), "staging", "shop") == (
        "to ann, who is of tenant shop, there is nothing in cluster staging"
    )
