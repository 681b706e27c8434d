"""One patient's candidacy, worked out for its page: findings, gaps, scores, decisions, and what came
back from a form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from django.utils.translation import gettext as _

from sojourn.care.candidacy import file_queries, judging
from sojourn.care.candidacy import queries as candidacy_queries
from sojourn.care.candidacy.file_queries import File
from sojourn.care.candidacy.models import CandidacyDecision
from sojourn.care.candidacy.queries import Assessed, CandidacyStatus, Overridden
from sojourn.care.intake import doubts, medicine_history
from sojourn.care.intake import queries as intake_queries
from sojourn.care.intake.medicine_history import MedicineHistory
from sojourn.care.measures import queries as measures_queries
from sojourn.care.measures.queries import Trend
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.scope import PatientScope
from sojourn.interfaces.console.candidacy.findings import finding_groups, finding_row, medicine_beside
from sojourn.interfaces.console.candidacy.forms import Typed
from sojourn.interfaces.console.candidacy.missing import fact_panels, patient_asks, too_old
from sojourn.interfaces.console.candidacy.presenters import (
    MOST_MOMENTS,
    arrived,
    error_links,
    kind_choices,
    past_decision,
)
from sojourn.interfaces.console.candidacy.timeline import day_line, early_warning, scale_title, score_lines
from sojourn.interfaces.console.candidacy.words import DECISIONS, way_words
from sojourn.interfaces.console.medicines import changed as medicines_changed


@dataclass(frozen=True, slots=True)
class Returned:
    """What comes back to the page from one of its forms: why it was refused, where, and what was typed there.

    ``values``: what was typed into ``panel``; ``reason``: a finding with the reason of its override; ``report``: a
    laboratory's report with its note.
    """

    refused: ActionRefused | None = None
    place: str = ""
    typed: Typed = field(default_factory=Typed)
    panel: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    reason: tuple[str, str] = ("", "")
    report: tuple[str, str] = ("", "")


NOTHING_RETURNED = Returned()


@dataclass(frozen=True, slots=True)
class Judged:
    """The file of a patient as the rules judge it on a day, for one drug by one route."""

    file: File
    today: date
    assessed: Assessed
    standing: CandidacyStatus
    medicines: MedicineHistory
    trends: list[Trend]

    @property
    def newest(self) -> CandidacyDecision | None:
        return self.file.newest

    @property
    def signed(self) -> dict[str, Overridden]:
        """The newest override of each finding, and before it the one that is in effect."""
        rows = [each for each in self.file.overrides if each.row.drug == self.assessed.drug]
        newest = {each.finding: each for each in reversed(rows)}
        return newest | {each.finding: each for each in rows if each.in_effect}


def judge_file(file: File, drug: str, route: str, today: date) -> Judged:
    """The file judged for the way that is asked about; the newest decision for the way that it was about.

    Four queries.
    """
    patient, newest = file.patient, file.newest
    facts = intake_queries.facts_of(
        patient,
        today,
        intake_queries.answers(PatientScope(patient.pk)),
        file.entered,
        intake_queries.allergies(PatientScope(patient.pk)),
    )
    medicines = medicine_history.history(PatientScope(patient.pk))
    taken = medicines.taken()
    trends = measures_queries.trends(PatientScope(patient.pk), rules={})
    rules = candidacy_queries.rules(patient.clinic_id)
    assessed = candidacy_queries.assess(patient, facts, taken, rules, drug=drug, route=route, on=today)
    decided = assessed
    if newest is not None and (newest.drug, newest.route) != (drug, route):
        decided = candidacy_queries.assess(patient, facts, taken, rules, drug=newest.drug, route=newest.route, on=today)
    return Judged(
        file, today, assessed, candidacy_queries.evaluate_candidacy(newest, decided, today), medicines, trends
    )


def page_context(judged: Judged, actor: Actor, returned: Returned) -> dict[str, object]:
    """Everything that the page shows. No query."""
    return {
        "patient": judged.file.patient,
        "today": judged.today,
        "errors": error_links(returned.refused, returned.place),
        "asks_sure": returned.refused is not None and doubts.doubted(returned.refused.codes),
        **_way_context(judged),
        **_standing_context(judged),
        **_findings_context(judged, actor),
        **_missing_context(judged, returned),
        **_medicines_context(judged),
        **_scores_context(judged),
        **_forms_context(judged, actor, returned),
    }


def _way_context(judged: Judged) -> dict[str, object]:
    drug, route = judged.assessed.drug, judged.assessed.route or ""
    return {
        "ways": [(f"{one}-{other}", way_words(one, other)) for one, other in judging.WAYS],
        "way": f"{drug}-{route}",
        "way_words": way_words(drug, route),
    }


def _standing_context(judged: Judged) -> dict[str, object]:
    """The newest decision, whether it holds, and what came since."""
    newest, sent_at = judged.newest, next(iter(judged.file.sent_at), None)
    return {
        "newest": newest,
        "word": DECISIONS[newest.kind] if newest else None,
        "newest_way": way_words(newest.drug, newest.route) if newest else "",
        "standing": judged.standing,
        "changed": [_(each.title) for each in judged.standing.changed],
        "sent_at": sent_at,
        "told_since": bool(newest and sent_at and sent_at > newest.decided_at),
        "arrived": arrived(newest, judged.assessed),
        "history": [past_decision(each) for each in judged.file.decisions],
    }


def _findings_context(judged: Judged, actor: Actor) -> dict[str, object]:
    assessed, file = judged.assessed, judged.file
    left = judging.blocks_left(assessed.findings, candidacy_queries.in_effect(file.overrides, assessed.drug))
    return {
        "left": [_(each.title) for each in left],
        "groups": finding_groups(assessed, judged.signed, actor, file.clearances),
        "not_adopted": [finding_row(each, {}, actor) for each in assessed.assessment.not_adopted],
        "news2": early_warning(assessed.news2, assessed.facts),
    }


def _missing_context(judged: Judged, returned: Returned) -> dict[str, object]:
    assessed, values = judged.assessed, returned.values
    panels = fact_panels(assessed, values, returned.panel)
    return {
        "panels": panels,
        "n_missing": sum(each.missing for each in panels),
        "asks": patient_asks(assessed),
        "too_old": too_old(assessed),
        "awaitable": [
            (each.name, each.label) for group in panels for each in group.inputs if not each.known or each.expired
        ],
        "observed_on": values.get("observed_on", judged.today.isoformat()),
        "source_note": values.get("source_note", ""),
    }


def _medicines_context(judged: Judged) -> dict[str, object]:
    assessed, newest = judged.assessed, judged.newest
    since = judged.medicines.since_each({"decision": newest.decided_at if newest else None})
    return {
        "interactions": [medicine_beside(each) for each in assessed.interactions],
        "not_checked": [each.shown for each in assessed.not_checked],
        "unmentioned": [each.shown for each in assessed.unmentioned],
        "medicines_changed": list(medicines_changed.sentences(since)),
        "takes_any": any(each.current for each in assessed.taken),
    }


def _scores_context(judged: Judged) -> dict[str, object]:
    """The newest score of each questionnaire, and the timeline."""
    points = [point for each in judged.trends for point in each.points]
    titles = {each: scale_title(each) for each in {point.scale_id for point in points}}
    days = [day_line(each, titles) for each in file_queries.moments(judged.file, judged.assessed.taken, points)]
    return {
        "scores": score_lines(each.points[-1] for each in judged.trends if each.points),
        "days": days[:MOST_MOMENTS],
        "more_days": max(0, len(days) - MOST_MOMENTS),
    }


def _forms_context(judged: Judged, actor: Actor, returned: Returned) -> dict[str, object]:
    newest = judged.newest
    return {
        "may_enter": actor.may("fact.enter"),
        "may_decide": actor.may("candidacy.decide"),
        "kinds": kind_choices(returned.typed.kind),
        "typed": returned.typed,
        "seen": candidacy_queries.seeing(judged.assessed, newest.pk if newest else None),
        "reason": returned.reason,
        "report": returned.report[0],
        "report_note": returned.report[1],
        "newer_open": returned.place == "report",
    }
