"""Which proxy a server is reached through, by Go's rules, so that it is the one that kubectl takes.

The rules are those of golang.org/x/net/http/httpproxy; Python's own (`urllib.request.proxy_bypass`) know neither
networks such as 10.0.0.0/8 nor that a loopback address is never proxied.
"""

import ipaddress
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

from kgraph.kube.errors import ConfigurationError

_DEFAULT_PORTS = {"https": 443, "http": 80}


def proxy_for(server: str, environ: Mapping[str, str]) -> str:
    """The proxy that HTTPS_PROXY (HTTP_PROXY for http) and NO_PROXY name for a server; "" for none."""
    url = urlsplit(server)
    name = f"{url.scheme}_proxy"
    proxy = (environ.get(name.upper()) or environ.get(name) or "").strip()
    if not proxy or not _proxied(url, environ.get("NO_PROXY") or environ.get("no_proxy") or ""):
        return ""
    return checked_proxy(proxy if "://" in proxy else f"http://{proxy}", f"the variable {name.upper()}")


def checked_proxy(proxy: str, where: str) -> str:
    """The proxy, when it is one that can be spoken to; the error names `where` it was read, not its password."""
    try:
        url = urlsplit(proxy)
        usable = bool(url.hostname) and url.port != 0
    except ValueError:
        usable, url = False, SplitResult("", "", "", "", "")
    if not usable or url.scheme not in ("http", "https"):
        raise ConfigurationError(
            f"{where} is no usable proxy: write http://host:port or https://host:port"
            + (f"; {url.scheme}:// is not supported" if url.scheme.startswith("socks") else "")
        )
    return proxy


def _proxied(url: SplitResult, no_proxy: str) -> bool:
    host = (url.hostname or "").lower()
    port = url.port or _DEFAULT_PORTS.get(url.scheme, 0)
    address = _address(host)
    if host == "localhost" or (address and address.is_loopback):
        return False
    return not any(_excepts(entry.strip().lower(), host, port, address) for entry in no_proxy.split(","))


def _excepts(entry: str, host: str, port: int, address: ipaddress.IPv4Address | ipaddress.IPv6Address | None) -> bool:
    """Whether one entry of NO_PROXY covers the host."""
    if entry == "*":
        return True
    if "/" in entry:
        try:
            network = ipaddress.ip_network(entry, strict=False)
        except ValueError:
            return False
        return address is not None and address in network
    if _address(entry) is None:  # a bare IPv6 address has colons, and no port
        entry, _, wanted = entry.rpartition(":") if entry.rpartition(":")[2].isdecimal() else (entry, "", "")
        if wanted and int(wanted) != port:
            return False
    entry = entry.strip("[]")
    if not entry:
        return False
    if (excepted := _address(entry)) is not None:
        return address == excepted
    entry = entry.removeprefix("*")
    return host.endswith(entry) if entry.startswith(".") else host == entry or host.endswith(f".{entry}")


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
