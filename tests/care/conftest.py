"""Who stands ready for the tests of the rooms."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sojourn.foundation.accounts.actor import acting_as
from tests.conftest import Cast


@pytest.fixture
def desk(clinic: Cast) -> Iterator[Cast]:
    """What is done here is done before the desk's eyes, which see every patient: whose rows are meant, each says."""
    with acting_as(clinic.actor("front_desk")):
        yield clinic
