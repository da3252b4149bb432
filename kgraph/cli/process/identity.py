"""Who this process is among the workers."""

import os
import re
import socket
from collections.abc import Mapping

import msgspec

from kgraph.cli.configuration.reading import Configuration
from kgraph.sync.membership import GroupSettings

# Pods of a StatefulSet are called web-0, web-1, and come back under their names; others never do.
_COMES_BACK = re.compile(r".*-\d+")


class Identity(msgspec.Struct, frozen=True):
    """What a worker is called; whether the next process of this name is the same worker, come back."""

    name: str
    comes_back: bool


def worker_identity(configuration: Configuration, environ: Mapping[str, str]) -> Identity:
    """As configured; else the Pod's name, or one that no other process has."""
    host = socket.gethostname()
    if configuration.worker_id:
        return Identity(configuration.worker_id, comes_back=True)
    if environ.get("KUBERNETES_SERVICE_HOST"):
        return Identity(host, comes_back=_COMES_BACK.fullmatch(host) is not None)
    return Identity(f"{host}-{os.getpid()}", comes_back=False)


def group_settings(configuration: Configuration, identity: Identity) -> GroupSettings | None:
    """The group of workers that shares out the shards; None where there is no Kafka."""
    if configuration.kafka is None:
        return None
    return GroupSettings(
        kafka=configuration.kafka,
        topic=f"{configuration.worker_group}.shards",
        group=f"{configuration.worker_group}.workers",
        member=identity.name if identity.comes_back else "",
        session_seconds=configuration.worker_session,
        heartbeat_seconds=configuration.worker_heartbeat,
    )
