"""How many examples properties are tried with: ten times as many by pytest's `--hypothesis-profile=thorough`."""

from hypothesis import settings

_USUAL = 100  # Hypothesis's own number, which its profiles have too


def register_profiles() -> None:
    """Let pytest's `--hypothesis-profile` know ours."""
    settings.register_profile("thorough", max_examples=10 * _USUAL, deadline=None)


def examples(usual: int) -> settings:
    """So many, and as many times more as the profile asks for."""
    return settings(max_examples=usual * settings().max_examples // _USUAL, deadline=None)
