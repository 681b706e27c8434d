"""A plugin of pytest for trials: hypothesis keeps no example of a mutant."""

from __future__ import annotations

from hypothesis import settings


def pytest_configure() -> None:
    settings.register_profile("mutants", parent=settings.get_profile("house"), database=None)
    settings.load_profile("mutants")
