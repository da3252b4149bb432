"""Proxies by Go's rules; the cases are those of golang.org/x/net/http/httpproxy where it has them."""

import pytest

from kgraph.kube.errors import ConfigurationError
from kgraph.kube.proxies import checked_proxy, proxy_for

PROXY = "http://proxy:3128"


@pytest.mark.parametrize(
    ("server", "environ", "proxy"),
    [
        ("https://api.example.com", {}, ""),
        ("https://api.example.com", {"HTTPS_PROXY": PROXY}, PROXY),
        ("https://api.example.com", {"https_proxy": PROXY}, PROXY),
        ("https://api.example.com", {"HTTP_PROXY": PROXY}, ""),
        ("http://api.example.com", {"HTTP_PROXY": PROXY}, PROXY),
        ("https://api.example.com", {"HTTPS_PROXY": "proxy:3128"}, PROXY),
        ("https://localhost:6443", {"HTTPS_PROXY": PROXY}, ""),
        ("https://127.0.0.2:6443", {"HTTPS_PROXY": PROXY}, ""),
        ("https://[::1]:6443", {"HTTPS_PROXY": PROXY}, ""),
        ("https://api.example.com", {"HTTPS_PROXY": PROXY, "NO_PROXY": "*"}, ""),
        ("https://api.example.com", {"HTTPS_PROXY": PROXY, "no_proxy": "example.com"}, ""),
        ("https://example.com", {"HTTPS_PROXY": PROXY, "NO_PROXY": "example.com"}, ""),
        ("https://example.com", {"HTTPS_PROXY": PROXY, "NO_PROXY": ".example.com"}, PROXY),
        ("https://api.example.com", {"HTTPS_PROXY": PROXY, "NO_PROXY": ".example.com"}, ""),
        ("https://api.example.com", {"HTTPS_PROXY": PROXY, "NO_PROXY": "*.example.com"}, ""),
        ("https://notexample.com", {"HTTPS_PROXY": PROXY, "NO_PROXY": "example.com"}, PROXY),
        ("https://API.Example.com", {"HTTPS_PROXY": PROXY, "NO_PROXY": " foo , EXAMPLE.com "}, ""),
        ("https://example.com:6443", {"HTTPS_PROXY": PROXY, "NO_PROXY": "example.com:6443"}, ""),
        ("https://example.com", {"HTTPS_PROXY": PROXY, "NO_PROXY": "example.com:443"}, ""),
        ("https://example.com:6443", {"HTTPS_PROXY": PROXY, "NO_PROXY": "example.com:443"}, PROXY),
        ("https://10.1.2.3", {"HTTPS_PROXY": PROXY, "NO_PROXY": "10.0.0.0/8"}, ""),
        ("https://11.1.2.3", {"HTTPS_PROXY": PROXY, "NO_PROXY": "10.0.0.0/8"}, PROXY),
        ("https://10.1.2.3", {"HTTPS_PROXY": PROXY, "NO_PROXY": "10.1.2.3"}, ""),
        ("https://10.1.2.3:6443", {"HTTPS_PROXY": PROXY, "NO_PROXY": "10.1.2.3:443"}, PROXY),
        ("https://[2001:db8::5]", {"HTTPS_PROXY": PROXY, "NO_PROXY": "2001:db8::5"}, ""),
        ("https://[2001:db8::5]:6443", {"HTTPS_PROXY": PROXY, "NO_PROXY": "[2001:db8::5]:6443"}, ""),
        ("https://[2001:db8::5]", {"HTTPS_PROXY": PROXY, "NO_PROXY": "2001:db8::/32"}, ""),
        ("https://api.example.com", {"HTTPS_PROXY": PROXY, "NO_PROXY": ",:80,/8,"}, PROXY),
    ],
)
def test_the_proxy_is_the_one_that_kubectl_takes(server: str, environ: dict[str, str], proxy: str) -> None:
    """HTTPS_PROXY and NO_PROXY mean for a server what they mean to kubectl."""
    assert proxy_for(server, environ) == proxy


@pytest.mark.parametrize("proxy", ["socks5://user:hunter2@proxy:1080", "http://", "http://user:hunter2@:x", "ftp://a"])
def test_an_unusable_proxy_is_named_without_its_password(proxy: str) -> None:
    """A proxy that cannot be used is a clear error, which does not repeat the login in it."""
    with pytest.raises(ConfigurationError) as error:
        checked_proxy(proxy, "proxy-url")
    assert "proxy-url" in str(error.value)
    assert "hunter2" not in str(error.value)
