"""FHIR Questionnaires that a clinic might load. Made up: nothing here is anybody's text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

FHIR = "http://hl7.org/fhir/StructureDefinition/"


def choice(link_id: str, text: str, answers: Sequence[tuple[str, float | None]], **more: Any) -> dict[str, Any]:
    """A question with a choice of answers; None: the answer has no number."""
    options = []
    for words, value in answers:
        coding: dict[str, Any] = {"code": words.lower(), "display": words}
        if value is not None:
            coding["extension"] = [{"url": f"{FHIR}ordinalValue", "valueDecimal": value}]
        options.append({"valueCoding": coding})
    return {"linkId": link_id, "type": "choice", "text": text, "answerOption": options, **more}


SLEEP: dict[str, Any] = {
    "resourceType": "Questionnaire",
    "title": "Sleep in three questions",
    "status": "active",
    "item": [
        {
            "linkId": "1",
            "type": "boolean",
            "text": "Did you sleep badly?",
            "_text": {
                "extension": [
                    {
                        "url": f"{FHIR}translation",
                        "extension": [
                            {"url": "lang", "valueCode": "es"},
                            {"url": "content", "valueString": "¿Durmió mal?"},
                        ],
                    }
                ]
            },
        },
        {
            "linkId": "2",
            "type": "integer",
            "text": "How tired are you?",
            "extension": [
                {"url": f"{FHIR}minValue", "valueInteger": 0},
                {"url": f"{FHIR}maxValue", "valueInteger": 100},
                {
                    "url": f"{FHIR}questionnaire-itemControl",
                    "valueCodeableConcept": {"coding": [{"code": "slider"}]},
                },
            ],
        },
        choice(
            "3",
            "How often did you wake?",
            [("Never", 0), ("Once", 1), ("Twice", 2), ("More often", 7)],
            enableWhen=[{"question": "1", "operator": "=", "answerBoolean": True}],
        ),
    ],
}

MADRS_LIKE: dict[str, Any] = {
    "resourceType": "Questionnaire",
    "title": "Ten made-up questions",
    "item": [
        choice(f"/a/{number}", f"Made-up question {number}", [(f"Step {step}", step) for step in range(7)])
        for number in range(1, 11)
    ],
}
