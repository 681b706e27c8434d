"""What makes a finding this one and no other, so that a signature holds for exactly what was seen."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from typing import Any

from sojourn.clinical.eligibility.assessment import Finding
from sojourn.clinical.eligibility.facts import Value


def plain_value(value: Value) -> Any:
    """A value as JSON holds it."""
    return value.isoformat() if isinstance(value, date) else value


def digest(content: Any) -> str:
    """SHA-256 of the canonical JSON."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def fingerprint(finding: Finding) -> str:
    """What makes a finding this one: the rule, its content and degree, and the values that made it so.

    The days and the tellers of the facts are left out: the same value, told again, is the same finding.
    """
    because = sorted((each.name, plain_value(each.value)) for each in finding.because)
    said = [finding.rule_id, finding.version, finding.rule_hash, finding.severity, finding.action, because]
    return digest(said)
