"""Sockets that notice when their peer is gone, however silent a watch is."""

import socket

from aiohttp.connector import AddrInfoType

# As client-go's dialer (client-go transport/cache.go): a server that does not take a connection for this long is down.
CONNECT_SECONDS = 30
# A peer that has gone without a word is noticed after idle + count x interval = 60 s.
KEEPALIVE_IDLE_SECONDS = 30
KEEPALIVE_INTERVAL_SECONDS = 10
KEEPALIVE_COUNT = 3
# The same limit for bytes that were sent and never acknowledged, where keepalives are not sent.
USER_TIMEOUT_MILLISECONDS = 60_000

_SOCKET_OPTIONS = (
    ("TCP_KEEPIDLE", KEEPALIVE_IDLE_SECONDS),
    ("TCP_KEEPALIVE", KEEPALIVE_IDLE_SECONDS),  # what macOS calls TCP_KEEPIDLE
    ("TCP_KEEPINTVL", KEEPALIVE_INTERVAL_SECONDS),
    ("TCP_KEEPCNT", KEEPALIVE_COUNT),
    ("TCP_USER_TIMEOUT", USER_TIMEOUT_MILLISECONDS),
)


def watched_socket(address: AddrInfoType) -> socket.socket:
    """A socket that notices when its peer is gone, however silent a watch is."""
    family, kind, protocol, _, _ = address
    made = socket.socket(family=family, type=kind, proto=protocol)
    watch_over(made)
    return made


def watch_over(made: socket.socket) -> None:
    """Have the system notice when the peer of a socket is gone."""
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _SOCKET_OPTIONS:
        if hasattr(socket, name):
            made.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
