"""Eligibility: facts about a person and rules in, findings with reasons and what is still unknown out."""

from sojourn.clinical.eligibility import conditions
from sojourn.clinical.eligibility.assessment import (
    ACTIONS,
    DRUGS,
    KIND,
    SEVERITIES,
    Action,
    Assessment,
    EligibilityRule,
    Finding,
    Grade,
    Missing,
    Severity,
    Stage,
    assess,
    read,
)
from sojourn.clinical.eligibility.facts import VOCABULARY, Fact, Facts, Value, Word, known

__all__ = [
    "ACTIONS",
    "DRUGS",
    "KIND",
    "SEVERITIES",
    "VOCABULARY",
    "Action",
    "Assessment",
    "EligibilityRule",
    "Fact",
    "Facts",
    "Finding",
    "Grade",
    "Missing",
    "Severity",
    "Stage",
    "Value",
    "Word",
    "assess",
    "conditions",
    "known",
    "read",
]
