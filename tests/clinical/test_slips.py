"""One slip: a letter too many, too few, another, or two neighbours changed over; and no more than one."""

from __future__ import annotations

import pytest

from sojourn.clinical.slips import one_slip

SLIPS = ("kill", "kil", "ill", "kll", "killl", "skill", "kilo", "bill", "kiln", "ikll", "klil", "killa")
OTHERS = ("kl", "illk", "killer", "skills", "kyyl", "bxll", "ikl", "lkil", "kiyy", "", "kkkk", "iklx", "klxi")


@pytest.mark.parametrize(
    ("written", "expected"), [*((each, True) for each in SLIPS), *((each, False) for each in OTHERS)]
)
def test_one_slip_of_a_word(written: str, expected: bool):
    assert one_slip("kill", written) is expected
    assert one_slip(written, "kill") is expected  # whoever is the one that was meant
