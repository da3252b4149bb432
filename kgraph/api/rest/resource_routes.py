"""The paths of the collections: a list and one by its name for each row of the table."""

from typing import Annotated

from litestar import MediaType, Response, get
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.params import HeaderParameter, QueryParameter
from litestar.response import Stream
from litestar.types import Scope

from kgraph.api.rest import examples
from kgraph.api.rest.collections import CLUSTER, Collection, ResourceName
from kgraph.api.rest.documents import Entity, EntityList
from kgraph.api.rest.objects import Form, ListQuery, listed, one
from kgraph.api.rest.places import Place, PlaceOf, in_cluster, place_of
from kgraph.api.rest.requests import asked_of
from kgraph.api.rest.specs import described

FormOf = Annotated[
    Form,
    QueryParameter(name="form", description="`entity`: DictaMesh's form; `object`: as Kubernetes has it."),
]
LabelSelector = Annotated[str, QueryParameter(name="labelSelector", description="kubectl's syntax: `app=web,!canary`.")]
FieldSelector = Annotated[
    str, QueryParameter(name="fieldSelector", description="kubectl's syntax: `status.phase!=Running`.")
]
Limit = Annotated[int, QueryParameter(name="limit", description="How many at most; all of them where it is left out.")]
Continue = Annotated[
    str | None, QueryParameter(name="continue", description="`metadata.continue` of the page before.", required=False)
]
IfNoneMatch = Annotated[
    str | None,
    HeaderParameter(name="If-None-Match", description="The ETag of what the caller has: 304 if it is the same."),
]


async def _list_query(
    label_selector: LabelSelector = "",
    field_selector: FieldSelector = "",
    limit: Limit = 0,
    after: Continue = None,
    form: FormOf = Form.ENTITY,
) -> ListQuery:
    return ListQuery(label_selector, field_selector, limit, after, form)


def collection_routes(collection: Collection) -> list[HTTPRouteHandler]:
    """GET of the list, in all namespaces too where there are any, and GET of one."""
    in_all = _list(collection, f"{CLUSTER}/{collection.plural}", in_cluster, "everywhere")
    if not collection.namespaced:
        return [in_all, _one(collection)]
    return [in_all, _list(collection, collection.path, place_of(collection)), _one(collection)]


def _list(collection: Collection, path: str, place: PlaceOf, where: str = "") -> HTTPRouteHandler:
    @get(
        path,
        operation_id="_".join(filter(None, ("list", collection.plural, where))),
        summary=f"List {collection.plural}",
        responses=described(EntityList, "A page, in the order of the keys.", examples.ENTITY_LIST),
        dependencies={"place": Provide(place), "wanted": Provide(_list_query)},
        tags=[collection.plural],
        media_type=MediaType.JSON,
    )
    async def all_of_them(scope: Scope, place: Place, wanted: ListQuery) -> Stream:
        """What is there, as `kubectl get` lists it; nothing where there is no such namespace."""
        parts = await listed(asked_of(scope), collection, place.cluster, place.namespace, wanted)
        return Stream(parts, media_type=MediaType.JSON)

    return all_of_them


def _one(collection: Collection) -> HTTPRouteHandler:
    @get(
        f"{collection.path}/{{name:str}}",
        operation_id=f"get_{collection.kind.kind.lower()}",
        summary=f"Get a {collection.kind.kind}",
        responses=described(Entity, "The resource; its ETag is the resourceVersion.", examples.ENTITY),
        dependencies={"place": Provide(place_of(collection))},
        tags=[collection.plural],
        media_type=MediaType.JSON,
    )
    async def by_name(
        *, scope: Scope, place: Place, name: ResourceName, form: FormOf = Form.ENTITY, if_none_match: IfNoneMatch = None
    ) -> Response[bytes]:
        """One by its name, as the graph has it."""
        found = await one(asked_of(scope), collection.kind, *place, name, form=form)
        headers = {"ETag": found.etag, "Cache-Control": "private, no-cache", "Vary": "Authorization"}
        if found.etag in _tags(if_none_match or ""):
            return Response(b"", status_code=304, headers=headers, media_type=MediaType.JSON)
        return Response(found.body, headers=headers, media_type=MediaType.JSON)

    return by_name


def _tags(header: str) -> list[str]:
    """The entity tags in a header, weak ones too: If-None-Match compares weakly (RFC 9110, 13.1.2)."""
    return [tag.strip().removeprefix("W/") for tag in header.split(",")]
