"""In a browser: what the page of a candidacy's signature asks for, typed in. Nothing of Django, for the journeys."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page

WHY = "Weighed and talked over; the benefit is greater."


def give_reasons(page: Page) -> None:
    """A reason in every field that asks for one, and every answer that a finding wants, of yesterday."""
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date()
    for why in page.locator("textarea[name^=why-]").all():
        why.fill(WHY)
    for kind in ("clearance", "seen"):
        for what, value in (("who", "Dr. Lund"), ("on", yesterday.isoformat()), ("document", "letter 12")):
            for field in page.locator(f"input[name^={kind}-][name$=-{what}]").all():
                field.fill(value)
