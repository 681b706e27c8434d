"""Adopt a rule for a clinic, or stop using it. Both are a prescriber's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from sojourn.clinical.rules import Loosened, Rule, tighten
from sojourn.foundation.accounts.asker import Asker
from sojourn.foundation.accounts.refused import Refused
from sojourn.foundation.audit.actions import record
from sojourn.foundation.rulebook import queries
from sojourn.foundation.rulebook.models import RuleAdoption


def _newest(rule_id: str) -> Rule:
    versions = [each for (name, _), each in queries.known_rules().items() if name == rule_id]
    if not versions:
        raise Refused(_("There is no such rule."), codes=("unknown-rule",))
    return max(versions, key=lambda each: each.version)


def _who(by: Asker) -> tuple[int, int]:
    if by.clinic_id is None or by.membership_id is None:
        raise Refused(_("This is done by a member of a clinic."), codes=("no-clinic",))
    return by.clinic_id, by.membership_id


def _readied(
    rule: Rule, parameters: Mapping[str, float], rule_hash: str | None, at: datetime
) -> tuple[Rule, dict[str, float]]:
    """The rule and what the clinic changes in it, ready to be written down. Raises Refused with every reason."""
    if rule_hash is not None and rule_hash != rule.hash:
        raise Refused(_("This rule has a newer version. Read it before you adopt it."), codes=("rule-changed",))
    if rule.effective_from > at.date():
        raise Refused(
            _("This rule is in effect only from %(day)s.") % {"day": rule.effective_from.isoformat()},
            codes=("not-in-effect",),
        )
    own = tighten(rule, parameters)
    if isinstance(own, Loosened):
        reasons = [_("A clinic may only make a rule stricter: %(reason)s") % {"reason": each} for each in own.reasons]
        raise Refused(*reasons, codes=("loosened",) * len(reasons))
    return rule, {
        name: each.value for name, each in sorted(own.parameters.items()) if each.value != rule.parameters[name].value
    }


@transaction.atomic
def adopt(
    *,
    by: Asker,
    rule_id: str,
    parameters: Mapping[str, float] | None = None,
    rule_hash: str | None = None,
    now: datetime | None = None,
) -> RuleAdoption:
    """Adopt the newest version of a rule for the asker's clinic, with stricter numbers if wished.

    ``rule_hash`` is of the version that the prescriber has read; where it is given and the newest version is
    another, nothing is adopted. Raises NotAllowed (not a prescriber) and Refused: unknown-rule, rule-changed,
    not-in-effect, loosened, no-clinic.
    """
    by.must("rules.adopt")
    clinic_id, member_id = _who(by)
    at = now or timezone.now()
    rule, changed = _readied(_newest(rule_id), parameters or {}, rule_hash, at)
    adoption = RuleAdoption.objects.create(
        clinic_id=clinic_id,
        rule_id=rule.id,
        version=rule.version,
        rule_hash=rule.hash,
        parameters=changed,
        adopted_at=at,
        adopted_by_id=member_id,
    )
    record(by, "rule.adopt", adoption, rule=rule.id, version=rule.version, hash=rule.hash, parameters=changed)
    return adoption


class SetRefused(Refused):
    """Some rules of a set could not be adopted, so none was. ``by_rule`` has the refusal of each."""

    def __init__(self, by_rule: Mapping[str, Refused]) -> None:
        self.by_rule = dict(by_rule)
        super().__init__(
            *(reason for each in by_rule.values() for reason in each.reasons),
            codes=[code for each in by_rule.values() for code in each.codes],
        )


@transaction.atomic
def adopt_set(
    *,
    by: Asker,
    shown: Mapping[str, str],
    signature: str,
    parameters: Mapping[str, Mapping[str, float]] | None = None,
    now: datetime | None = None,
) -> list[RuleAdoption]:
    """Adopt several rules by one signature: all of them or none, with one audit row.

    ``shown`` is rule id -> the hash of the version that the prescriber has read, ``signature`` their own name as they
    wrote it, ``parameters`` the stricter numbers of each rule. A rule that already acts in this version with these
    numbers is left as it is, so a form sent twice adopts once. Raises NotAllowed (not a prescriber), Refused
    (nothing-chosen, signature-wrong, no-clinic) and SetRefused with what is wrong with each rule.
    """
    by.must("rules.adopt")
    clinic_id, member_id = _who(by)
    at = now or timezone.now()
    if not shown:
        raise Refused(_("Tick the rules that you have read and want to adopt."), codes=("nothing-chosen",))
    if _same(signature) != _same(by.name):
        raise Refused(
            _("Sign with your name as it stands here: %(name)s.") % {"name": by.name}, codes=("signature-wrong",)
        )
    ready: list[tuple[Rule, dict[str, float]]] = []
    refused: dict[str, Refused] = {}
    for rule_id, rule_hash in shown.items():
        try:
            ready.append(_readied(_newest(rule_id), (parameters or {}).get(rule_id, {}), rule_hash, at))
        except Refused as why:
            refused[rule_id] = why
    if refused:
        raise SetRefused(refused)
    current = queries.adoptions(clinic_id)
    rows = [
        RuleAdoption(
            clinic_id=clinic_id,
            rule_id=rule.id,
            version=rule.version,
            rule_hash=rule.hash,
            parameters=changed,
            adopted_at=at,
            adopted_by_id=member_id,
        )
        for rule, changed in ready
        if not _stands(current.get(rule.id), rule, changed)
    ]
    if not rows:
        return []
    kept = RuleAdoption.objects.bulk_create(rows)
    said = [{"id": each.rule_id, "version": each.version, "hash": each.rule_hash, "parameters": each.parameters}
            for each in kept]  # fmt: skip
    record(by, "rule.adopt_set", kept[0], n=len(kept), rules=said, signature=" ".join(signature.split()))
    return kept


def _same(name: str) -> str:
    return " ".join(name.split()).casefold()


def _stands(row: RuleAdoption | None, rule: Rule, changed: Mapping[str, float]) -> bool:
    """Whether exactly this is what the clinic has adopted already."""
    if row is None or row.retired:
        return False
    return (row.version, row.rule_hash, row.parameters) == (rule.version, rule.hash, dict(changed))


@transaction.atomic
def retire(*, by: Asker, rule_id: str, reason: str, now: datetime | None = None) -> RuleAdoption:
    """Stop using an adopted rule. A rule that acts by itself acts again with its released numbers.

    Raises NotAllowed (not a prescriber) and Refused: not-adopted, reason-missing, no-clinic.
    """
    by.must("rules.adopt")
    clinic_id, member_id = _who(by)
    current = queries.adoptions(clinic_id).get(rule_id)
    if current is None or current.retired:
        raise Refused(_("This clinic has not adopted that rule."), codes=("not-adopted",))
    if not reason.strip():
        raise Refused(_("Say why the rule is no longer used."), codes=("reason-missing",))
    retirement = RuleAdoption.objects.create(
        clinic_id=clinic_id,
        rule_id=rule_id,
        version=current.version,
        rule_hash=current.rule_hash,
        parameters={},
        retired=True,
        reason=reason.strip(),
        adopted_at=now or timezone.now(),
        adopted_by_id=member_id,
    )
    record(by, "rule.retire", retirement, rule=rule_id, version=current.version)
    return retirement
