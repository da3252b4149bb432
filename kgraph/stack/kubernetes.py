"""A real Kubernetes control plane as child processes; KWOK takes the place of the nodes.

`python -m kgraph.stack.kubernetes build` builds its programs ahead of their first use.
"""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Self

import httpx

from kgraph.stack import kubernetes_components as components
from kgraph.stack.commands import run
from kgraph.stack.errors import StackError
from kgraph.stack.folders import held_folder
from kgraph.stack.kubernetes_programs import programs
from kgraph.stack.kubernetes_setting import ADMIN, ControlPlaneOptions, Setting, make_setting
from kgraph.stack.pki import Certificate
from kgraph.stack.ports import LOOPBACK
from kgraph.stack.progress import Report, ahead_of_use, told
from kgraph.stack.server import Plan, Server
from kgraph.stack.tasks import all_of

WRITES_AT_ONCE = 16
NODE_RESOURCES = {"cpu": "64", "memory": "256Gi", "pods": "1000", "ephemeral-storage": "1Ti"}
CONDITION_SECONDS = 60.0
POLL_SECONDS = 0.1
GRPC_OUT_OF_RANGE = 11  # etcd's answer where it has been compacted to that revision already
CALL_TIMEOUT_SECONDS = 30.0


class ControlPlane:
    """A running control plane of our own, for tests. Its components go by their programs' names.

    Its etcd listens on the loopback without a login: every user of the machine can read what is in it.
    """

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._servers: dict[str, Server] = {}
        self.etcd_url = setting.options.etcd_url

    @classmethod
    @asynccontextmanager
    async def start(
        cls, folder: Path, options: ControlPlaneOptions | None = None, *, report: Report | None = None
    ) -> AsyncIterator[Self]:
        """Build it if need be, start it in the folder, and stop it in the end.

        Raises DataFolderInUse, BuildError, CommandFailed, ServerDied, ServerNotReady and StackError.
        """
        options = options or ControlPlaneOptions()
        with told(report) as heard:
            built = await programs(heard)
        async with AsyncExitStack() as stack:
            held = await stack.enter_async_context(held_folder(folder))
            plane = cls(await make_setting(held, built, options))
            await plane._start_servers(stack)
            yield plane

    @property
    def server(self) -> str:
        """The apiserver's address."""
        return f"https://{LOOPBACK}:{self._servers['kube-apiserver'].ports['secure']}"

    @property
    def ca_file(self) -> Path:
        """The certificate authority that the apiserver's certificate is from."""
        return self._setting.ca_file

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig file, of mode 0600."""
        return self._setting.kubeconfig_of(ADMIN)

    @property
    def admin_token(self) -> str:
        """The administrator's token."""
        return self._setting.tokens[ADMIN]

    def token_of(self, user: str) -> str:
        """The token of a user of the options. Raises KeyError where there is none."""
        return self._setting.tokens[user]

    async def client_certificate(self, user: str, groups: tuple[str, ...] = ()) -> Certificate:
        """A certificate by which the apiserver knows its bearer as this user in these groups."""
        return await self._setting.authority.issue_client(user, groups)

    def log_of(self, name: str) -> Path:
        """The log file of a component."""
        return self._setting.log_of(name)

    def pid_of(self, name: str) -> int:
        """The process id of a component."""
        return self._servers[name].pid

    async def restart(self, name: str) -> None:
        """Stop a component in good order and start it on the same port. Raises as `start` does."""
        await self._servers[name].restart()

    async def stop(self, name: str) -> None:
        """Stop a component in good order."""
        await self._servers[name].stop()

    async def kill(self, name: str) -> None:
        """End a component as `kill -9` does."""
        await self._servers[name].kill()

    async def start_again(self, name: str) -> None:
        """Start a component after its end, on the same port. Raises as `start` does."""
        await self._servers[name].start_again()

    async def start_what_ended(self) -> tuple[str, ...]:
        """Start the components again that have ended by themselves; their names."""
        ended = tuple(name for name, server in self._servers.items() if not server.is_running)
        for name in ended:
            await self._servers[name].start_again()
        return ended

    def pause(self, name: str) -> None:
        """Hang a component: connections stay open and nothing answers."""
        self._servers[name].pause()

    def resume(self, name: str) -> None:
        """End a `pause`."""
        self._servers[name].resume()

    async def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """What kubectl says as the administrator. Raises CommandFailed, with what it said, where it fails."""
        kubectl = self._setting.programs.kubernetes / "kubectl"
        return await run(str(kubectl), f"--kubeconfig={self.kubeconfig}", *arguments, stdin=stdin)

    async def request(self, method: str, path: str, body: Any = None) -> Any:
        """One call of the API as the administrator. Raises httpx.HTTPStatusError."""
        async with self._client() as client:
            return (await client.request(method, path, json=body)).raise_for_status().json()

    async def add_nodes(self, count: int) -> None:
        """Add nodes `node-0`, `node-1` and so on, and wait until they are ready. Raises StackError if not."""
        wanted = {f"node-{number}" for number in range(count)}
        async with self._client() as client:
            slots = asyncio.Semaphore(WRITES_AT_ONCE)

            async def add(name: str) -> None:
                async with slots:
                    (await client.post("/api/v1/nodes", json=_node(name))).raise_for_status()

            await all_of(add(name) for name in wanted)

            async def all_ready() -> bool:
                nodes = (await client.get("/api/v1/nodes")).raise_for_status().json()["items"]
                return wanted <= {node["metadata"]["name"] for node in nodes if _is_ready(node)}

            await _until(all_ready, f"{count} nodes are ready")

    async def compact(self, *, forget_watch_cache: bool = True) -> int:
        """Delete etcd's history up to now; the revision from which on it knows.

        Since Kubernetes 1.34 the apiserver answers watches, continue tokens and exact lists of the past from
        snapshots of its own, and the next 410 can be minutes away. So it is restarted and forgets them, unless
        told otherwise. A control plane on the same etcd loses its history too.
        """
        async with httpx.AsyncClient(base_url=self.etcd_url, timeout=CALL_TIMEOUT_SECONDS, trust_env=False) as etcd:
            status = (await etcd.post("/v3/maintenance/status", json={})).raise_for_status().json()
            revision = int(status["header"]["revision"])
            body = {"revision": str(revision), "physical": True}
            answer = await etcd.post("/v3/kv/compaction", json=body)
            if answer.is_error and answer.json().get("code") != GRPC_OUT_OF_RANGE:
                raise StackError(f"etcd did not compact to revision {revision}: {answer.text}")
        if forget_watch_cache:
            await self.kill("kube-apiserver")
            await self.start_again("kube-apiserver")
        return revision

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=self.server,
            headers={"authorization": f"Bearer {self.admin_token}"},
            verify=ssl.create_default_context(cafile=self.ca_file),
            timeout=CALL_TIMEOUT_SECONDS,
            trust_env=False,
        )

    async def _start_servers(self, stack: AsyncExitStack) -> None:
        setting = self._setting
        if not self.etcd_url:
            etcd = await self._start(stack, components.etcd(setting))
            self.etcd_url = f"http://{LOOPBACK}:{etcd.ports['client']}"
        await self._start(stack, components.kube_apiserver(setting, self.etcd_url))
        setting.write_kubeconfigs(self.server)
        if setting.options.minimal:
            return
        rest = (components.kube_controller_manager, components.kube_scheduler, components.kwok)
        await all_of(self._start(stack, component(setting)) for component in rest)
        await self.kubectl("apply", "-f", str(setting.programs.storage_class_file))
        if setting.options.metrics:
            await self._start_metrics(stack)
        await _until(self._has_default_account, "the namespace default has its service account")

    async def _start_metrics(self, stack: AsyncExitStack) -> None:
        server = await self._start(stack, components.metrics_server(self._setting))
        for manifest in components.metrics_api(server.ports["secure"]):
            await self.kubectl("apply", "-f", "-", stdin=json.dumps(manifest))

    async def _start(self, stack: AsyncExitStack, plan: Plan) -> Server:
        server = await stack.enter_async_context(Server.run(plan))
        self._servers[plan.name] = server
        return server

    async def _has_default_account(self) -> bool:
        accounts = await self.request("GET", "/api/v1/namespaces/default/serviceaccounts")
        return any(account["metadata"]["name"] == "default" for account in accounts["items"])


def _node(name: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux"},
            "annotations": {"metrics.k8s.io/resource-metrics-path": f"/metrics/nodes/{name}/metrics/resource"},
        },
        "status": {"capacity": NODE_RESOURCES, "allocatable": NODE_RESOURCES},
    }


def _is_ready(node: dict[str, Any]) -> bool:
    conditions = node["status"].get("conditions", ())
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)


async def _until(holds: Callable[[], Awaitable[bool]], what: str) -> None:
    try:
        async with asyncio.timeout(CONDITION_SECONDS):
            while not await holds():  # noqa: ASYNC110 - the API tells nobody of it but who asks
                await asyncio.sleep(POLL_SECONDS)
    except TimeoutError:
        raise StackError(f"waited {CONDITION_SECONDS:g} s in vain until {what}") from None


if __name__ == "__main__":
    ahead_of_use("kgraph.stack.kubernetes", "build", programs)
