"""Container image references, written in full, so that clusters that run one image share its node."""

import re
from functools import lru_cache

import msgspec

_DEFAULT_REGISTRY = "docker.io"
_DEFAULT_TAG = "latest"
_REMEMBERED = 4_096  # a cluster's Pods run few images, many times each
_DIGEST = re.compile(r"[A-Za-z0-9_+.-]+:[A-Za-z0-9]{32,}")


class ImageReference(msgspec.Struct, frozen=True, gc=False):
    """Where an image is: `registry/repository`, and a tag, a digest or both."""

    registry: str
    repository: str
    tag: str = ""
    digest: str = ""

    def __str__(self) -> str:
        """In full, as `docker.io/library/nginx:latest`, with `@sha256:…` where there is a digest."""
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.registry}/{self.repository}{tag}{digest}"


@lru_cache(maxsize=_REMEMBERED)
def parse_image(written: str) -> ImageReference | None:
    """Read a reference as a container runtime does; None where it is none.

    The rules are distribution/reference's ParseDockerRef (containerd uses them too): a first part with a dot, a
    colon, an upper-case letter or `localhost` is a registry; Docker Hub's bare names are under `library/`; without
    tag and digest it is `latest`. A digest beats a tag, which the reference keeps as its author wrote it.
    """
    name, at, digest = written.strip().partition("@")
    if at and not _DIGEST.fullmatch(digest):
        return None
    slash = name.rfind("/")
    colon = name.rfind(":")
    tag = ""
    if colon > slash:
        name, tag = name[:colon], name[colon + 1 :]
        if not tag:
            return None
    first, separator, rest = name.partition("/")
    if separator and ("." in first or ":" in first or first == "localhost" or first.lower() != first):
        registry, repository = first, rest
    else:
        registry, repository = _DEFAULT_REGISTRY, name
    if registry in ("index.docker.io", "registry-1.docker.io"):
        registry = _DEFAULT_REGISTRY
    if registry == _DEFAULT_REGISTRY and "/" not in repository:
        repository = f"library/{repository}"
    if not repository.strip("/") or repository.endswith("/") or re.search(r"\s", repository):
        return None
    if not tag and not digest:
        tag = _DEFAULT_TAG
    return ImageReference(registry, repository, tag, digest)


def digest_of_image_id(image_id: str) -> str:
    """The repository digest in a container status' imageID; "" where it has only the image's own id.

    It is `docker.io/library/nginx@sha256:…`, of old `docker-pullable://nginx@sha256:…`, or `sha256:…` alone for an
    image that was never pulled by digest.
    """
    _, at, digest = image_id.partition("@")
    return digest if at and _DIGEST.fullmatch(digest) else ""
