"""What the commands share: a word to the terminal, and Django made ready."""

from __future__ import annotations

import os


def say(text: str) -> None:
    """Tell the person at the terminal."""
    print(text, flush=True)


def set_up_django(*, owner: bool = False) -> None:
    """Make Django ready; with ``owner`` the tables' owner may be asked as well."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sojourn.config.settings")
    if owner:
        os.environ["SOJOURN_OWNER_ALIAS"] = "1"
    import django

    django.setup()
