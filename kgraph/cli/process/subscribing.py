"""Where the API's subscribers get their events from, in a process without workers."""

from kgraph.api.events.hub import Hub
from kgraph.cli.configuration.reading import Configuration
from kgraph.feed.kafka_source import BACK_SECONDS, KafkaSource
from kgraph.feed.redis_stream import RedisSource


def followed(configuration: Configuration) -> Hub | None:
    """Who reads Kafka, or else Redis, for this process's subscribers, from now on; None where there is neither."""
    if configuration.kafka is not None:
        hub = Hub(KafkaSource(configuration.kafka), reaches_back=BACK_SECONDS)
    elif configuration.redis_url:
        hub = Hub(RedisSource(configuration.redis_url))
    else:
        return None
    hub.start()
    return hub
