"""A live cluster into a folder that `snapshot` reads: `kgraph snapshot`."""

import asyncio
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from kgraph.kube.connection import Connection
from kgraph.kube.discovery import ApiResource, discover
from kgraph.kube.errors import Expired, KubeError
from kgraph.kube.listing import pages
from kgraph.kube.objects import decode
from kgraph.kube.yaml_text import dump as yaml_of

# Kinds read at once: the lists of one do not wait for the writing of another, and few are in memory.
CONCURRENT_KINDS = 4
# A list that expires on the way begins again; a cluster that is so busy that it does so thrice is not to be had whole.
ATTEMPTS = 3


class DumpedKind(msgspec.Struct, frozen=True):
    """One kind's file, or why there is none."""

    resource: str
    file: Path | None = None
    objects: int = 0
    error: KubeError | None = None


async def dump(conn: Connection, folder: Path) -> tuple[DumpedKind, ...]:
    """Write every listable kind to `<folder>/<group or core>/<plural>.yaml`.

    Each file is a List of the kind's objects in the order of namespace and name, with kind and apiVersion, without
    managedFields and without secret values; it appears whole or not at all. A kind without objects makes none. A
    kind or group that fails is reported and costs itself alone. Each kind is in memory while it is written.
    """
    found = await discover(conn)
    failed = [DumpedKind(f"*.{failure.group}", error=failure.error) for failure in found.failures]
    limit = asyncio.Semaphore(CONCURRENT_KINDS)

    async def one(resource: ApiResource) -> DumpedKind:
        async with limit:
            try:
                objects = await _objects(conn, resource)
            except KubeError as error:
                return DumpedKind(str(resource), error=error)
            if not objects:
                return DumpedKind(str(resource))
            file = folder / (resource.group or "core") / f"{resource.plural}.yaml"
            await asyncio.to_thread(_write, file, objects)
            return DumpedKind(str(resource), file, len(objects))

    async with asyncio.TaskGroup() as tasks:
        running = [
            tasks.create_task(one(resource), name=f"dump {resource}")
            for resource in found.resources
            if resource.listable
        ]
    return (*(task.result() for task in running), *failed)


async def _objects(conn: Connection, resource: ApiResource) -> list[dict[str, Any]]:
    """All objects of a kind as they are written."""
    for attempt in range(1, ATTEMPTS + 1):
        objects: list[dict[str, Any]] = []
        try:
            async for page in pages(conn, resource):
                objects += [_written(decode(raw, resource.group, resource.kind), resource) for raw in page.items]
        except Expired:
            if attempt == ATTEMPTS:
                raise
            continue
        objects.sort(key=lambda value: (value["metadata"].get("namespace", ""), value["metadata"]["name"]))
        return objects
    raise AssertionError("the last attempt returns or raises")


def _written(value: dict[str, Any], resource: ApiResource) -> dict[str, Any]:
    value.get("metadata", {}).pop("managedFields", None)
    value.pop("apiVersion", None)
    value.pop("kind", None)
    return {"apiVersion": resource.api_version, "kind": resource.kind, **value}


def _write(file: Path, objects: list[dict[str, Any]]) -> None:
    """The file, whole or not at all; readable by its owner alone, as what a cluster runs is nobody else's business."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as opened:
            opened.writelines(_list(objects))
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _list(objects: list[dict[str, Any]]) -> Iterator[str]:
    yield "apiVersion: v1\nkind: List\nitems:\n"
    for value in objects:
        yield yaml_of([value])
