"""The API, asked over HTTP by the commands that only read.

A token is sent only where it was given for this: never a kubeconfig's by itself, which is for that cluster alone.
"""

import os
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from kgraph.api.errors import Unauthenticated
from kgraph.api.http.loopback import ListensElsewhere, ensure_loopback
from kgraph.cli.errors import BadConfiguration, NothingRuns, Refused
from kgraph.cli.running import DEFAULT_API, find_running

# The server ends a statement after ten seconds; an answer that is still to be written down takes its time too.
TIMEOUT = httpx.Timeout(60.0, connect=5.0)
TOKEN = "KGRAPH_TOKEN"  # noqa: S105 - a variable's name
TOKEN_FILE = "KGRAPH_TOKEN_FILE"  # noqa: S105 - another
CA_FILE, CERT_FILE, KEY_FILE = "KGRAPH_CA_FILE", "KGRAPH_CERT_FILE", "KGRAPH_KEY_FILE"


class Client:
    """One API."""

    def __init__(self, api: str = "", environ: Mapping[str, str] = os.environ) -> None:
        """`api` is its address; where there is none, that of the `kgraph up` or `serve` that runs here.

        Raises BadConfiguration where the token that was given cannot be read, or would be sent for all to see.
        """
        here = None if api else find_running()
        self.address = (api or (here.api if here else DEFAULT_API)).rstrip("/")
        self.clusters = here.clusters if here else ()  # those that it keeps in step, where that is known
        self._named = bool(api)
        self._environ = environ
        self.trust = _trust(environ)
        if self.headers and not _is_private(self.address):
            raise BadConfiguration(
                f"{self.address} is another machine, and a token is never sent over plain http: use https, or "
                "`kubectl port-forward` and an address on this machine"
            )

    @property
    def headers(self) -> dict[str, str]:
        """What says who we are; the token is read anew, for one in a file is renewed. Raises BadConfiguration."""
        token = _token(self._environ)
        return {"Authorization": f"Bearer {token}"} if token else {}

    def ask(self, query: str, /, **variables: Any) -> dict[str, Any]:
        """The `data` of an answer; Refused with the API's own words, NothingRuns where nobody answers."""
        try:
            # A proxy of the environment is for the world outside; this is our own server, mostly on loopback.
            response = httpx.post(
                f"{self.address}/graphql",
                json={"query": query, "variables": variables},
                headers=self.headers,
                timeout=TIMEOUT,
                trust_env=False,
                verify=self.trust,
            )
            answer = response.json()
        except httpx.InvalidURL as cause:
            raise NothingRuns(f"{self.address!r} is no address: write one such as {DEFAULT_API}") from cause
        except httpx.TimeoutException as cause:
            raise NothingRuns(f"the API at {self.address} took more than {TIMEOUT.read:g} s to answer") from cause
        except httpx.HTTPError as cause:
            if why := untrusted(cause):
                raise NothingRuns(f"{self.address}: {why}") from cause
            if self.address.startswith("https:") and not self._environ.get(CERT_FILE):
                # A server that is not shown the certificate that it wants may just hang up.
                raise NothingRuns(
                    f"no API answers at {self.address}: check --api, and whether it wants a certificate (--cert-file)"
                ) from cause
            how = "check --api" if self._named else "start one with `kgraph up`, or name one with --api"
            raise NothingRuns(f"no API answers at {self.address}: {how}") from cause
        except ValueError as cause:
            raise Refused(f"{self.address}/graphql answered with status {response.status_code}, not GraphQL") from cause
        return self._data(answer)

    def _data(self, answer: Any) -> dict[str, Any]:
        if not isinstance(answer, dict) or not ("data" in answer or "errors" in answer):
            raise Refused(f"{self.address}/graphql answered with something that is not GraphQL")
        if errors := answer.get("errors"):
            code = errors[0].get("extensions", {}).get("code", "")
            said = "\n".join(str(error.get("message", error)) for error in errors)
            if code == Unauthenticated.code:
                said = self.unknown(said)
            raise Refused(said, code)
        data = answer["data"]
        return data if isinstance(data, dict) else {}

    def unknown(self, said: str) -> str:
        """What to tell somebody whom the API does not know; `said` are its own words."""
        how = "another token" if self.headers else "a token"
        return f"{self.address} does not know you: {said}; give {how} with --token-file or {TOKEN}"


def _trust(environ: Mapping[str, str]) -> ssl.SSLContext:
    """Whose certificates an API may show, and our own if there is one; BadConfiguration names the file."""
    trusted, own, key = (environ.get(name, "") for name in (CA_FILE, CERT_FILE, KEY_FILE))
    if bool(own) is not bool(key):
        raise BadConfiguration(
            f"{CERT_FILE if key else KEY_FILE} is missing: a certificate and its key belong together"
        )
    try:
        context = ssl.create_default_context(cafile=str(Path(trusted).expanduser()) if trusted else None)
    except OSError as cause:  # ssl's errors are among them
        why = "it has no certificate in PEM" if isinstance(cause, ssl.SSLError) else cause.strerror
        raise BadConfiguration(f"the CA file {trusted} cannot be used: {why}") from None
    if own:
        try:
            context.load_cert_chain(Path(own).expanduser(), Path(key).expanduser(), password="")
        except OSError as cause:
            why = "they are no certificate and its key in PEM" if isinstance(cause, ssl.SSLError) else cause.strerror
            raise BadConfiguration(f"the certificate {own} with the key {key} cannot be used: {why}") from None
    return context


def untrusted(error: BaseException) -> str:
    """What to tell somebody whose call has failed for a certificate; "" where it has not."""
    said = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in said:
        why = said.partition("certificate verify failed: ")[2].partition(" (_ssl")[0]
        return f"its certificate is not trusted ({why}); name its authority with --ca-file or {CA_FILE}"
    if "CERTIFICATE_REQUIRED" in said or "HANDSHAKE_FAILURE" in said:
        return f"it takes nobody without a certificate; give yours with --cert-file and --key-file, or {CERT_FILE}"
    return ""


def _token(environ: Mapping[str, str]) -> str:
    """The token that was given; "" for none."""
    file = environ.get(TOKEN_FILE, "")
    if not file:
        return environ.get(TOKEN, "").strip()
    try:
        token = Path(file).expanduser().read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as cause:
        why = cause.strerror if isinstance(cause, OSError) else "it is no token"
        raise BadConfiguration(f"the token file {file} cannot be read: {why}") from None
    if not token:
        raise BadConfiguration(f"the token file {file} is empty")
    return token


def _is_private(address: str) -> bool:
    """Whether nobody on the way can read what is sent: over TLS, or within this machine."""
    try:
        parts = urlsplit(address)
        if parts.scheme == "https":
            return True
        ensure_loopback(parts.hostname or "")
    except (ListensElsewhere, ValueError):
        return False
    return True
