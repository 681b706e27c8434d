"""How far the figures of a question to the models reach. They catch slips of the keyboard and are no clinical limits.

Convention: no course of the rulebook comes near them, and every model says for itself what it was studied for.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

KG: Final = (Decimal(1), Decimal(400))  # wider than the vocabulary of facts: a body may be tried out
MG: Final = (Decimal("0.01"), Decimal(2000))  # of base
MINUTES: Final = (Decimal(0), Decimal(1440))  # a day of an infusion
NG_PER_ML: Final = (Decimal("0.1"), Decimal(100_000))
