"""What an editor types: an entry of the evidence, its next review, an article, a rule."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise, StrPromise

from sojourn.foundation.library.evidence_actions import TEXTS
from sojourn.foundation.library.models import BY_LANGUAGE, DecisionKind, Null
from sojourn.interfaces.console.fields import RowField, WordsField

_LONG = forms.Textarea(attrs={"rows": 3})


def _text(name: str, label: StrPromise, help_text: StrOrPromise = "", *, long: bool = False) -> forms.CharField:
    return forms.CharField(
        label=label, help_text=help_text, required=name == "title", max_length=TEXTS[name],
        widget=forms.Textarea(attrs={"rows": 3}) if long else forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip


class EntryForm(forms.Form):
    """One entry of the evidence. ``seen``: the version that was on the page."""

    title = _text("title", _("Title of the study"), long=True)
    authors = _text("authors", _("Authors"))
    year = _text("year", _("Year"))
    journal = _text("journal", _("Journal"))
    doi = forms.CharField(label=_("DOI"), required=False, max_length=300)
    pmid = forms.CharField(label=_("PMID"), required=False, max_length=12)
    design = _text("design", _("Design"), _("For example: RCT, cohort, case report."))
    people = _text("people", _("How many people"), _("How many began, and how many were counted."))
    who = _text("who", _("Which people"))
    treatment = _text("treatment", _("What they were given"))
    compared_with = _text("compared_with", _("Compared with"), _("Write “nothing” where there was no other group."))
    result_en = _text("result_en", _("Result with its numbers, in English"), long=True)
    result_es = _text("result_es", _("Result with its numbers, in Spanish"), long=True)
    null = forms.ChoiceField(label=_("Did it find an effect?"), choices=Null.choices, initial=Null.UNKNOWN)
    money = _text("money", _("Who paid"), _("Money and ties of the authors, or “none stated”."))
    how_checked = _text("how_checked", _("How we checked it"), _("For example: read whole; abstract only."))
    seen = RowField()


class NarrowForm(forms.Form):
    """What narrows the list: a state, and words."""

    state = WordsField()
    q = WordsField(most=200)


class ApproveForm(forms.Form):
    """Until when readers may rely on an entry."""

    review_by = forms.DateField(
        label=_("Look at it again by"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    seen = RowField()


class EndForm(forms.Form):
    """Why an entry is not relied on any more."""

    kind = forms.ChoiceField(
        label=_("What happened?"),
        choices=[
            (DecisionKind.WITHDRAWN.value, _("We take it back")),
            (DecisionKind.RETRACTED.value, _("Its journal has retracted it")),
        ],
    )
    reason = forms.CharField(label=_("Why"), max_length=2000, widget=_LONG)


class FileForm(forms.Form):
    """A file of citations."""

    file = forms.FileField(
        label=_("File"), help_text=_("PubMed XML, RIS or BibTeX, as PubMed, Zotero or EndNote export it.")
    )


class OursForm(forms.Form):
    """Whether one of our articles is shown, and what holds beside it."""

    what = WordsField()
    reason = WordsField(most=1000)
    rule_en = WordsField()
    rule_es = WordsField()


class OwnForm(forms.Form):
    """An article of the clinic's own."""

    slug = forms.CharField(
        label=_("Address"), max_length=80, help_text=_("Small letters, digits and hyphens: your-first-visit.")
    )
    language = forms.ChoiceField(label=_("Language"), choices=BY_LANGUAGE)
    body = forms.CharField(
        label=_("Text"), strip=False, widget=forms.Textarea(attrs={"rows": 24, "spellcheck": "true"}),
        help_text=_("Markdown as the library writes it: its front matter between two lines of +++, then the text."),
    )  # fmt: skip
    seen = RowField()
