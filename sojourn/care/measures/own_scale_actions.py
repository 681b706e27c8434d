"""Check, load and retire a clinic's own questionnaires."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext as _

from sojourn.care.measures import own
from sojourn.care.measures.faults import said
from sojourn.care.measures.models import OwnScale
from sojourn.clinical.scales import FormInvalid, Scale, say
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.action import action, turn, unchanged
from sojourn.foundation.audit.actions import record
from sojourn.foundation.columns import fitting
from sojourn.foundation.scope import clinic_rows

_CODE = re.compile(r"[^a-z0-9]+")
VERSIONS: Final = turn("own_scale")  # two of one code at once would make the same version


def check_own(
    *,
    code: str,
    stands_for: str,
    questionnaire: str,
    scoring: Mapping[str, Any],
    holder: str,
    statement: str,
    not_danger: Collection[str] = (),
) -> Scale:
    """The scale that a file would make, without keeping it; raises Refused with everything that is wrong.

    ``not_danger``: questions that look as if they were about danger, and of which a person says that they are not.
    """
    reasons = []
    if not statement.strip() or not holder.strip():
        reasons.append(_("Say who holds the rights, and by which licence the clinic may use this questionnaire."))
    deaf = own.danger_faults(questionnaire, scoring, stands_for, not_danger)[:20]
    if deaf:
        raise ActionRefused(*reasons, *map(said, deaf), codes=tuple(each.code for each in deaf))
    try:
        asked = own.read(
            scale_id=f"{own.PREFIX}0",
            code=code,
            version=1,
            stands_for=stands_for,
            questionnaire=questionnaire,
            scoring=scoring,
            holder=holder,
            statement=statement,
        )
    except FormInvalid as wrong:
        faults = [said(each) for each in wrong.faults[:20]]
        raise ActionRefused(*reasons, *faults, codes=tuple(each.code for each in wrong.faults[:20])) from None
    if reasons:
        raise ActionRefused(*reasons, codes=("no_licence",))
    return asked


def _code_of(title: str) -> str:
    return _CODE.sub("-", title.lower()).strip("-")[:40] or "own"


@action("measure.define", locks=VERSIONS, audit="measure.loaded")
def load_own_scale(
    *,
    by: Actor,
    questionnaire: str,
    scoring: Mapping[str, Any],
    holder: str,
    statement: str,
    stands_for: str = "",
    code: str = "",
    not_danger: Collection[str] = (),
    now: datetime | None = None,
) -> OwnScale:
    """Load a questionnaire that the clinic holds a licence for: FHIR R4 Questionnaire JSON with its scoring.

    ``stands_for``: a scale of ours whose text this is (its scoring is then ours). Without ``code`` the scale is named
    after its title; the same code again is a new version, the same content again is the row that stands.
    ``not_danger``: questions that look as if they were about danger to oneself, and are not, by who loads the file; it
    stands in the scoring.
    """
    # a form in a web page sends its line ends its own way: they are no part of the content
    questionnaire = questionnaire.replace("\r\n", "\n").strip()
    asked = check_own(
        code=code or "new",
        stands_for=stands_for,
        questionnaire=questionnaire,
        scoring=scoring,
        holder=holder,
        statement=statement,
        not_danger=not_danger,
    )
    scoring = {} if stands_for else dict(scoring)
    if not_danger:
        scoring["not_danger"] = sorted(not_danger)
    title = say(asked.title, "en")
    code = code or stands_for or _code_of(title)
    sign = own.digest(questionnaire, scoring, stands_for)
    newest = clinic_rows(OwnScale).filter(code=code).order_by("-version").first()
    if newest is not None and _stands(newest, sign):
        return unchanged(newest)
    row = OwnScale.objects.create(
        clinic_id=by.own_clinic_id,
        code=code,
        version=1 if newest is None else newest.version + 1,
        title=fitting(OwnScale, "title", title),
        stands_for=stands_for,
        questionnaire=questionnaire,
        scoring=scoring,
        hash=sign,
        licence_holder=fitting(OwnScale, "licence_holder", holder.strip()),
        licence_statement=statement.strip(),
        loaded_at=now or timezone.now(),
        loaded_by_id=by.member,
    )
    record(by, "measure.loaded", row, code=code, version=row.version, hash=sign)
    return row


def _stands(row: OwnScale, sign: str) -> bool:
    """Whether this very content is what the clinic asks already."""
    return row.hash == sign and not row.retired


@action("measure.define", locks=VERSIONS, audit="measure.retired")
def retire_own_scale(*, by: Actor, code: str, now: datetime | None = None) -> OwnScale:
    """Ask it no more. What was answered keeps its text and its score."""
    newest = clinic_rows(OwnScale).filter(code=code).order_by("-version").first()
    if newest is None or newest.retired:
        raise ActionRefused(_("This questionnaire is not in use."), codes=("not_in_use",))
    row = OwnScale.objects.create(
        clinic_id=by.own_clinic_id,
        code=code,
        version=newest.version + 1,
        title=newest.title,
        stands_for=newest.stands_for,
        questionnaire=newest.questionnaire,
        scoring=newest.scoring,
        hash=newest.hash,
        licence_holder=newest.licence_holder,
        licence_statement=newest.licence_statement,
        retired=True,
        loaded_at=now or timezone.now(),
        loaded_by_id=by.member,
    )
    record(by, "measure.retired", row, code=code, version=row.version)
    return row
