"""Credentials at rest: what seals, what opens, what is refused, and that none of it is shown."""

import base64
import secrets

import pytest

from kgraph.kube.errors import NoCredentialsKey, SealedByAnotherKey
from kgraph.kube.sealing import VARIABLE, Sealer

MARKER = "t0ken-marker"


def key() -> str:
    """A new key, as the error's advice makes one."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def sealer(*keys: str) -> Sealer:
    """A sealer of these keys."""
    return Sealer.of({VARIABLE: ",".join(keys)})


def test_what_was_sealed_opens_with_its_key_wherever_it_stands_among_others() -> None:
    """The first key seals, and any opens, so that keys can be changed without losing a cluster."""
    old, new = key(), key()
    sealed = sealer(old).seal("prod", {"token": MARKER})
    assert MARKER not in sealed
    assert sealer(new, old).open("prod", sealed) == {"token": MARKER}
    again = sealer(new, old).seal("prod", {"token": MARKER})
    assert sealer(new).open("prod", again) == {"token": MARKER}
    with pytest.raises(SealedByAnotherKey, match=VARIABLE):
        sealer(old).open("prod", again)


def test_a_seal_is_bound_to_its_cluster() -> None:
    """Moved to another cluster's entry, whose server may be somebody's own, a seal does not open."""
    one = sealer(key())
    with pytest.raises(SealedByAnotherKey):
        one.open("other", one.seal("prod", {"token": MARKER}))


@pytest.mark.parametrize("broken", ["", "gAAAA", "not base64 at all!", "gAAAAABn" * 12], ids=repr)
def test_what_is_no_seal_is_an_error_and_no_crash(broken: str) -> None:
    """A property that somebody has changed by hand costs that cluster alone."""
    with pytest.raises(SealedByAnotherKey):
        sealer(key()).open("prod", broken)


def test_without_a_key_the_error_says_how_to_make_one() -> None:
    """Sealing and opening are refused, naming the variable and a command that prints a key."""
    for attempt in (lambda: sealer().seal("prod", {"token": MARKER}), lambda: sealer().open("prod", "gAAAA")):
        with pytest.raises(NoCredentialsKey, match=f"(?s){VARIABLE}.*python3 -c") as refused:
            attempt()
        assert MARKER not in str(refused.value)


@pytest.mark.parametrize("text", ["short", "=" * 44, base64.b64encode(b"x" * 31).decode()], ids=repr)
def test_a_key_that_is_none_is_named_by_its_place_and_not_shown(text: str) -> None:
    """The error says which of the keys is at fault, and never what it was."""
    with pytest.raises(NoCredentialsKey, match=f"key 2 of 2 in {VARIABLE}") as refused:
        sealer(key(), text)
    assert text not in str(refused.value)
    assert refused.value.__cause__ is None
    assert text not in repr(sealer(key()))
