"""Free loopback ports."""

import random
import socket
from pathlib import Path

from kgraph.stack.errors import StackError

LOOPBACK = "127.0.0.1"
LOWEST_PORT = 20_000  # above the ports that services are known by
EPHEMERAL_FLOOR = 32_768  # where Linux starts to hand out ports to outgoing connections, unless told otherwise


def free_ports(count: int) -> tuple[int, ...]:
    """`count` different loopback ports on which nothing listens now.

    They lie below the range for outgoing connections: a server that is restarted wants its port back, and
    a client which dials a port of that range again and again can be given that very port as its own end,
    and so connect to itself.

    Raises StackError where that many are not free.
    """
    candidates = list(range(LOWEST_PORT, max(_ephemeral_floor(), LOWEST_PORT + 1_000)))
    random.shuffle(candidates)
    found: list[int] = []
    for port in candidates:
        if len(found) == count:
            return tuple(found)
        if is_free(port):
            found.append(port)
    raise StackError(f"wanted {count} free ports on {LOOPBACK}, found {len(found)}")


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        # As servers do: connections of a predecessor that wait in TIME_WAIT do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def _ephemeral_floor() -> int:
    try:
        return int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text("ascii").split()[0])
    except (OSError, ValueError):
        return EPHEMERAL_FLOOR
