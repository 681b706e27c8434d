"""Writes a FHIR R4 Questionnaire from the short form in which our own files hold it.

``[questionnaire]`` has id, title, stem, copyright, answers (named lists) and items; every text is
``{ en = "...", es = "..." }``. What comes out is what any FHIR server would take.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sojourn.clinical.scales.fhir import LOINC, ORDINAL, TRANSLATION, VERIFICATION

Table = Mapping[str, Any]  # as a file holds it
_FHIR: Final = "http://hl7.org/fhir/StructureDefinition/"


def questionnaire(table: Table) -> dict[str, Any]:
    """The Questionnaire of one ``[questionnaire]`` table."""
    whole: dict[str, Any] = {"resourceType": "Questionnaire", "id": table["id"], "language": "en"}
    unverified = [
        {
            "url": VERIFICATION,
            "extension": [
                {"url": "part", "valueString": "wording" if language == "en" else "translation"},
                {"url": "language", "valueCode": language},
                {"url": "mark", "valueCode": mark["mark"]},
                {"url": "note", "valueString": mark["note"]},
            ],
        }
        for language, mark in table.get("wording", {}).items()
    ]
    if unverified:
        whole["extension"] = unverified
    whole |= {"url": f"urn:sojourn:questionnaire:{table['id']}", "version": str(table["version"])}
    whole |= {"name": table["name"], **_text("title", table["title"]), "status": "active", "experimental": False}
    whole |= {"subjectType": ["Patient"], "date": table["date"].isoformat(), "description": table["description"]}
    whole["copyright"] = table["copyright"]
    if "loinc" in table:
        whole["code"] = [{"system": LOINC, "code": table["loinc"]}]
    whole["item"] = [_item(each, table.get("answers", {})) for each in table["items"]]
    if "stem" in table:
        whole["item"].insert(0, {"linkId": "stem", **_text("text", table["stem"]), "type": "display"})
    return whole


def _text(key: str, words: Mapping[str, str]) -> dict[str, Any]:
    out: dict[str, Any] = {key: words["en"]}
    others = [
        {
            "url": TRANSLATION,
            "extension": [{"url": "lang", "valueCode": language}, {"url": "content", "valueString": text}],
        }
        for language, text in words.items()
        if language != "en"
    ]
    if others:
        out[f"_{key}"] = {"extension": others}
    return out


def _item(table: Table, answers: Table) -> dict[str, Any]:
    item: dict[str, Any] = {"linkId": table["id"]}
    if "loinc" in table:
        code: dict[str, Any] = {"system": LOINC, "code": table["loinc"]}
        if "mark" in table:
            code["extension"] = [{"url": VERIFICATION, "valueCode": table["mark"]}]
        item["code"] = [code]
    item |= {"prefix": table.get("prefix", f"{table['id']}."), **_text("text", table["text"])}
    kind = table.get("type", "choice")
    item |= {"type": kind, "required": table.get("required", True)}
    if kind == "choice":
        item["answerOption"] = [_option(each) for each in answers[table["answers"]]]
    if "when" in table:
        item["enableWhen"] = [_when(table["when"])]
    if kind == "integer":
        item["extension"] = _range(table)
    return item


def _when(when: Sequence[Any]) -> dict[str, Any]:
    question, *how, answer = when
    key = "answerBoolean" if isinstance(answer, bool) else "answerInteger"
    return {"question": question, "operator": "".join(how) or "=", key: answer}


def _range(table: Table) -> list[dict[str, Any]]:
    low, high = table["range"]
    bounds: list[dict[str, Any]] = [
        {"url": f"{_FHIR}minValue", "valueInteger": low},
        {"url": f"{_FHIR}maxValue", "valueInteger": high},
    ]
    if table.get("slider"):
        system = "http://hl7.org/fhir/questionnaire-item-control"
        coding = {"coding": [{"system": system, "code": "slider"}]}
        bounds.append({"url": f"{_FHIR}questionnaire-itemControl", "valueCodeableConcept": coding})
    return bounds


def _option(table: Table) -> dict[str, Any]:
    coding: dict[str, Any] = {}
    if "loinc" in table:
        coding |= {"system": LOINC, "code": table["loinc"]}
    else:
        coding["code"] = str(table["value"])
    coding |= _text("display", table["text"])
    coding["extension"] = [{"url": ORDINAL, "valueDecimal": table["value"]}]
    if "mark" in table:
        coding["extension"].append({"url": VERIFICATION, "valueCode": table["mark"]})
    return {"valueCoding": coding}
