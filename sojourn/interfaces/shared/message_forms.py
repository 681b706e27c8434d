"""A message as it is written, in the clinic or by the patient."""

from __future__ import annotations

from uuid import UUID, uuid4

from django import forms

from sojourn.interfaces.shared.fields import MadeByPage
from sojourn.interfaces.shared.typed import whole


class MessageForm(forms.Form):
    """``key`` makes a message that is sent twice one message; ``seen`` is the newest message that was shown;
    ``settle``: none is written, the thread needs no answer."""

    body = forms.CharField(required=False, strip=False)
    key = MadeByPage()
    seen = MadeByPage()
    settle = forms.CharField(required=False)

    @property
    def typed(self) -> str:
        return str(self.data.get("body", ""))

    @property
    def sent_key(self) -> UUID:
        """The key that came with the form; a new one where it is no key."""
        try:
            return UUID(str(self.data.get("key", "")))
        except ValueError:
            return uuid4()

    @property
    def seen_id(self) -> int:
        return whole(self.cleaned_data["seen"]) or 0
