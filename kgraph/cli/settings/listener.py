"""The settings of the API's listener, one row each: TLS, and how much of it one caller may take."""

from kgraph.cli.settings.setting import Setting, Takes

LISTENER_SETTINGS: tuple[Setting, ...] = (
    Setting(
        key="tls_cert_file",
        takes=Takes.TEXT,
        meaning="PEM file of the certificate that the API shows, with its chain; with it the API speaks TLS (1.2 or "
        "later) and nothing else. Read again as it changes",
    ),
    Setting(key="tls_key_file", takes=Takes.TEXT, meaning="PEM file of its key, without a password"),
    Setting(
        key="tls_client_ca_file",
        takes=Takes.TEXT,
        meaning="PEM file of the authorities of clients' certificates; with it nobody connects without one, probes "
        "included. It says who may knock, not who asks: `authentication` does",
    ),
    Setting(
        key="trusted_proxies[]",
        takes=Takes.LIST,
        default=[],
        meaning="addresses and networks of proxies whose X-Forwarded-For and X-Forwarded-Proto count: `10.0.0.0/8`; "
        "of anybody else they are ignored",
    ),
    Setting(
        key="rate_limit",
        takes=Takes.NUMBER,
        default=100,
        meaning="how many requests and GraphQL operations a second each caller may send, who is a user, or an address "
        "before it is known who asks; 0: any number. Without `authentication` there is one caller, who is not limited",
    ),
    Setting(
        key="rate_burst",
        takes=Takes.WHOLE,
        default=200,
        meaning="how many of them at once, after a pause",
    ),
    Setting(
        key="streams_per_caller",
        takes=Takes.WHOLE,
        least=0,
        default=100,
        meaning="how many WebSockets, streams of events and followed logs a user may have open; 0: any number",
    ),
    Setting(
        key="connections_limit",
        takes=Takes.WHOLE,
        default=4096,
        meaning="how many connections there may be together; others are answered 503 until some end",
    ),
    Setting(
        key="connections_per_address",
        takes=Takes.WHOLE,
        least=0,
        default=512,
        meaning="how many of them from one address; 0: any number. Loopback and `trusted_proxies` stand for many "
        "callers, and are not counted",
    ),
    Setting(
        key="header_timeout",
        takes=Takes.DURATION,
        default="10s",
        meaning="how long a connection may take for the line and the headers of a request",
    ),
    Setting(
        key="body_timeout",
        takes=Takes.DURATION,
        default="30s",
        meaning="how long for its body, and how long it may leave an answer unread",
    ),
)
