"""What Kafka is told: its configuration file and the options of its Java."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from kgraph.stack.ports import LOOPBACK

VERSION = "4.4.0"  # pinned in `kafka-VERSION.jars.lock`

# Named listeners: clients come by the advertised one, which may lead through a proxy; the broker talks to itself,
# and whoever must not be cut off asks, by the direct one.
CLIENT, DIRECT, CONTROLLER = "CLIENT", "DIRECT", "CONTROLLER"


class KafkaOptions(msgspec.Struct, frozen=True):
    """How a Kafka is set up. Sizes are in MiB; port 0 is any free one.

    `advertised_port` is the port that clients are told to use instead of the one that it listens on; 0 is that
    very one. `partitions` is what a topic gets whose maker does not say. `settings` are further lines of
    server.properties, and win over ours.
    """

    heap_mib: int = 512
    port: int = 0
    advertised_port: int = 0
    partitions: int = 4
    deadline_seconds: float = 120.0
    grace_seconds: float = 30.0
    settings: Mapping[str, str] = {}


def configuration(options: KafkaOptions, home: Path, ports: Mapping[str, int]) -> str:
    """The text of server.properties."""
    listeners = {name: ports[name.lower()] for name in (CLIENT, DIRECT, CONTROLLER)}
    advertised = {CLIENT: options.advertised_port or ports["client"], DIRECT: ports["direct"]}
    settings = {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@{LOOPBACK}:{ports['controller']}",
        "listeners": _addresses(listeners),
        "advertised.listeners": _addresses(advertised),
        "listener.security.protocol.map": ",".join(f"{name}:PLAINTEXT" for name in listeners),
        "controller.listener.names": CONTROLLER,
        "inter.broker.listener.name": DIRECT,
        "log.dirs": str(home / "data"),
        "auto.create.topics.enable": "false",  # whoever writes to a topic decides how it is made
        "num.partitions": str(options.partitions),
        # There is one broker, and its own topics need no more of it.
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "1",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.num.partitions": "1",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "share.coordinator.state.topic.num.partitions": "1",
        # Groups of few members which all come at once, and tests which wait for a member to be missed.
        "group.initial.rebalance.delay.ms": "0",
        "group.min.session.timeout.ms": "500",
        # After kill -9 the controller refuses the broker's successor until the old session is over: 9 s by default.
        "broker.session.timeout.ms": "2000",
        "broker.heartbeat.interval.ms": "500",
        "num.network.threads": "2",
        "num.io.threads": "4",
        "background.threads": "2",
        "log.cleaner.dedupe.buffer.size": str(8 * 2**20),  # of the heap; 128 MiB by default
        **options.settings,
    }
    return "".join(f"{name}={value}\n" for name, value in settings.items())


def java_options(options: KafkaOptions) -> tuple[str, ...]:
    """What Java is told besides the class path."""
    return (
        f"-Xms{options.heap_mib // 4}m",
        f"-Xmx{options.heap_mib}m",
        "-XX:+ExitOnOutOfMemoryError",
        "-XX:+UseSerialGC",  # for a small heap on a small machine
        "-Djava.awt.headless=true",
        "-Dorg.apache.logging.log4j.level=WARN",  # its whole configuration at INFO would hide what went wrong
    )


def _addresses(ports: Mapping[str, int]) -> str:
    return ",".join(f"{name}://{LOOPBACK}:{port}" for name, port in ports.items())
