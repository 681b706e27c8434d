"""Raise a flag for no other reason than that a test wants one: the house raises it as a part of other actions."""

from __future__ import annotations

from typing import Any

from sojourn.care.safety import raising_actions
from sojourn.care.safety.models import Flag
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.action import NoLock, When, action, unchanged


@action(
    When("flag.answer", lambda _by, _asked: False),  # whoever saw the danger
    locks=NoLock("a flag is locked where it is raised"),
    through=(raising_actions.raise_flag,),
)
def raise_flag(*, by: Actor, **said: Any) -> Flag:
    return unchanged(raising_actions.raise_flag(by=by, **said))
