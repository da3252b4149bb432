"""An authorizer that has no opinion and hears every question about one user, before RBAC decides it.

The audit log tells of requests alone. An authorizer is also asked whether the sender of a request may impersonate its
user, each of the groups, the uid and each extra value: https://kubernetes.io/docs/reference/access-authn-authz/webhook/.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple, Self

from aiohttp import web

from kgraph.stack.ports import LOOPBACK, free_ports


class Question(NamedTuple):
    """What the user wanted; `path` for what is no resource."""

    verb: str
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""

    @property
    def of_rule(self) -> tuple[str, str, str]:
        """Group, resource and verb, as a rule of a ClusterRole names them."""
        return self.group, f"{self.resource}/{self.subresource}" if self.subresource else self.resource, self.verb

    def attributes(self) -> dict[str, Any]:
        """The same as a SubjectAccessReview asks it."""
        if self.path:
            return {"nonResourceAttributes": {"path": self.path, "verb": self.verb}}
        given = {name: value for name, value in self._asdict().items() if value and name != "path"}
        return {"resourceAttributes": given}


class Authorizer:
    """A running authorizer: `heard` are the questions about its user; the apiserver is to have `configuration`."""

    def __init__(self, folder: Path, user: str, port: int) -> None:
        self.heard: set[Question] = set()
        self.configuration = folder / "authorization.json"
        webhook = {
            "timeout": "10s",
            "authorizedTTL": "1s",
            "unauthorizedTTL": "1s",
            "subjectAccessReviewVersion": "v1",
            "matchConditionSubjectAccessReviewVersion": "v1",
            "failurePolicy": "Deny",  # a question that is not heard would make the tests say nothing
            "matchConditions": [{"expression": f"request.user == '{user}'"}],
            "connectionInfo": {"type": "KubeConfigFile", "kubeConfigFile": str(folder / "authorizer.kubeconfig")},
        }
        _write(
            self.configuration,
            apiVersion="apiserver.config.k8s.io/v1",
            kind="AuthorizationConfiguration",
            authorizers=[
                {"type": "Webhook", "name": "listener", "webhook": webhook},
                {"type": "RBAC", "name": "rbac"},
            ],
        )
        _write(
            folder / "authorizer.kubeconfig",
            apiVersion="v1",
            kind="Config",
            clusters=[{"name": "listener", "cluster": {"server": f"http://{LOOPBACK}:{port}/"}}],
            users=[{"name": "apiserver", "user": {}}],
            contexts=[{"name": "it", "context": {"cluster": "listener", "user": "apiserver"}}],
            **{"current-context": "it"},
        )

    @classmethod
    @asynccontextmanager
    async def run(cls, folder: Path, user: str) -> AsyncIterator[Self]:
        """Listen while the block runs."""
        (port,) = free_ports(1)
        authorizer = cls(folder, user, port)
        app = web.Application()
        app.router.add_post("/", authorizer._hear)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, LOOPBACK, port).start()
            yield authorizer
        finally:
            await runner.cleanup()

    async def _hear(self, request: web.Request) -> web.Response:
        review = await request.json()
        spec = review["spec"]
        of_resource, of_path = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
        if of_resource:
            fields = {name: value for name, value in of_resource.items() if name in Question._fields}
            self.heard.add(Question(**fields))
        else:
            self.heard.add(Question(verb=of_path["verb"], path=of_path["path"]))
        return web.json_response({**review, "status": {"allowed": False}})


def _write(file: Path, **content: Any) -> None:
    file.write_text(json.dumps(content))
