"""What Neo4j is told: its configuration file and its command line."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from kgraph.stack.neo4j_install import DEFAULT_VERSION, MAIN_CLASS, Installation
from kgraph.stack.ports import LOOPBACK

FOLDERS = ("conf", "data", "import", "logs", "plugins", "run")

# Neo4j's own start script opens these; its off-heap memory and its thread pools need them.
OPENED_PACKAGES = ("java.nio", "java.io", "sun.nio.ch", "java.util.concurrent")


class Neo4jOptions(msgspec.Struct, frozen=True):
    """How an embedded Neo4j is set up. Sizes are in MiB; port 0 is any free one.

    `settings` are further lines of neo4j.conf, and win over ours; `java_options` are added. It has
    `deadline_seconds` to be ready, and `grace_seconds` to end, in which it writes a checkpoint. A transaction
    may take half of the heap: Neo4j then refuses that one, instead of running out of memory with all of them.
    """

    version: str = DEFAULT_VERSION
    heap_mib: int = 1024
    page_cache_mib: int = 512
    bolt_port: int = 0
    http_port: int = 0
    deadline_seconds: float = 180.0
    grace_seconds: float = 60.0
    settings: Mapping[str, str] = {}
    java_options: tuple[str, ...] = ()


def configuration(options: Neo4jOptions, ports: Mapping[str, int]) -> str:
    """The text of neo4j.conf."""
    bolt, http = f"{LOOPBACK}:{ports['bolt']}", f"{LOOPBACK}:{ports['http']}"
    settings = {
        "server.default_listen_address": LOOPBACK,
        "server.bolt.listen_address": bolt,
        "server.bolt.advertised_address": bolt,  # Browser dials it
        "server.http.listen_address": http,
        "server.http.advertised_address": http,
        "server.http.x_forward.enabled": "false",  # there is no proxy before it, so nobody may claim to be one
        "server.https.enabled": "false",
        "server.memory.pagecache.size": f"{options.page_cache_mib}m",
        "db.memory.transaction.max": f"{options.heap_mib // 2}m",
        "db.logs.query.enabled": "OFF",
        # Nothing here calls home, or the neighbours.
        "dbms.usage_report.enabled": "false",
        "client.allow_telemetry": "false",
        "browser.remote_content_hostname_whitelist": "",
        "dbms.fleet_manager.enabled": "false",
        "server.fleet_discovery.enabled": "false",
        # Netty's quiet period would make each stop ten seconds longer, waiting for calls that cannot come.
        "internal.dbms.bolt.netty_server_shutdown_quiet_period_duration": "0s",
        **options.settings,
    }
    return "".join(f"{name}={value}\n" for name, value in settings.items())


def command_line(installation: Installation, home: Path, options: Neo4jOptions) -> tuple[str, ...]:
    """The command that starts Neo4j in its home folder."""
    return (
        *installation.java.command(
            installation.folder,
            f"-Xms{options.heap_mib}m",
            f"-Xmx{options.heap_mib}m",
            "-XX:+ExitOnOutOfMemoryError",
            "-XX:+DisableExplicitGC",
            "-Djdk.nio.maxCachedBufferSize=1024",  # as Neo4j's own script: keeps off-heap buffers small
            "-Dlog4j2.disable.jmx=true",
            "-Djava.awt.headless=true",
            *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in OPENED_PACKAGES),
            *installation.startup_options,
            *options.java_options,
        ),
        MAIN_CLASS,
        "--console-mode",
        f"--home-dir={home}",
        f"--config-dir={home / 'conf'}",
    )
