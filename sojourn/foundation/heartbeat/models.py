"""Signs of life of the processes."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from sojourn.foundation.accounts.privacy import OPERATIONAL, Privacy


class Heartbeat(models.Model):
    """A process of the house says that it lives. Pages show its age; /healthz fails when it is old."""

    name = models.CharField(max_length=24, unique=True)
    at = models.DateTimeField()
    detail = models.JSONField(default=dict)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "name": OPERATIONAL, "at": OPERATIONAL, "detail": OPERATIONAL,
    }  # fmt: skip
