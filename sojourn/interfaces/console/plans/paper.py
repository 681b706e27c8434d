"""A signed plan on paper: the same words as its page."""

from __future__ import annotations

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from sojourn.care.plan import queries as plan_queries
from sojourn.care.plan.models import PlanVersion
from sojourn.foundation.accounts.models import Clinic
from sojourn.foundation.clock import page_day, page_local
from sojourn.foundation.printing.setting import Column, Document, Section, Table
from sojourn.interfaces.console.plans.presenters import PlanVersionView, stamps
from sojourn.interfaces.shared.days import day_words


def document(clinic: Clinic, version: PlanVersion, shown: PlanVersionView) -> Document:
    """The whole document in the active language, under the clinic's letterhead."""
    patient = version.patient
    return Document(
        language=(translation.get_language() or "en").partition("-")[0],
        title=shown.title,
        about=f"{patient.name} · {patient.record_number}",
        author=clinic.name,
        made_at=page_local(timezone.now()),
        letterhead=[clinic.name, *(each.strip() for each in clinic.address.splitlines() if each.strip())],
        # Translators: keep {page} and {pages} as they are.
        page=_("Page {page} of {pages}"),
        hash_label=_("Content hash"),
        hash=version.content_hash,
        facts=[(_("Born"), day_words(patient.birth_date))],
        standing_title=_("Signature"),
        standing=_standing(version, shown),
        sections=[each for each in _sections(version, shown) if each.facts or each.paragraphs or each.table],
        paper="us-letter" if clinic.jurisdiction.startswith("US") else "a4",
    )


def _standing(version: PlanVersion, shown: PlanVersionView) -> list[str]:
    """Who signed and who checked; and where what stands here is not what was signed, that."""
    checks = [
        _("Dose checked by %(name)s on %(day)s: %(mg)s mg.")
        % {"name": each.checked_by, "day": day_words(page_day(each.checked_at)), "mg": each.dose_mg}
        for each in version.checks.all()
    ]
    changed = version.signed_at is not None and not plan_queries.unchanged(version)
    return [shown.standing, *checks, *([_("What is shown here is not what was signed.")] if changed else [])]


def _sections(version: PlanVersion, shown: PlanVersionView) -> list[Section]:
    parts = Table([Column(_("What"), "2fr"), Column(_("Who"), "1.5fr"), Column(_("How often"), "2fr")], shown.parts)
    rules = Table(
        [Column(_("Rule"), "2fr"), Column(_("Version"), figures=True), Column(_("Hash"), "1fr")],
        [[each["id"], str(each["version"]), each["hash"]] for each in stamps(version)],
    )
    beyond = [version.beyond_reason] if version.beyond_reason else []
    return [
        Section(_("What is ordered"), facts=shown.facts),
        Section(_("How the dose was worked out"), facts=[(each.label, each.words) for each in shown.working]),
        Section(_("Outside of what was studied, because"), paragraphs=beyond),
        Section(_("Why the plan changed"), paragraphs=[version.change_reason] if version.change_reason else []),
        Section(_("Beside the medicine"), table=parts if shown.parts else None),
        Section(_("Goals"), paragraphs=shown.goals),
        Section(_("Rules that acted"), table=rules if version.rules else None),
    ]
