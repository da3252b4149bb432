"""The paths that change resources, made of a table: which kinds can be created, replaced, deleted, and so on."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any
from urllib.parse import quote

from litestar import MediaType, Response, delete, patch, post, put
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.spec import Example
from litestar.params import BodyKwarg, QueryParameter
from litestar.types import Scope

from kgraph.api.changing import intents
from kgraph.api.errors import BadUserInput
from kgraph.api.rest import examples
from kgraph.api.rest.changes import How, IfMatch, Named, answer, changed, deleted, how_of, version_of
from kgraph.api.rest.collections import Collection, ResourceName
from kgraph.api.rest.documents import Entity, Scale
from kgraph.api.rest.places import Place, place_of
from kgraph.api.rest.requests import asked_of
from kgraph.api.rest.specs import changed as described
from kgraph.kube.changing import Propagation

Policy = Annotated[
    Propagation | None,
    QueryParameter(name="propagationPolicy", description="What becomes of what it owns.", required=False),
]
Grace = Annotated[
    int | None,
    QueryParameter(
        name="gracePeriodSeconds", description="How long what it stops may take; its own unless told.", required=False
    ),
]
NewReplicas = Annotated[Scale, BodyKwarg(examples=[Example(summary="Five Pods", value={"replicas": 5})])]
_NOT_SHOWN = "It is done, and you may not see what came of it."


def change_routes(collection: Collection) -> list[HTTPRouteHandler]:
    """What the table has for a collection."""
    return [make(collection) for make in CHANGES.get(collection.plural, ())]


def _creation(collection: Collection) -> HTTPRouteHandler:
    kind = collection.kind.kind

    async def create(scope: Scope, place: Place, data: dict[str, Any], how: How) -> Response[bytes]:
        """Create an object as `kubectl create` does, from Kubernetes' own form of it."""
        name, asked = _name_in(data), asked_of(scope)
        build = partial(intents.create, obj=data, manager=how.manager)
        found = await changed(asked, f"create{kind}", Named(collection, place, name), build, how)
        made = await answer(asked, found, how, status=201)
        if not how.dry_run:
            made.set_header("Location", f"{scope['path'].rstrip('/')}/{quote(name)}")
        return made

    return post(
        collection.path,
        operation_id=f"create_{kind.lower()}",
        summary=f"Create a {kind}",
        responses=described(Entity, "It is made; Location says where.", examples.ENTITY, status=201, empty=_NOT_SHOWN),
        **_common(collection),
    )(_taking_object(create, collection))


def _replacement(collection: Collection) -> HTTPRouteHandler:
    kind = collection.kind.kind

    async def replace(
        *, scope: Scope, place: Place, name: ResourceName, data: dict[str, Any], how: How, if_match: IfMatch = ""
    ) -> Response[bytes]:
        """Put an object in the place of what is there, as `kubectl replace` does: what it does not say goes."""
        asked, version = asked_of(scope), version_of(if_match)
        build = partial(intents.replace, obj=data, manager=how.manager, version=version)
        found = await changed(asked, f"replace{kind}", Named(collection, place, name), build, how)
        return await answer(asked, found, how, status=200)

    return put(
        f"{collection.path}/{{name:str}}",
        operation_id=f"replace_{kind.lower()}",
        summary=f"Replace a {kind}",
        responses=described(Entity, "As it is now.", examples.ENTITY, empty=_NOT_SHOWN),
        **_common(collection),
    )(_taking_object(replace, collection))


def _deletion(collection: Collection) -> HTTPRouteHandler:
    kind = collection.kind.kind

    @delete(
        f"{collection.path}/{{name:str}}",
        operation_id=f"delete_{kind.lower()}",
        summary=f"Delete a {kind}",
        status_code=202,
        responses=described(
            Entity, "It is being deleted: as it is until then.", examples.ENTITY, status=202, empty="It is gone."
        ),
        **_common(collection),
    )
    async def remove(
        *,
        scope: Scope,
        place: Place,
        name: ResourceName,
        how: How,
        if_match: IfMatch = "",
        policy: Policy = None,
        grace: Grace = None,
    ) -> Response[bytes]:
        """Delete an object, of the version alone that If-Match names."""
        asked, version = asked_of(scope), version_of(if_match)
        build = partial(intents.delete, propagation=policy, grace_seconds=grace, version=version)
        found = await changed(asked, f"delete{kind}", Named(collection, place, name), build, how)
        return await deleted(asked, found, how)

    return remove


def _scaling(collection: Collection) -> HTTPRouteHandler:
    kind = collection.kind.kind

    @patch(
        f"{collection.path}/{{name:str}}/scale",
        operation_id=f"scale_{kind.lower()}",
        summary=f"Scale a {kind}",
        responses=described(Entity, "As it is now.", examples.ENTITY, empty=_NOT_SHOWN),
        **_common(collection),
    )
    async def scale(scope: Scope, place: Place, name: ResourceName, data: NewReplicas, how: How) -> Response[bytes]:
        """Set how many Pods there are to be; you need `patch` on the scale subresource."""
        asked = asked_of(scope)
        build = partial(intents.scale, replicas=data.replicas, manager=how.manager)
        found = await changed(asked, f"scale{kind}", Named(collection, place, name), build, how)
        return await answer(asked, found, how, status=200)

    return scale


def _restart(collection: Collection) -> HTTPRouteHandler:
    @post(
        f"{collection.path}/{{name:str}}/restart",
        operation_id=f"restart_{collection.kind.kind.lower()}",
        summary=f"Restart a {collection.kind.kind}",
        status_code=200,
        responses=described(Entity, "As it is now.", examples.ENTITY, empty=_NOT_SHOWN),
        **_common(collection),
    )
    async def restart(scope: Scope, place: Place, name: ResourceName, how: How) -> Response[bytes]:
        """Have all Pods made again, as `kubectl rollout restart` does."""
        asked = asked_of(scope)
        build = partial(intents.restart, at=datetime.now(UTC), manager=how.manager)
        found = await changed(asked, "rolloutRestart", Named(collection, place, name), build, how)
        return await answer(asked, found, how, status=200)

    return restart


CHANGES: Mapping[str, tuple[Callable[[Collection], HTTPRouteHandler], ...]] = {
    "namespaces": (_creation, _deletion),
    "pods": (_creation, _replacement, _deletion),
    "deployments": (_creation, _replacement, _deletion, _scaling, _restart),
    "services": (_creation, _replacement, _deletion),
}


def _common(collection: Collection) -> dict[str, Any]:
    return {
        "dependencies": {"place": Provide(place_of(collection)), "how": Provide(how_of)},
        "tags": [collection.plural],
        "media_type": MediaType.JSON,
    }


def _taking_object(handler: Callable[..., Any], collection: Collection) -> Callable[..., Any]:
    """The handler, its body described as an object of the collection."""
    example = Example(summary=f"A {collection.kind.kind}", value=examples.OBJECTS[collection.plural])
    described_body = BodyKwarg(
        title=collection.kind.kind,
        description=f"A {collection.kind.kind} of {collection.api_version}, as Kubernetes has it.",
        examples=[example],
    )
    handler.__annotations__["data"] = Annotated[dict[str, Any], described_body]
    return handler


def _name_in(obj: Mapping[str, Any]) -> str:
    metadata = obj.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    if not isinstance(name, str) or not name:
        raise BadUserInput("metadata.name is missing, or no text; a generated name cannot be asked for")
    return name
