"""Definitions of custom kinds for the tests on a real cluster, in a group of the tests' own."""

from collections.abc import Mapping
from typing import Any

from tests.integration.sync.live import Api
from tests.workers import until

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
GROUP = "custom.kgraph.dev"
PLURALS = ("widgets", "gadgets")

ANYTHING: Mapping[str, Any] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def schema(**fields: Any) -> dict[str, Any]:
    """A schema whose spec part has these fields, and anything else."""
    spec = {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "properties": fields}
    return {"type": "object", "properties": {"spec": spec}}


def version(name: str = "v1", *, served: bool = True, storage: bool = True, of: Any = ANYTHING) -> dict[str, Any]:
    """One version of a definition."""
    return {"name": name, "served": served, "storage": storage, "schema": {"openAPIV3Schema": of}}


def definition(plural: str, kind: str, *versions: dict[str, Any], scope: str = "Namespaced") -> dict[str, Any]:
    """A definition; unless told, of one version, whose objects may hold anything."""
    return {
        "metadata": {"name": f"{plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": scope,
            "names": {"kind": kind, "plural": plural},
            "versions": list(versions or [version()]),
        },
    }


async def widget(api: Api, namespace: str, name: str, *, version: str = "v1", **more: Any) -> None:
    """A custom resource, as soon as its kind is served; cluster-scoped without a namespace."""
    place = f"namespaces/{namespace}/" if namespace else ""
    path = f"/apis/{GROUP}/{version}/{place}widgets"

    async def served() -> bool:
        return await api.get(path) is not None

    await until(served, "the kind is served")
    await api.make(path, apiVersion=f"{GROUP}/{version}", kind="Widget", metadata={"name": name}, **more)


async def delete_definitions(api: Api) -> None:
    """Delete the definitions of the tests' group, and wait until they are gone."""

    async def gone() -> bool:
        return not any([await api.get(f"{DEFINITIONS}/{plural}.{GROUP}") for plural in PLURALS])

    for plural in PLURALS:
        await api.delete(f"{DEFINITIONS}/{plural}.{GROUP}")
    await until(gone, "the definitions are gone")
