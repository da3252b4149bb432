"""The secret scan of `make lint` finds what is planted, and shows none of it."""

from pathlib import Path

import pytest

from tests.secret_scan import found_in

# Put together here, so that this file has none of them.
PLANTED = {
    "private-key": "-----BEGIN RSA PRIVATE " + "KEY-----\nMIIE\n",
    "cloud-key": "key = 'AKIA" + "QWERTYUIOP234567'",
    "token-of-a-service": "token: ghp_" + "a1B2" * 9,
    "login-in-a-url": "redis://kgraph:" + "s3cr3tPassw0rd" + "@redis.example.com",
    "jwt": "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiJhbGljZSJ9." + "dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
}


@pytest.mark.parametrize("planted", PLANTED.values(), ids=PLANTED)
def test_a_planted_secret_is_found(tmp_path: Path, planted: str) -> None:
    """A secret in any file is one line of the report, which does not quote it."""
    (tmp_path / "notes.txt").write_text(f"harmless\n{planted}\n")
    (found,) = found_in(tmp_path, ["notes.txt"])
    assert found.startswith("notes.txt ")
    assert planted.strip()[-20:] not in found


def test_ordinary_text_is_no_secret(tmp_path: Path) -> None:
    """Digests, names and settings' names are not taken for secrets."""
    (tmp_path / "notes.txt").write_text("password_file: /run/secrets/neo4j\nsha256: " + "ab12" * 16 + "\n")
    assert found_in(tmp_path, ["notes.txt"]) == []
