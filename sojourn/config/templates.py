"""Where templates lie: in their app; beside their views those of the console and the portal, and what both share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.exceptions import SuspiciousFileOperation
from django.template import Origin
from django.utils._os import safe_join
from django_cotton.cotton_loader import Loader

INTERFACES = Path(__file__).resolve().parent.parent / "interfaces"
BY_TOPIC = ("console", "portal", "shared")


class BesideTheViews(Loader):
    """``console/plans/sign.html`` is ``interfaces/console/plans/templates/sign.html``, with its components."""

    def get_template_sources(self, template_name: str) -> Iterator[Any]:
        interface, _, rest = template_name.partition("/")
        topic, _, name = rest.partition("/")
        if interface not in BY_TOPIC or not name:
            return
        try:
            path = safe_join(INTERFACES / interface, topic, "templates", name)
        except SuspiciousFileOperation:
            return
        yield Origin(name=path, template_name=template_name, loader=self)
