"""Logins from a kubeconfig's exec plugin (`aws eks get-token`, `gke-gcloud-auth-plugin`, `kubelogin`, ...).

The protocol is client.authentication.k8s.io/v1 and v1beta1 as kubectl speaks it
(https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins), never
interactively: nobody sits before a worker. A plugin that fails is an error that names its command; the request
is never sent without the login that it should have given.
"""

import asyncio
import os
import re
import shutil
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from kgraph.discreet import Discreet
from kgraph.kube.credentials import Certificate, Login, bearer
from kgraph.kube.errors import ConfigurationError, Unauthenticated
from kgraph.kube.renewal import Issued, Renewing

# kubectl waits for ever; a worker would then never say why a cluster stays silent.
TIMEOUT_SECONDS = 60
_SHOWN_CHARACTERS = 500  # of what the plugin wrote to stderr: kubectl shows it, and its reader needs it
_API_VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")
# JSON Web Tokens, and long runs of base64: no part of a plugin's complaint that anyone needs.
_TOKEN_LIKE = re.compile(r"[A-Za-z0-9_\-+/=.]{40,}")


class Variable(Discreet, frozen=True):
    """One more variable of the plugin's environment."""

    shown = ("name",)

    name: str
    value: str = ""


class ExecConfig(Discreet, frozen=True, rename="camel"):
    """`users[].user.exec` of a kubeconfig."""

    shown = ("command",)

    command: str
    api_version: str = ""
    args: list[str] | None = None
    env: list[Variable] | None = None
    install_hint: str = ""
    provide_cluster_info: bool = False
    interactive_mode: str = ""


class _Status(Discreet, frozen=True, rename="camel"):
    token: str = ""
    expiration_timestamp: datetime | None = None
    client_certificate_data: str = ""
    client_key_data: str = ""


class _ExecCredential(msgspec.Struct, rename="camel"):
    api_version: str = ""
    kind: str = ""
    status: _Status | None = None


class ExecPlugin(Renewing):
    """The login that a command prints, renewed shortly before it ends and after a 401."""

    def __init__(
        self,
        config: ExecConfig,
        folder: Path,
        cluster_info: Mapping[str, Any] | None = None,
        *,
        now: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(clock=clock)
        if config.api_version not in _API_VERSIONS:
            raise ConfigurationError(
                f"exec plugin {config.command}: apiVersion {config.api_version!r} is none of {', '.join(_API_VERSIONS)}"
            )
        if config.interactive_mode == "Always":
            raise ConfigurationError(
                f"exec plugin {config.command}: interactiveMode is Always, and there is nobody to ask here; "
                "use a plugin that logs in without questions, or auth_method token"
            )
        self._config = config
        self._folder = folder
        self._cluster_info = cluster_info
        self._now = now

    async def _issue(self) -> Issued:
        output = await self._output()
        try:
            credential = msgspec.json.decode(output, type=_ExecCredential)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            # The cause is left out: it may quote what the plugin printed.
            raise self._failed("printed no ExecCredential in JSON") from None
        if credential.kind != "ExecCredential" or credential.api_version != self._config.api_version:
            raise self._failed(
                f"printed {credential.kind or 'no kind'} of {credential.api_version or 'no apiVersion'}, "
                f"and the kubeconfig says ExecCredential of {self._config.api_version}"
            )
        status = credential.status or _Status()
        if bool(status.client_certificate_data) is not bool(status.client_key_data):
            raise self._failed("printed a client certificate without its key, or a key alone")
        if not status.token and not status.client_certificate_data:
            raise self._failed("printed neither a token nor a client certificate")
        certificate = (
            Certificate(status.client_certificate_data.encode(), status.client_key_data.encode())
            if status.client_certificate_data
            else None
        )
        ends = status.expiration_timestamp
        login = Login(bearer(status.token) if status.token else "", certificate)
        return Issued(login, self._seconds_until(ends) if ends else None)

    def _seconds_until(self, ends: datetime) -> float:
        return (ends if ends.tzinfo else ends.replace(tzinfo=UTC)).timestamp() - self._now()

    async def _output(self) -> bytes:
        command = self._command()
        try:
            process = await asyncio.create_subprocess_exec(
                command,
                *(self._config.args or ()),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=self._environment(),
                start_new_session=True,
            )
        except OSError as error:
            raise self._missing(f"cannot be started: {error.strerror}") from error
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                output, complaint = await process.communicate()
        except TimeoutError:
            raise self._failed(f"gave no answer within {TIMEOUT_SECONDS} s") from None
        finally:
            if process.returncode is None:
                # With all that it has started: a shell's children keep its pipes open, and waiting for them has no end.
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        if process.returncode:
            said = _TOKEN_LIKE.sub("<hidden>", complaint.decode("utf-8", "replace").strip())[-_SHOWN_CHARACTERS:]
            raise self._failed(f"ended with code {process.returncode}" + (f": {said}" if said else ""))
        return output

    def _command(self) -> str:
        """The command's path: relative to the kubeconfig's folder when it has a slash, else from PATH."""
        command = self._config.command
        if os.path.dirname(command):  # noqa: PTH120 - `./plugin` is a path, and Path would make it a bare name
            return str(self._folder / command)
        found = shutil.which(command)
        if found is None:
            raise self._missing("is not on the PATH")
        return found

    def _environment(self) -> dict[str, str]:
        spec: dict[str, Any] = {"interactive": False}
        if self._config.provide_cluster_info and self._cluster_info:
            spec["cluster"] = self._cluster_info
        info = {"apiVersion": self._config.api_version, "kind": "ExecCredential", "spec": spec}
        return {
            **os.environ,
            **{variable.name: variable.value for variable in self._config.env or ()},
            "KUBERNETES_EXEC_INFO": msgspec.json.encode(info).decode(),
        }

    def _missing(self, what: str) -> ConfigurationError:
        hint = self._config.install_hint.strip()
        return ConfigurationError(f"exec plugin {self._config.command} {what}" + (f"; {hint}" if hint else ""))

    def _failed(self, what: str) -> Unauthenticated:
        return Unauthenticated(
            f"exec plugin {self._config.command} {what}", advice="run the command by hand to see why"
        )
