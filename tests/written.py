"""Rows of the audit without what they tell of: for tests of who reads the audit and how, and for rows that a test lays
down instead of performing the action that writes them."""

from __future__ import annotations

from contextlib import AbstractContextManager

from sojourn.foundation import action


def declared(*verbs: str) -> AbstractContextManager[None]:
    """As if an action were running that declares these verbs of the audit; it must write one of them."""
    return action._held_to(action.Declaration("tests.written.declared", (), (), "of a test", verbs, (), declared))
