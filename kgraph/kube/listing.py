"""All objects of a kind, in pages."""

from collections.abc import AsyncGenerator

import msgspec

from kgraph.kube.connection import Connection
from kgraph.kube.discovery import ApiResource
from kgraph.kube.errors import Expired

# As client-go's pager and kubectl: a page of this size is a few megabytes of Pods.
PAGE_OBJECTS = 500


class Page(msgspec.Struct, frozen=True):
    """Some of a list's objects, still JSON; they share the page's bytes, which stay while one of them does.

    `resource_version` is where a watch goes on after the last page, the same for all pages. `more` says whether others
    follow.
    """

    items: list[msgspec.Raw]
    resource_version: str
    more: bool = False


class _ListMetadata(msgspec.Struct, rename="camel"):
    resource_version: str = ""
    continue_token: str = msgspec.field(default="", name="continue")


class _List(msgspec.Struct):
    metadata: _ListMetadata
    items: list[msgspec.Raw] | None = None


async def pages(
    conn: Connection,
    resource: ApiResource,
    *,
    limit: int = PAGE_OBJECTS,
    namespace: str | None = None,
    label_selector: str = "",
    cached: bool = False,
) -> AsyncGenerator[Page, None]:
    """The objects of a kind, `limit` at a time; Expired where the list has to start again.

    A continue token that expires on the way (etcd keeps five minutes) is replaced by the one that the server then
    offers, which goes on in the newest state. `cached`: whatever the apiserver has in its cache will do, in one page.
    """
    # No resourceVersion, the most recent state: "0" may give what a lagging apiserver behind the same address still
    # has in its cache, so that a restart would go back in time, and it ignores the limit (API concepts, "Resource
    # versions"). Since Kubernetes 1.31 the answer comes from the cache all the same, once it is known to be fresh.
    params = {"limit": str(limit)}
    if cached:
        params["resourceVersion"] = "0"
    if label_selector:
        params["labelSelector"] = label_selector
    path = resource.path(namespace)
    version = ""
    while True:
        try:
            listed = await conn.get_json(path, _List, params)
        except Expired as error:
            if not error.continue_token or error.continue_token == params.get("continue"):
                raise
            params["continue"] = error.continue_token
            continue
        # The first page's version holds for the whole list: a watch from there tells again what a later page of a
        # newer state has told, and misses nothing; from the newer version it would miss what happened meanwhile to
        # the objects of the first pages.
        version = version or listed.metadata.resource_version
        token = listed.metadata.continue_token
        yield Page(listed.items or [], version, bool(token))
        if not token:
            return
        params["continue"] = token
