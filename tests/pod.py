"""A container of the chart as a process: its arguments and variables, its ServiceAccount's files, a read-only root."""

import asyncio
import base64
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

from kgraph.stack.ports import LOOPBACK, free_ports
from tests.chart import NAMESPACE, Objects
from tests.servers import Cluster
from tests.workers import STEP_SECONDS

ROOT = Path(__file__).parents[1]
ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
# In a mount namespace of its own. All that can be written is what the chart mounts to be: an empty /tmp. The repository
# is kept aside meanwhile, for it may be below the former /tmp; it becomes read-only by itself, for it may be no part of
# the root's own file system.
SETUP = """\
set -eu
mount -t tmpfs tmpfs /var/run
mkdir -p {account} /var/run/config /var/run/repository
printf %s "$TOKEN" | base64 -d > {account}/token
printf %s "$CA" | base64 -d > {account}/ca.crt
printf %s "$CONFIG" | base64 -d > /var/run/config/clusters.yaml
unset TOKEN CA CONFIG
mount -o remount,ro /var/run
mount --bind {root} /var/run/repository
mount -t tmpfs tmpfs /tmp
mkdir -p {root}
mount --bind /var/run/repository {root}
umount /var/run/repository
mount -o remount,ro,bind {root}
mount -o remount,ro,bind /
cd {root}
exec {command}
"""


def can_isolate() -> bool:
    """Whether this machine lets us have mounts of our own."""
    if shutil.which("unshare") is None:
        return False
    return subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode == 0


async def account_token(cluster: Cluster, namespace: str, name: str, *audiences: str, pod: str = "") -> str:
    """A token of a ServiceAccount, as a kubelet asks for one; bound to a Pod where one is named."""
    bound = {"boundObjectRef": {"kind": "Pod", "apiVersion": "v1", "name": pod}} if pod else {}
    asked = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"expirationSeconds": 3600, "audiences": list(audiences), **bound},
    }
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token"
    return str((await cluster.request("POST", path, asked))["status"]["token"])


class Container:
    """The running `api` or `worker` of rendered objects."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path, port: int) -> None:
        self._process = process
        self.log = log
        self.port = port

    @classmethod
    @asynccontextmanager
    async def run(
        cls, objects: Objects, component: str, cluster: Cluster, secrets: Mapping[str, str], log: Path
    ) -> AsyncIterator[Self]:
        """Start it as a kubelet would, ports aside; `secrets` are the values of variables from Secrets."""
        port, metrics = free_ports(2)
        account = objects.one("ServiceAccount")["metadata"]
        token = await account_token(cluster, NAMESPACE, account["name"])
        address, _, secure = cluster.server.removeprefix("https://").partition(":")
        given: dict[str, Any] = objects.environment(component)
        assert {name for name, value in given.items() if not isinstance(value, str)} == set(secrets)
        config = objects.one("ConfigMap", "k8s-adapter-config")["data"]["clusters.yaml"]
        environ = {
            **given,
            **secrets,
            "METRICS_HOST": LOOPBACK,
            "METRICS_PORT": str(metrics),
            "CLUSTERS_CONFIG": "/var/run/config/clusters.yaml",
            "KUBERNETES_SERVICE_HOST": address,
            "KUBERNETES_SERVICE_PORT": secure,
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "HOME": "/root",
            "CONFIG": _packed(config.encode()),
            "TOKEN": _packed(token.encode()),
            "CA": _packed(cluster.ca_file.read_bytes()),
        }
        words = [str(port) if word == "8080" else word for word in objects.container(component)["args"]]
        words = [LOOPBACK if word == "0.0.0.0" else word for word in words]
        command = shlex.join([sys.executable, "-m", "kgraph.cli.main", *words])
        setup = SETUP.format(account=ACCOUNT, root=ROOT, command=command)
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                "unshare", "-rm", "sh", "-c", setup, env=environ, stdout=output, stderr=output
            )
        try:
            yield cls(process, log, port)
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
                try:
                    async with asyncio.timeout(STEP_SECONDS):
                        await process.wait()
                finally:
                    if process.returncode is None:
                        process.kill()
                        await process.wait()

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process.returncode is None

    def mounts(self) -> dict[str, list[str]]:
        """The options of what is mounted where, the last of each place, as the process has it."""
        lines = Path(f"/proc/{self._process.pid}/mounts").read_text("utf-8").splitlines()
        return {place: options.split(",") for _, place, _, options, *_ in (line.split(" ") for line in lines)}

    def said(self) -> str:
        """The end of what it wrote."""
        return "\n".join(self.log.read_text("utf-8").splitlines()[-30:])


def _packed(content: bytes) -> str:
    return base64.b64encode(content).decode()
