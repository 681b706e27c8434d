"""Questionnaires: asked, scored and compared over time. Definitions are files beside this package."""

from sojourn.clinical.scales import danger, fhir
from sojourn.clinical.scales.expression import ExpressionWrong
from sojourn.clinical.scales.fhir import Fault, Form, FormInvalid
from sojourn.clinical.scales.items import Item, Option, Text, When, say
from sojourn.clinical.scales.model import Band, Change, Finding, Licence, Number, Score, ScoreRefusal, Subscale
from sojourn.clinical.scales.own_forms import OwnScoring, own, text_for
from sojourn.clinical.scales.reading import build, read
from sojourn.clinical.scales.scoring import Scale

__all__ = [
    "Band",
    "Change",
    "ExpressionWrong",
    "Fault",
    "Finding",
    "Form",
    "FormInvalid",
    "Item",
    "Licence",
    "Number",
    "Option",
    "OwnScoring",
    "Scale",
    "Score",
    "ScoreRefusal",
    "Subscale",
    "Text",
    "When",
    "build",
    "danger",
    "fhir",
    "own",
    "read",
    "say",
    "text_for",
]
