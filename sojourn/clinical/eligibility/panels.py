"""Facts that are measured and entered together: what one examination or one report of a laboratory tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# By what was done, in the order in which a page asks. The names are those of the vocabulary.
PANELS: Final[Mapping[str, tuple[str, ...]]] = {
    "pressure": ("sbp", "dbp"),
    "liver": ("alt", "alt_uln", "ast", "ast_uln", "alp", "alp_uln", "ggt", "ggt_uln", "bilirubin", "bilirubin_uln"),
    "kidney": ("egfr",),
    "ecg": ("ecg", "qtc_ms"),
    "pregnancy": ("can_become_pregnant", "pregnancy_test"),
    "vitals": ("heart_rate", "respiratory_rate", "spo2", "on_oxygen", "temperature", "consciousness"),
    "body": ("weight_kg", "height_cm"),
    "judged": ("suicide_risk", "lacks_capacity", "nyha", "child_pugh"),
}
