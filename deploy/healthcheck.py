"""Docker's question whether the container is well; Kubernetes has its own probes.

The API answers it on its own port, with TLS where it has it; a worker, and an API that wants to see a certificate of
whoever asks, on that of its metrics.
"""

import os
import ssl
import sys
import urllib.request
from pathlib import Path

words = Path("/proc/1/cmdline").read_bytes().split(b"\0")
scheme = "http"
if b"serve" in words and not os.environ.get("TLS_CLIENT_CA_FILE"):
    scheme = "https" if os.environ.get("TLS_CERT_FILE") else "http"
    port = words[words.index(b"--port") + 1].decode() if b"--port" in words else "8080"
elif b"serve" in words or b"worker" in words:
    port = os.environ.get("METRICS_PORT", "9090")
else:
    sys.exit(0)
try:
    # The certificate is made out to another name than loopback's.
    context = ssl._create_unverified_context()  # noqa: S323, SLF001 - it is this container's own port
    address = f"{scheme}://127.0.0.1:{port}/health/live"
    with urllib.request.urlopen(address, timeout=3, context=context):  # noqa: S310 - http or https, as above
        pass
except OSError as error:
    sys.exit(f"it does not answer on port {port}: {error}")
