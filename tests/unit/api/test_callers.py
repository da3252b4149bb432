"""Who a caller is to each cluster, and whom they ask to be."""

import pytest

from kgraph.api.callers.caller import ANYONE, NOBODY, Caller
from kgraph.api.callers.impersonation import impersonated
from kgraph.kube.reviews import Attributes, Subject

KNOWN = "system:authenticated"
ACCOUNT = Caller(
    "system:serviceaccount:ops:bot", groups=("system:serviceaccounts", KNOWN), method="token_review", home="a"
)
CAROL = Caller("carol", groups=("auditors", "system:masters", KNOWN), method="token_review", home="a")


def test_kubernetes_own_names_count_where_they_were_said() -> None:
    """A service account is nobody in another cluster; a user is themselves there, without Kubernetes' own groups."""
    assert ACCOUNT.subject_in("a") == Subject(ACCOUNT.user, "", ACCOUNT.groups)
    assert ACCOUNT.subject_in("b") is None
    assert CAROL.subject_in("a") == Subject("carol", "", CAROL.groups)
    assert CAROL.subject_in("b") == Subject("carol", "", ("auditors", KNOWN))
    assert Caller("jane", groups=(KNOWN,), method="oidc").subject_in("a") == Subject("jane", "", (KNOWN,))


def test_who_has_not_said_who_they_are_is_nobody() -> None:
    """Nobody is nobody in every cluster."""
    assert NOBODY.subject_in("a") is None
    assert NOBODY.is_known
    assert ANYONE.subject_in("") is None


@pytest.mark.parametrize(
    ("headers", "groups", "needs"),
    [
        (
            [("Impersonate-User", "alice")],
            (KNOWN,),
            [Attributes("impersonate", "", "users", name="alice")],
        ),
        (
            [("impersonate-user", "alice"), ("Impersonate-Group", "ops"), ("Impersonate-Group", "dev")],
            ("ops", "dev", KNOWN),
            [
                Attributes("impersonate", "", "users", name="alice"),
                Attributes("impersonate", "", "groups", name="ops"),
                Attributes("impersonate", "", "groups", name="dev"),
            ],
        ),
        (
            [("Impersonate-User", "system:serviceaccount:ops:bot")],
            ("system:serviceaccounts", "system:serviceaccounts:ops", KNOWN),
            [Attributes("impersonate", "", "serviceaccounts", "ops", "bot")],
        ),
        (
            [("Impersonate-User", "system:serviceaccount:ops:bot"), ("Impersonate-Group", "ops")],
            ("ops", KNOWN),
            [
                Attributes("impersonate", "", "serviceaccounts", "ops", "bot"),
                Attributes("impersonate", "", "groups", name="ops"),
            ],
        ),
        (
            [("Impersonate-User", "system:serviceaccount:Ops:bot")],
            (KNOWN,),
            [Attributes("impersonate", "", "users", name="system:serviceaccount:Ops:bot")],
        ),
        (
            [("Impersonate-User", "system:anonymous")],
            ("system:unauthenticated",),
            [Attributes("impersonate", "", "users", name="system:anonymous")],
        ),
        (
            [("Impersonate-User", "a"), ("Impersonate-Group", "system:unauthenticated")],
            ("system:unauthenticated",),
            [
                Attributes("impersonate", "", "users", name="a"),
                Attributes("impersonate", "", "groups", name="system:unauthenticated"),
            ],
        ),
        (
            [("Impersonate-User", "a"), ("Impersonate-Uid", "7"), ("Impersonate-Extra-Example.com%2fTeam", "x")],
            (KNOWN,),
            [
                Attributes("impersonate", "", "users", name="a"),
                Attributes("impersonate", "authentication.k8s.io", "uids", name="7"),
                Attributes("impersonate", "authentication.k8s.io", "userextras", "", "x", "example.com/team"),
            ],
        ),
    ],
)
def test_impersonation_is_what_the_apiserver_makes_of_it(
    headers: list[tuple[str, str]], groups: tuple[str, ...], needs: list[Attributes]
) -> None:
    """Each wish is asked for by itself, and the groups are those that the apiserver would give."""
    found = impersonated(CAROL, headers)
    assert found.groups == groups
    assert found.impersonation is not None
    assert found.impersonation.by == CAROL
    assert list(found.impersonation.needs) == needs
    assert found.expires_at == CAROL.expires_at


def test_who_asks_for_nobody_stays_who_they_are() -> None:
    """Other headers change nothing."""
    assert impersonated(CAROL, [("authorization", "Bearer x"), ("x-impersonate-user", "root")]) is CAROL
