"""One's own story or view as it is written, by a patient or by a professional."""

from __future__ import annotations

from django import forms

from sojourn.care.reading import voice_actions
from sojourn.foundation.accounts.actor import Actor
from sojourn.interfaces.shared.fields import MadeByPage


class VoiceForm(forms.Form):
    """``do``: "save", "send", "agree" or "withdraw". ``seen``: the hash of the wording that was on the page."""

    text = forms.CharField(required=False, strip=False)
    agreed = forms.BooleanField(required=False)
    seen = MadeByPage()
    do = forms.CharField(required=False)

    @property
    def typed(self) -> str:
        return str(self.data.get("text", ""))


def act_on_own(by: Actor, form: VoiceForm, language: str) -> None:
    """Do what was pressed. Refused: what the action refuses; Voice.DoesNotExist."""
    told = form.cleaned_data
    if told["do"] == "withdraw":
        voice_actions.withdraw(by=by)
    elif told["do"] == "agree":
        voice_actions.agree(by=by, text_hash=told["seen"])
    elif told["do"] == "send":
        voice_actions.send_voice(by=by, language=language, text=form.typed, agreed=told["agreed"])
    else:
        voice_actions.save_draft(by=by, language=language, text=form.typed)
