"""What a Pod's container has written, as its kubelet tells it: read as the caller, no faster than they take it.

https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#get-read-log-of-the-specified-pod. A log
is in no graph, and may hold anything: rights are those of pods/log, asked for before and once more by the apiserver.
"""

from collections.abc import AsyncGenerator

import msgspec

from kgraph.api.callers.caller import Caller
from kgraph.api.connections import Connections
from kgraph.api.errors import BadUserInput, Forbidden
from kgraph.api.reading.verdicts import Verdicts
from kgraph.api.refusals import refusal
from kgraph.api.served import Target
from kgraph.kube.changing import acting_as
from kgraph.kube.discovery import ApiResource
from kgraph.kube.errors import KubeError
from kgraph.kube.reviews import Attributes, Subject

# A container may be silent for long, and its kubelet sends no sign of life then; the sockets' own keepalives tell of a
# dead connection much earlier.
FOLLOWED_SILENCE_SECONDS = 86_400.0
# Nothing is waited for where a log is only read.
SILENCE_SECONDS = 60.0
_PODS = ApiResource(group="", version="v1", plural="pods", kind="Pod", namespaced=True)


class LogQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which part of a log, as PodLogOptions has it; `container` may be left out where a Pod has one."""

    container: str = ""
    follow: bool = False
    previous: bool = False
    timestamps: bool = False
    tail_lines: int | None = None
    since_seconds: int | None = None

    def __post_init__(self) -> None:
        """BadUserInput where a number makes no sense."""
        if self.tail_lines is not None and self.tail_lines < 0:
            raise BadUserInput(f"tailLines is {self.tail_lines}; it cannot be negative")
        if self.since_seconds is not None and self.since_seconds < 1:
            raise BadUserInput(f"sinceSeconds is {self.since_seconds}; it must be at least 1")

    @property
    def params(self) -> dict[str, str]:
        """As the apiserver takes it: what is not said is left out."""
        given = {
            "container": self.container,
            "follow": "true" if self.follow else "",
            "previous": "true" if self.previous else "",
            "timestamps": "true" if self.timestamps else "",
            "tailLines": "" if self.tail_lines is None else str(self.tail_lines),
            "sinceSeconds": "" if self.since_seconds is None else str(self.since_seconds),
        }
        return {name: value for name, value in given.items() if value}


class PodLogs:
    """Reads logs for callers."""

    def __init__(self, connections: Connections, verdicts: Verdicts, *, restricted: bool) -> None:
        self._connections = connections
        self._verdicts = verdicts
        self._restricted = restricted  # whether rights are asked for before the request asks for them itself

    async def open(
        self, caller: Caller, cluster: str, namespace: str, name: str, query: LogQuery
    ) -> AsyncGenerator[bytes, None]:
        """A log as it comes, in pieces that end anywhere; it ends the apiserver's stream when it is closed or dropped.

        What is refused is raised here, as an ApiError; what breaks off later is raised where it does.
        """
        target = Target.of(cluster, _PODS, namespace, name)
        try:
            parts = self._read(target, await self._subject(caller, target), query)
            await anext(parts)
        except KubeError as error:
            raise refusal(error) from error
        return parts

    async def _subject(self, caller: Caller, target: Target) -> Subject | None:
        """As whom the cluster is asked; Forbidden where they may not."""
        if not caller.is_known:
            return None
        if self._restricted:
            wanted = Attributes("get", "", _PODS.plural, target.namespace, target.name, "log")
            verdict = await self._verdicts.of(caller, target.cluster, wanted)
            if not verdict.allowed:
                why = verdict.reason or "no rule of the cluster allows it"
                raise Forbidden(f"you may not {wanted} of cluster {target.cluster}: {why}", {"reason": why})
        return await self._verdicts.subject(caller, target.cluster)

    async def _read(self, target: Target, subject: Subject | None, query: LogQuery) -> AsyncGenerator[bytes, None]:
        """First nothing, once the apiserver has agreed: a generator that has begun is closed even when dropped."""
        conn = await self._connections.of(target.cluster)
        async with conn.stream(
            f"{_PODS.path(target.namespace, target.name)}/log",
            query.params,
            read_timeout_seconds=FOLLOWED_SILENCE_SECONDS if query.follow else SILENCE_SECONDS,
            accept="*/*",
            headers=acting_as(subject),
        ) as chunks:
            yield b""
            async for chunk in chunks:
                yield chunk
