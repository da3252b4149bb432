"""Kubeconfig files for the clients of a control plane of ours."""

import json
from pathlib import Path

from kgraph.stack.files import write_private


def write_kubeconfig(file: Path, *, server: str, ca_file: Path, user: str, token: str) -> Path:
    """Write a kubeconfig, readable by us alone, whose only context is this user at this server.

    It is JSON, which is YAML too. `ca_file` is named, not embedded.
    """
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "kgraph", "cluster": {"server": server, "certificate-authority": str(ca_file)}}],
        "users": [{"name": user, "user": {"token": token}}],
        "contexts": [{"name": "kgraph", "context": {"cluster": "kgraph", "user": user}}],
        "current-context": "kgraph",
    }
    write_private(file, json.dumps(content, indent=2))
    return file
