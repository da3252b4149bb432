"""What `kgraph.stack.pki` has no use for: client certificates that end in a moment, and servers in this process."""

import asyncio
import ssl
import time
from pathlib import Path

from kgraph.stack.commands import run
from kgraph.stack.pki import NEW_KEY, Authority, Certificate

_CONFIGURATION = """
[ca]
default_ca = this
[this]
database = {folder}/index.txt
new_certs_dir = {folder}
rand_serial = yes
unique_subject = no
default_md = sha256
policy = any
[any]
organizationName = optional
commonName = supplied
"""


async def issue_client_until(ca: Certificate, folder: Path, user: str, group: str, seconds: float) -> Certificate:
    """A certificate of a user of a group that ends in so many seconds; openssl's `ca` alone takes a time of day."""
    await asyncio.to_thread(_prepare, folder)
    made = Certificate(folder / "client.crt", folder / "client.key")
    request = str(folder / "client.csr")
    await run(
        "openssl", "req", "-new", *NEW_KEY, "-keyout", str(made.key), "-out", request, "-subj", f"/O={group}/CN={user}"
    )
    now = time.time()
    begins, ends = (time.strftime("%Y%m%d%H%M%SZ", time.gmtime(at)) for at in (now - 60, now + seconds))
    await run(
        "openssl", "ca", "-batch", "-notext", "-config", str(folder / "ca.cnf"),
        "-cert", str(ca.certificate), "-keyfile", str(ca.key), "-startdate", begins, "-enddate", ends,
        "-in", request, "-out", str(made.certificate),
    )  # fmt: skip
    return made


async def serving_context(folder: Path, name: str) -> tuple[Path, ssl.SSLContext]:
    """A new authority's certificate, and what a server on the loopback speaks TLS by that clients of it trust."""
    authority = await Authority.create(folder, name)
    serving = await authority.issue_server(f"{name}-serving")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(serving.certificate, serving.key)
    return authority.ca.certificate, context


def _prepare(folder: Path) -> None:
    folder.mkdir()
    (folder / "index.txt").touch()
    (folder / "ca.cnf").write_text(_CONFIGURATION.format(folder=folder))
