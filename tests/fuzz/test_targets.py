"""The short form of `make fuzz`: the whole corpus again, and some inputs that are made of it."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import CORPUS, TARGETS, Target, seeds

BYTES_MOST = 300_000  # of the whole corpus: it is read in every run, and by people
EACH = pytest.mark.parametrize("target", TARGETS, ids=[target.name for target in TARGETS])
PIECES = st.binary(max_size=8) | st.sampled_from(
    [b"\x00", b"\xff", b'"', b"'", b"\\", b"\n", b"\r\n", b"{", b"[", b"]" * 9, b"[" * 2000, b"null", b"-1", b"1e999",
     b"9" * 5000, b"\xc2\xb2", b"\xd9\xa3", b"\xed\xa0\x80", b": ", b"- ", b"&a *a", b"%", b"$", b"\x1b["]
)  # fmt: skip


@pytest.mark.parametrize(
    ("target", "file"),
    [pytest.param(target, file, id=f"{target.name}-{file.name}") for target in TARGETS for file in seeds(target)],
)
def test_the_corpus_breaks_no_promise(target: Target, file: Path) -> None:
    """Each seed, and whatever once broke a parser, is read or refused with the errors that are documented."""
    target.try_out(file.read_bytes())


@EACH
def test_what_is_made_of_the_corpus_breaks_no_promise(target: Target) -> None:
    """Seeds with pieces put in, taken out and exchanged are read or refused, each time by the same inputs."""
    texts = [file.read_bytes() for file in seeds(target)]

    @settings(max_examples=100, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def tried(data: st.DataObject) -> None:
        found = data.draw(st.sampled_from(texts))
        for _ in range(data.draw(st.integers(1, 4))):
            at = data.draw(st.integers(0, len(found)))
            until = at + data.draw(st.integers(0, 12))
            found = found[:at] + data.draw(PIECES) + found[until:]
        target.try_out(found)

    tried()


def test_every_target_has_a_corpus_and_all_of_it_is_small() -> None:
    """No target is without a seed, no folder without a target, and the corpus stays what a person can look through."""
    names = {target.name for target in TARGETS}
    assert {folder.name for folder in CORPUS.iterdir()} == names
    assert all(list(seeds(target)) for target in TARGETS)
    assert sum(file.stat().st_size for file in CORPUS.glob("*/*")) < BYTES_MOST
