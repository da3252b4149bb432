"""Whom an address stands for, where callers are counted by it."""

import ipaddress

# Whoever speaks IPv6 has at least a /64 of addresses (RFC 6177).
NETWORK_BITS = 64


def place(address: str) -> str:
    """What counts as one address: all of IPv4, the network of IPv6; "" where there is none."""
    try:
        found = plain(address)
    except ValueError:
        return ""
    if found.version == 6:
        return str(ipaddress.ip_network((found, NETWORK_BITS), strict=False))
    return str(found)


def plain(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The address without its zone, and as IPv4 where a socket of IPv6 says so; ValueError where it is none."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        return found.ipv4_mapped
    return found
