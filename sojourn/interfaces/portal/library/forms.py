"""What is typed into the library: words to look for."""

from __future__ import annotations

from django import forms

LONGEST = 100


class SearchForm(forms.Form):
    """``q`` as it was typed; more than anybody types is cut."""

    q = forms.CharField(required=False, strip=True)

    @property
    def words(self) -> str:
        return str(self.cleaned_data.get("q", ""))[:LONGEST] if self.is_valid() else ""
