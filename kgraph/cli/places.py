"""How what listens is reached from this machine."""

_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where something listens is decided already


def url_of(host: str, port: int, *, tls: bool = False) -> str:
    """The URL of an address that is listened on, as programs on this machine reach it."""
    host = _ANY.get(host, host)
    return f"{'https' if tls else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"
