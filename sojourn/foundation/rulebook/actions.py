"""Adopt a rule for a clinic, or stop using it. Both are a prescriber's; raising a ceiling again, or loosening a number
that a clinic stated itself, is two prescribers'. In a clinic one decides at a time, so that nothing is adopted,
loosened or declined beside a decision just made."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from sojourn.clinical.protocol import HARD_FLOOR
from sojourn.clinical.rules import Loosened, Rule, loosens, tighten
from sojourn.foundation.accounts.actor import Actor, current_actor
from sojourn.foundation.accounts.locks import OWN_CLINIC
from sojourn.foundation.accounts.refused import ActionRefused, Overtaken
from sojourn.foundation.action import action, unchanged
from sojourn.foundation.audit.actions import record
from sojourn.foundation.clock import clinic_day
from sojourn.foundation.rulebook import queries as rulebook_queries
from sojourn.foundation.rulebook.models import CeilingRaise, RuleAdoption
from sojourn.foundation.scope import clinic_rows, one_row


def _newest(rule_id: str) -> Rule:
    try:
        return rulebook_queries.newest(rule_id)
    except KeyError:
        raise ActionRefused(_("There is no such rule."), codes=("unknown-rule",)) from None


def _who(by: Actor) -> tuple[int, int]:
    if by.clinic_id is None or by.membership_id is None:
        raise ActionRefused(_("This is done by a member of a clinic."), codes=("no-clinic",))
    return by.clinic_id, by.membership_id


def _readied(
    rule: Rule, parameters: Mapping[str, float], rule_hash: str | None, at: datetime
) -> tuple[Rule, dict[str, float]]:
    """The rule and what the clinic changes in it, ready to be written down. Raises Refused with every reason."""
    if rule_hash is not None and rule_hash != rule.hash:
        raise ActionRefused(_("This rule has a newer version. Read it before you adopt it."), codes=("rule-changed",))
    if rule.effective_from > clinic_day(at, current_actor()):
        raise ActionRefused(
            _("This rule is in effect only from %(day)s.") % {"day": rule.effective_from.isoformat()},
            codes=("not-in-effect",),
        )
    own = tighten(rule, parameters)
    if isinstance(own, Loosened):
        reasons = [_("A clinic may only make a rule stricter: %(reason)s") % {"reason": each} for each in own.reasons]
        raise ActionRefused(*reasons, codes=("loosened",) * len(reasons))
    return rule, rulebook_queries.own_numbers(rule, own)


def _must_be_typed(rule: Rule, parameters: Mapping[str, float]) -> None:
    """Refuse with code "not-typed" for each number that nobody has read in a source and that was not typed, whether or
    not it stays as released."""
    missing = [_("Type the value yourself: %(number)s.") % {"number": _(each.label)} for each in rule.typed
               if each.name not in parameters]  # fmt: skip
    if missing:
        raise ActionRefused(*missing, codes=("not-typed",) * len(missing))


@action("rules.adopt", locks=OWN_CLINIC, audit=("rule.adopt", "rule.raise_signed"))
def adopt(
    *,
    by: Actor,
    rule_id: str,
    parameters: Mapping[str, float] | None = None,
    rule_hash: str | None = None,
    now: datetime | None = None,
) -> RuleAdoption | CeilingRaise:
    """Adopt the newest version of a rule for the actor's clinic, with stricter numbers if wished.

    ``parameters`` are the numbers as the prescriber typed them. Those of ``Rule.typed`` must be among them, also where
    they stay as released: what nobody has read in a source is adopted with its value typed.
    ``rule_hash`` is of the version that the prescriber has read; where it is given and the newest version is
    another, nothing is adopted. Where a ceiling would be higher than the one that the clinic adopted last, or a number
    looser that the clinic stated itself, also before it was retired, only the first of two signatures is kept
    (CeilingRaise) and nothing changes until ``second_sign``. Raises NotAllowed (not a prescriber) and Refused:
    unknown-rule, rule-changed, not-in-effect, loosened, not-typed, no-clinic.
    """
    clinic_id, member_id = _who(by)
    at = now or timezone.now()
    rule, changed = _readied(_newest(rule_id), parameters or {}, rule_hash, at)
    _must_be_typed(rule, parameters or {})
    follows = _raised_from(rule, changed)
    if follows is not None:
        return _first_signed(by, follows, rule, changed, at)
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


def _raised_from(rule: Rule, changed: Mapping[str, float]) -> RuleAdoption | None:
    """The newest decision about a ceiling, or about what the clinic stated itself, where adopting this would loosen
    what was adopted last; else None."""
    if not rule.loosened_by_two:
        return None
    rows = list(clinic_rows(RuleAdoption).filter(rule_id=rule.id).order_by("-id"))
    last = next((each for each in rows if not each.retired), None)
    if last is None:
        return None
    was, wanted = rulebook_queries.adopted(last), tighten(rule, changed)
    assert isinstance(wanted, Rule)
    return rows[0] if was is None or loosens(was, wanted) else None


def _first_signed(
    by: Actor, follows: RuleAdoption, rule: Rule, changed: Mapping[str, float], at: datetime
) -> CeilingRaise:
    """The first signature under a higher ceiling. The very same, signed again by the same member, is handed back."""
    before = rulebook_queries.raise_of(follows)
    if before is not None and (before.rule_hash, before.parameters, before.signed_by_id) == (
        rule.hash, dict(changed), by.member,
    ):  # fmt: skip
        return unchanged(before)
    row = CeilingRaise.objects.create(
        clinic_id=by.own_clinic_id, rule_id=rule.id, version=rule.version, rule_hash=rule.hash,
        parameters=dict(changed),
        follows=follows, signed_at=at, signed_by_id=by.member,
    )  # fmt: skip
    record(by, "rule.raise_signed", row, rule=rule.id, version=rule.version, parameters=dict(changed))
    return row


@action("rules.adopt", locks=OWN_CLINIC, audit="rule.raised")
def second_sign(*, by: Actor, raise_id: int, now: datetime | None = None) -> RuleAdoption:
    """Another prescriber signs that a ceiling goes up; from now on it acts. Twice changes nothing.

    Raises NotAllowed (not a prescriber), Overtaken "changed" (somebody has decided about the ceiling since, or the
    rulebook has a newer version) and Refused: same-person, no-clinic, not-in-effect, loosened.
    """
    clinic_id, member_id = _who(by)
    at = now or timezone.now()
    row = one_row(CeilingRaise, raise_id).select_related("signed_by").get()
    before = clinic_rows(RuleAdoption).filter(raised=row).first()
    if before is not None:
        return unchanged(before)
    if row.signed_by.person_id == by.person_id:  # the person, not the role: a second role is no second signature
        raise ActionRefused(
            _("You signed this yourself. Another prescriber gives the second signature."), codes=("same-person",)
        )
    newest = _newest(row.rule_id)
    if row not in rulebook_queries.raises(clinic_id).values() or newest.hash != row.rule_hash:
        raise Overtaken(_("This ceiling has been decided again since. Look at the current one."), codes=("changed",))
    rule, changed = _readied(newest, row.parameters, row.rule_hash, at)
    adoption = RuleAdoption.objects.create(
        clinic_id=clinic_id, rule_id=rule.id, version=rule.version, rule_hash=rule.hash, parameters=changed,
        adopted_at=at, adopted_by_id=member_id, raised=row,
    )  # fmt: skip
    record(by, "rule.raised", adoption, rule=rule.id, version=rule.version, hash=rule.hash, parameters=changed)
    return adoption


class SetRefused(ActionRefused):
    """Some rules of a set could not be adopted, so none was. ``by_rule`` has the refusal of each."""

    def __init__(self, by_rule: Mapping[str, ActionRefused]) -> None:
        self.by_rule = dict(by_rule)
        super().__init__(
            *(reason for each in by_rule.values() for reason in each.reasons),
            codes=[code for each in by_rule.values() for code in each.codes],
        )


@action("rules.adopt", locks=OWN_CLINIC, audit=("rule.adopt_set", "rule.raise_signed"))
def adopt_set(
    *,
    by: Actor,
    shown: Mapping[str, str],
    signature: str,
    parameters: Mapping[str, Mapping[str, float]] | None = None,
    now: datetime | None = None,
) -> list[RuleAdoption]:
    """Adopt several rules by one signature: all of them or none, with one audit row.

    ``shown`` is rule id -> the hash of the version that the prescriber has read, ``signature`` their own name as they
    wrote it, ``parameters`` the numbers of each rule as they were typed, under the same law as in ``adopt``: no set is
    adopted without each value that nobody has read in a source. A rule that already acts in this version with these
    numbers is left as it is, so a form sent twice adopts once. A ceiling that would go up is only signed for the first
    time, and is not among what comes back. Raises NotAllowed (not a prescriber), Refused
    (nothing-chosen, signature-wrong, no-clinic) and SetRefused with what is wrong with each rule.
    """
    _who(by)
    at = now or timezone.now()
    if not shown:
        raise ActionRefused(_("Tick the rules that you have read and want to adopt."), codes=("nothing-chosen",))
    _must_sign_as_named(by, signature)
    ready = _set_readied(shown, parameters or {}, at)
    rows = _rows_to_adopt(by, ready, at)
    return _kept_as_one(by, rows, signature) if rows else unchanged([])


def _must_sign_as_named(by: Actor, signature: str) -> None:
    if _same(signature) != _same(by.name):
        raise ActionRefused(
            _("Sign with your name as shown here: %(name)s.") % {"name": by.name}, codes=("signature-wrong",)
        )


def _set_readied(
    shown: Mapping[str, str], parameters: Mapping[str, Mapping[str, float]], at: datetime
) -> list[tuple[Rule, dict[str, float]]]:
    """Every rule of a set with what the clinic changes in it; raises SetRefused with what is wrong with each."""
    ready: list[tuple[Rule, dict[str, float]]] = []
    refused: dict[str, ActionRefused] = {}
    for rule_id, rule_hash in shown.items():
        typed = parameters.get(rule_id, {})
        try:
            ready.append(_readied(_newest(rule_id), typed, rule_hash, at))
            _must_be_typed(_newest(rule_id), typed)
        except ActionRefused as why:
            refused[rule_id] = why
    if refused:
        raise SetRefused(refused)
    return ready


def _rows_to_adopt(by: Actor, ready: list[tuple[Rule, dict[str, float]]], at: datetime) -> list[RuleAdoption]:
    """A row, not yet kept, for each rule that does not act like this already. A ceiling that would go up has none: it
    is signed for the first time."""
    clinic_id, member_id = _who(by)
    current = rulebook_queries.adoptions(clinic_id)
    raised = {rule.id for rule, changed in ready if _sign_if_raised(by, rule, changed, at)}
    return [
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
        if rule.id not in raised and not _stands(current.get(rule.id), rule, changed)
    ]


def _kept_as_one(by: Actor, rows: list[RuleAdoption], signature: str) -> list[RuleAdoption]:
    """Write a set down, with one audit row that names every rule of it."""
    kept = RuleAdoption.objects.bulk_create(rows)
    said = [{"id": each.rule_id, "version": each.version, "hash": each.rule_hash, "parameters": each.parameters}
            for each in kept]  # fmt: skip
    record(by, "rule.adopt_set", kept[0], n=len(kept), rules=said, signature=" ".join(signature.split()))
    return kept


def _sign_if_raised(by: Actor, rule: Rule, changed: Mapping[str, float], at: datetime) -> bool:
    """Whether it is a ceiling that would go up; the first signature is then kept."""
    follows = _raised_from(rule, changed)
    if follows is not None:
        _first_signed(by, follows, rule, changed, at)
    return follows is not None


def _same(name: str) -> str:
    return " ".join(name.split()).casefold()


def _stands(row: RuleAdoption | None, rule: Rule, changed: Mapping[str, float]) -> bool:
    """Whether exactly this is what the clinic has adopted already."""
    if row is None or row.retired:
        return False
    return (row.version, row.rule_hash, row.parameters) == (rule.version, rule.hash, dict(changed))


@action("rules.adopt", locks=OWN_CLINIC, audit="rule.decline")
def decline(
    *, by: Actor, rule_id: str, reason: str, rule_hash: str | None = None, now: datetime | None = None
) -> RuleAdoption:
    """Decide that a rule is not used in this clinic, with a reason: it counts as decided and does not act. Twice
    changes nothing.

    Raises NotAllowed (not a prescriber) and Refused: unknown-rule, rule-changed, reason-missing, no-clinic, acts
    (it acts already), never-declined (no dose is given without it, so that it is decided by its number alone).
    """
    clinic_id, member_id = _who(by)
    rule = _newest(rule_id)
    if rule_hash is not None and rule_hash != rule.hash:
        raise ActionRefused(_("This rule has a newer version. Read it before you decide."), codes=("rule-changed",))
    if rule.kind == HARD_FLOOR:
        raise ActionRefused(
            _("Without this number no dose is given, so it cannot be left out."), codes=("never-declined",)
        )
    if not reason.strip():
        raise ActionRefused(_("Say why the rule is not used here."), codes=("reason-missing",))
    current = rulebook_queries.adoptions(clinic_id).get(rule_id)
    if rule.acts_without_adoption or (current is not None and not current.retired):
        raise ActionRefused(_("This rule acts in the clinic already."), codes=("acts",))
    if current is not None and current.version == rule.version:
        return unchanged(current)
    row = RuleAdoption.objects.create(
        clinic_id=clinic_id, rule_id=rule.id, version=rule.version, rule_hash=rule.hash, retired=True,
        reason=reason.strip(), adopted_at=now or timezone.now(), adopted_by_id=member_id,
    )  # fmt: skip
    record(by, "rule.decline", row, rule=rule.id, version=rule.version)
    return row


@action("rules.adopt", locks=OWN_CLINIC, audit="rule.retire")
def retire(*, by: Actor, rule_id: str, reason: str, now: datetime | None = None) -> RuleAdoption:
    """Stop using an adopted rule. A rule that acts by itself acts again with its released numbers; without a ceiling
    the drug is not given by that route at all.

    Raises NotAllowed (not a prescriber) and Refused: not-adopted, reason-missing, no-clinic.
    """
    clinic_id, member_id = _who(by)
    current = rulebook_queries.adoptions(clinic_id).get(rule_id)
    if current is None or current.retired:
        raise ActionRefused(_("This clinic has not adopted that rule."), codes=("not-adopted",))
    if not reason.strip():
        raise ActionRefused(_("Say why the rule is no longer used."), codes=("reason-missing",))
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
