"""Privacy classes. Every field of every model of ours names one; the build fails where it does not.

One class feeds the log scrubber, the de-identified export and the page that tells a patient what is held.
"""

from __future__ import annotations

from enum import Enum


class Privacy(Enum):
    DIRECT = "direct identifier"
    QUASI = "quasi-identifier"
    CLINICAL = "clinical"
    OPERATIONAL = "operational"


DIRECT = Privacy.DIRECT
QUASI = Privacy.QUASI
CLINICAL = Privacy.CLINICAL
OPERATIONAL = Privacy.OPERATIONAL
