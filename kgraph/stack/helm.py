"""Helm, built from source into the cache: it renders and checks the chart in `deploy/`.

`python -m kgraph.stack.helm build` builds it ahead of its first use.
"""

from pathlib import Path

from kgraph.stack.gobuild import GoModule, build
from kgraph.stack.progress import Report, ahead_of_use

VERSION = "4.3.1"
_VERSION_PACKAGE = "helm.sh/helm/v4/internal/version"

HELM = GoModule(
    name="helm",
    version=VERSION,
    source="helm.sh/helm/v4",
    packages=("helm.sh/helm/v4/cmd/helm",),
    variables={f"{_VERSION_PACKAGE}.version": f"v{VERSION}"},
)


async def helm(report: Report) -> Path:
    """The program; it is built where it is missing, which takes minutes. Raises as `gobuild.build` does."""
    return await build(HELM, report) / "helm"


if __name__ == "__main__":
    ahead_of_use("kgraph.stack.helm", "build", helm)
