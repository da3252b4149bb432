"""A small certificate authority on the `openssl` command, for servers on the loopback."""

from pathlib import Path

import msgspec

from kgraph.stack.commands import run
from kgraph.stack.ports import LOOPBACK

VALID_DAYS = "30"  # longer than any test runs, shorter than anybody would come to rely on
NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc")


class Certificate(msgspec.Struct, frozen=True):
    """A certificate and its key, as PEM files."""

    certificate: Path
    key: Path


class Authority:
    """Issues certificates; its own is `ca`."""

    def __init__(self, folder: Path, ca: Certificate) -> None:
        self._folder = folder
        self.ca = ca

    @classmethod
    async def create(cls, folder: Path, name: str) -> "Authority":
        """A new authority in a private folder. Raises CommandFailed where openssl is missing or fails."""
        extensions = ("basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign")
        return cls(folder, await _request(folder / "ca", f"/CN={name}", extensions))

    async def issue_server(self, name: str) -> Certificate:
        """A certificate for a server on the loopback."""
        extensions = (
            f"subjectAltName=IP:{LOOPBACK},DNS:localhost",
            "extendedKeyUsage=serverAuth",
            "basicConstraints=CA:FALSE",
        )
        return await _request(self._folder / name, f"/CN={name}", extensions, self.ca)

    async def issue_client(self, user: str, groups: tuple[str, ...] = ()) -> Certificate:
        """A certificate by which Kubernetes knows its bearer as this user in these groups."""
        subject = "".join(f"/O={group}" for group in groups) + f"/CN={user}"
        extensions = ("extendedKeyUsage=clientAuth", "basicConstraints=CA:FALSE")
        return await _request(self._folder / f"client-{user.replace(':', '-')}", subject, extensions, self.ca)


async def create_signing_key(file: Path) -> Path:
    """A key that signs tokens. Raises CommandFailed where openssl is missing or fails."""
    await run("openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", str(file))
    return file


async def _request(stem: Path, subject: str, extensions: tuple[str, ...], ca: Certificate | None = None) -> Certificate:
    made = Certificate(stem.with_name(f"{stem.name}.crt"), stem.with_name(f"{stem.name}.key"))
    signer = ("-CA", str(ca.certificate), "-CAkey", str(ca.key)) if ca else ()
    added = (part for extension in extensions for part in ("-addext", extension))
    files = ("-keyout", str(made.key), "-out", str(made.certificate))
    await run("openssl", "req", "-x509", *NEW_KEY, *files, "-days", VALID_DAYS, "-subj", subject, *signer, *added)
    return made
