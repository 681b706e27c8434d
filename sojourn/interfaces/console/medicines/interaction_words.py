"""Of which medicines a rule of interaction speaks, in words: its classes with their members, its single medicines, and
those for which the class does not hold."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sojourn.clinical import interactions
from sojourn.clinical.interactions import InteractionRule
from sojourn.clinical.rules import Rule
from sojourn.foundation.rulebook.medicines import medicines

GROUPS = {
    "alcohol": gettext_lazy("alcohol"),
    "anticoagulant": gettext_lazy("anticoagulants"),
    "anticonvulsant": gettext_lazy("anticonvulsants"),
    "antidepressant": gettext_lazy("antidepressants"),
    "antihypertensive": gettext_lazy("antihypertensives"),
    "antipsychotic": gettext_lazy("antipsychotics"),
    "barbiturate": gettext_lazy("barbiturates"),
    "benzodiazepine": gettext_lazy("benzodiazepines"),
    "cns-depressant-other": gettext_lazy("other depressants of the central nervous system"),
    "cyp2b6-inducer": gettext_lazy("inducers of CYP2B6"),
    "cyp2b6-inhibitor": gettext_lazy("inhibitors of CYP2B6"),
    "cyp3a4-inducer": gettext_lazy("inducers of CYP3A4"),
    "cyp3a4-moderate-inhibitor": gettext_lazy("moderate inhibitors of CYP3A4"),
    "cyp3a4-strong-inhibitor": gettext_lazy("strong inhibitors of CYP3A4"),
    "ergometrine": gettext_lazy("ergometrine"),
    "ergot": gettext_lazy("ergot medicines"),
    "gabapentinoid": gettext_lazy("gabapentinoids"),
    "general-anaesthetic": gettext_lazy("general anaesthetics"),
    "maoi": gettext_lazy("MAO inhibitors"),
    "muscle-relaxant": gettext_lazy("muscle relaxants"),
    "nasal-corticosteroid": gettext_lazy("steroid nasal sprays"),
    "nasal-vasoconstrictor": gettext_lazy("decongestant nasal sprays"),
    "nmda-antagonist": gettext_lazy("NMDA antagonists"),
    "opioid": gettext_lazy("opioids"),
    "oxybate": gettext_lazy("oxybate"),
    "psychostimulant": gettext_lazy("psychostimulants"),
    "sedating-antidepressant": gettext_lazy("sedating antidepressants"),
    "sedating-antihistamine": gettext_lazy("sedating antihistamines"),
    "sympathomimetic": gettext_lazy("sympathomimetics"),
    "thyroid": gettext_lazy("thyroid hormones"),
    "vasopressor": gettext_lazy("vasopressors"),
    "xanthine": gettext_lazy("xanthines"),
    "z-hypnotic": gettext_lazy("z-hypnotics"),
}


def group_word(group: str) -> str:
    return str(GROUPS.get(group, group))


def members(rule: InteractionRule) -> tuple[str, ...]:
    """Every medicine of the list that a rule speaks of, by class or by name; a nasal spray counts as one by nose."""
    groups = set(rule.groups)
    return tuple(
        each.name
        for each in medicines()
        if rule.names(each)
        or (
            groups.intersection(one.group for one in each.by_route)
            and each.name not in rule.excepted
            and not any(map(each.in_group, rule.other_groups))
        )
    )


def whom(rule: InteractionRule) -> Iterator[tuple[str, str]]:
    """(heading, words) about the medicines of a rule."""
    if rule.groups:
        yield _("Classes"), ", ".join(map(group_word, rule.groups))
    yield _("Medicines"), ", ".join(members(rule))
    if rule.excepted or rule.other_groups:
        yield _("Not for"), ", ".join((*rule.excepted, *map(group_word, rule.other_groups)))


def names_of(rule: Rule) -> tuple[str, ...]:
    """The names by which a rule is found: its medicines and its classes."""
    ready = interactions.read(rule)
    return (*members(ready), *(str(word) for word in map(group_word, ready.groups)))
