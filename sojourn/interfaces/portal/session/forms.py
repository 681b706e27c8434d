"""What a press on a button of the altered-state screen sends."""

from __future__ import annotations

from uuid import UUID, uuid4

from django import forms

from sojourn.interfaces.shared.fields import MadeByPage


class PressForm(forms.Form):
    """``key``: makes a press that is sent twice one press. What came without a good one counts as a press of its
    own."""

    key = MadeByPage()

    @property
    def sent_key(self) -> UUID:
        try:
            return UUID(str(self.data.get("key", "")))
        except ValueError:
            return uuid4()
