"""What this room's permissions open."""

from __future__ import annotations

from sojourn.foundation.registry import Permissions

PERMISSIONS = Permissions(
    {
        "consent.read": "Agreements and their texts.",
        "consent.ask": "Asking a patient for agreement.",
        "consent.answer": "Answering a patient's question about a text.",
        "consent.withdraw": "Noting that a patient takes an agreement back.",
        "consent.countersign": "Signing beside a patient's signature.",
        "consent.adopt": "Adopting the texts that patients agree to.",
        "clinic.jurisdiction": "Where the clinic is, and so which law its texts follow.",
    },
)
