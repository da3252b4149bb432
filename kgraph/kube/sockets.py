"""Sockets that notice when their peer is gone, however silent a watch is."""

import asyncio
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
    while not _is_free(made):
        # The number stays taken, or each next socket would get it, and no connection could be made any more.
        made.detach()
        made = socket.socket(family=family, type=kind, proto=protocol)
    watch_over(made)
    return made


def _is_free(made: socket.socket) -> bool:
    """Whether the loop knows nothing of the socket's number.

    uvloop goes on believing that a transport has it whose TLS handshake broke off, as when an apiserver dies
    (https://github.com/MagicStack/uvloop/issues/653), and then refuses to connect a new socket of that number.
    """
    loop = asyncio.get_running_loop()
    try:
        loop.add_reader(made, bool)
    except RuntimeError:
        return False
    loop.remove_reader(made)
    return True


def watch_over(made: socket.socket) -> None:
    """Have the system notice when the peer of a socket is gone."""
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _SOCKET_OPTIONS:
        if hasattr(socket, name):
            made.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
