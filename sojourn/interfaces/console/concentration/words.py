"""The core's answers about concentrations, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    from sojourn.clinical.pk import Dose, ModelRefused
    from sojourn.clinical.pk.effect import Zone
    from sojourn.clinical.pk.exploring import Explored


DRUGS = {"ketamine": gettext_lazy("ketamine"), "esketamine": gettext_lazy("esketamine")}
ROUTES = {
    "iv": gettext_lazy("into a vein"),
    "im": gettext_lazy("into a muscle"),
    "in": gettext_lazy("nasal spray"),
    "po": gettext_lazy("swallowed"),
    "sl": gettext_lazy("under the tongue"),
    "film": gettext_lazy("film in the mouth"),
}

# What a refusal of the core may name, in words.
_WORDS = {
    **ROUTES,
    **DRUGS,
    "weight_kg": gettext_lazy("the weight"),
    "age_y": gettext_lazy("age in years"),
    "height_cm": gettext_lazy("the height"),
    "ethnicity": gettext_lazy("the ancestry"),
    "adults": gettext_lazy("adults"),
    "adults, pooled studies": gettext_lazy("adults, pooled studies"),
    "healthy adult volunteers": gettext_lazy("healthy adult volunteers"),
    "healthy adults and adults with treatment-resistant depression": gettext_lazy(
        "healthy adults and adults with treatment-resistant depression"
    ),
    "at least 18": gettext_lazy("at least 18"),
    "18 to 86": gettext_lazy("18 to 86"),
}  # fmt: skip
_EFFECTS = {
    "psychedelic effects, rising in a straight line": gettext_lazy("psychedelic effects, rising in a straight line"),
    "analgesia": gettext_lazy("analgesia"),
    "dissociation": gettext_lazy("dissociation"),
    "awakening from anaesthesia": gettext_lazy("awakening from anaesthesia"),
    "anaesthesia": gettext_lazy("anaesthesia"),
}


def disclaimer() -> str:
    return _("Teaching and planning support, not a dosing instruction.")


def word(value: object) -> str:
    """A value that the core names, in the reader's language where it is known."""
    text = str(value)
    if text in _WORDS:
        return str(_WORDS[text])
    if ", " in text and all(part in _WORDS for part in text.split(", ")):
        return ", ".join(str(_WORDS[part]) for part in text.split(", "))
    return _(text) if text else ""


def reason(refused: ModelRefused) -> str:
    """Why there is no answer, in the reader's language."""
    template = _(refused.template)
    return template % {name: word(value) for name, value in refused.values.items()} if refused.values else template


def figure(value: float, digits: int = 0) -> str:
    shown = round(value, digits)
    return str(formats.number_format(int(shown) if shown == int(shown) else shown, use_l10n=True))


def effect(zone: Zone) -> str:
    return str(_EFFECTS.get(zone.effect, zone.effect))


def dose_words(dose: Dose) -> str:
    facts = {
        "drug": DRUGS[dose.drug], "mg": figure(dose.mg, 1), "route": ROUTES[dose.route],
        "minutes": figure(dose.duration_min, 1),
    }  # fmt: skip
    if dose.duration_min:
        return _("%(drug)s %(mg)s mg %(route)s over %(minutes)s minutes") % facts
    return _("%(drug)s %(mg)s mg %(route)s, all at once") % facts


def sentences_of(explored: Explored, level: float | None) -> tuple[str, ...]:
    """The core's sentences, translated; the first is put better where all models agree on the minute."""
    said = [_(template) % {name: word(value) for name, value in values.items()} if values else _(template)
            for template, values in explored.said]  # fmt: skip
    peaks = sorted(curve.facts.peak_ng_per_ml for curve in explored.curves)
    whens = {round(curve.facts.peak_at_min) for curve in explored.curves}
    if len(explored.curves) > 1 and len(whens) == 1:
        said[0] = _(
            "%(count)s models expect the highest concentration between %(low)s and %(high)s ng/mL, "
            "after %(when)s minutes."
        ) % {"count": len(peaks), "low": figure(peaks[0]), "high": figure(peaks[-1]), "when": figure(whens.pop())}
    return tuple(said)


def range_words(low: float, high: float) -> str:
    if round(low) == round(high):
        return _("%(value)s ng/mL") % {"value": figure(low)}
    return _("%(low)s to %(high)s ng/mL") % {"low": figure(low), "high": figure(high)}
