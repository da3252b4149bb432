"""Container image references in full."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgraph.kube.images import ImageReference, digest_of_image_id, parse_image

DIGEST = "sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("nginx", "docker.io/library/nginx:latest"),
        ("nginx:1.27", "docker.io/library/nginx:1.27"),
        ("org/app", "docker.io/org/app:latest"),
        ("docker.io/nginx", "docker.io/library/nginx:latest"),
        ("docker.io/org/app:1", "docker.io/org/app:1"),
        ("index.docker.io/library/nginx", "docker.io/library/nginx:latest"),
        ("quay.io/org/app", "quay.io/org/app:latest"),
        ("registry:5000/app", "registry:5000/app:latest"),
        ("registry:5000/team/app:v1", "registry:5000/team/app:v1"),
        ("localhost/app:dev", "localhost/app:dev"),
        ("a/b/c/d:1", "docker.io/a/b/c/d:1"),
        ("registry.k8s.io/pause:3.10", "registry.k8s.io/pause:3.10"),
        (f"nginx@{DIGEST}", f"docker.io/library/nginx@{DIGEST}"),
        (f"quay.io/org/app:1@{DIGEST}", f"quay.io/org/app:1@{DIGEST}"),
        (" nginx ", "docker.io/library/nginx:latest"),
    ],
)
def test_reference_in_full(written: str, wanted: str) -> None:
    """Two ways to write one image are one image, as a container runtime reads them."""
    assert str(parse_image(written)) == wanted


@pytest.mark.parametrize("written", ["", " ", ":", "nginx:", "a b", "@sha256:1", f"@{DIGEST}", "quay.io/", "/x:"])
def test_what_is_no_reference(written: str) -> None:
    """What no runtime would pull is no image."""
    assert parse_image(written) is None


def test_parts() -> None:
    """Registry, repository, tag and digest stand apart."""
    assert parse_image(f"registry:5000/team/app:v1@{DIGEST}") == ImageReference(
        "registry:5000", "team/app", "v1", DIGEST
    )


@given(st.text(max_size=30))
def test_full_form_is_its_own(written: str) -> None:
    """Whatever is written, its full form reads as itself, so that no image has two nodes."""
    reference = parse_image(written)
    if reference is not None:
        assert parse_image(str(reference)) == reference


@pytest.mark.parametrize(
    ("image_id", "wanted"),
    [
        (f"docker.io/library/nginx@{DIGEST}", DIGEST),
        (f"docker-pullable://nginx@{DIGEST}", DIGEST),
        (DIGEST, ""),
        ("", ""),
    ],
    ids=["containerd", "dockershim", "an image's own id", "not pulled yet"],
)
def test_digest_of_image_id(image_id: str, wanted: str) -> None:
    """Only a repository's digest says what was pulled."""
    assert digest_of_image_id(image_id) == wanted
