"""Two clusters whose Pods run the same images: their workers share nodes, and neither takes the other's away."""

import asyncio
import random

import pytest

from kgraph.graphdb.catalogue import Catalogue
from kgraph.graphdb.store import Store, Transaction
from kgraph.sync.batch import Batch
from kgraph.sync.check import picture_of_graph
from kgraph.sync.extract import Extractor
from kgraph.sync.pipeline import Pipeline
from kgraph.sync.writer import Writer
from tests.workers import LEFT_OVER

IMAGES = ("nginx", "redis", "postgres")
ROUNDS = 60


@pytest.mark.parametrize("seed", [1, 2])
async def test_two_clusters_that_share_images_come_to_their_ends(store: Store, seed: int) -> None:
    """However two workers meet at an image that one takes away while the other points at it, no Pod is left out."""
    dice = random.Random(seed)
    pipelines: dict[str, Pipeline] = {}
    wanted: dict[str, dict[str, str]] = {}
    for cluster in ("east", "west"):
        writer = await Writer.claim(store, cluster, {})
        pipelines[cluster] = Pipeline(cluster, writer.write)
        wanted[cluster] = {}

    async def live(cluster: str, steps: list[tuple[str, str | None]]) -> None:
        extractor, pipeline = Extractor(cluster, Catalogue()), pipelines[cluster]
        for name, image in steps:
            key = f"{cluster}/core/Pod/n/{name}"
            if image is None:
                pipeline.pending.remove(key, "Pod")
                wanted[cluster].pop(key, None)
            else:
                spec = {"containers": [{"name": "c", "image": image}]}
                pod = {"metadata": {"name": name, "namespace": "n", "uid": name}, "spec": spec}
                resource = extractor.extract(pod, "", "v1", "Pod").resource
                pipeline.pending.put(resource, edges_changed=True, fresh=key not in wanted[cluster])
                wanted[cluster][key] = image
            pipeline.changed()
            await pipeline.write_pending()

    def history() -> list[tuple[str, str | None]]:
        return [(dice.choice("ab"), dice.choice((*IMAGES, None, None))) for _ in range(ROUNDS)]

    async with asyncio.TaskGroup() as tasks:
        for cluster in ("east", "west"):
            tasks.create_task(live(cluster, history()))
    for cluster, pods in wanted.items():
        picture = await picture_of_graph(store, cluster)
        images = {start: end for (start, type_, end) in picture.edges if type_ == "RUNS_IMAGE"}
        assert images == {key: f"image:docker.io/library/{image}:latest" for key, image in pods.items()}
        assert pipelines[cluster].refused == {}
    assert await store.read_text(LEFT_OVER) == []


async def test_an_image_swept_between_finding_it_and_pointing_at_it_is_made_again(store: Store) -> None:
    """The one order of two transactions in which the image goes under the other's hands costs that one no resource."""
    writers = {cluster: await Writer.claim(store, cluster, {}) for cluster in ("east", "west")}

    def batch(cluster: str) -> Batch:
        pod = {"metadata": {"name": "p", "namespace": "n"}, "spec": {"containers": [{"name": "c", "image": "nginx"}]}}
        made = Batch()
        resource = Extractor(cluster, Catalogue()).extract(pod, "", "v1", "Pod").resource
        made.put(resource, edges_changed=True, fresh=True)
        return made

    await writers["east"].write(batch("east"))
    swept, go_on = asyncio.Event(), asyncio.Event()

    async def bury_slowly() -> None:
        async def work(transaction: Transaction) -> None:
            run = transaction.run
            loose = (await run("write/bury_resources", {"keys": ["east/core/Pod/n/p"], "label": "Pod"}))[0]["loose"]
            await run("write/sweep", {"keys": loose})
            swept.set()
            await go_on.wait()

        await store.write(work, what="burying slowly")

    pipeline = Pipeline("west", writers["west"].write)
    pipeline.pending = batch("west")
    pipeline.changed()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(bury_slowly())
        await swept.wait()
        writing = tasks.create_task(pipeline.write_pending())
        await asyncio.wait({writing}, timeout=1)  # it waits for the lock now, or has not come so far yet: both will do
        go_on.set()
    assert pipeline.refused == {}
    found = await store.read_text("MATCH (s:Resource)-[:RUNS_IMAGE]->(i:Image) RETURN s.cluster AS cluster")
    assert found == [{"cluster": "west"}]
