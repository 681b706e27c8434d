"""The invented figures of the gallery: they were looked at, and stay as they are. Where a change is meant, put what
``gallery.new.json`` holds in the place of the other."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from django.utils import timezone, translation

from sojourn.foundation.ui import gallery

NOW = dt.datetime(2025, 3, 4, 14, 5, 9, tzinfo=dt.UTC)
KEPT = Path(__file__).with_name("gallery.json")


@timezone.override("UTC")
@translation.override("en")
def test_the_figures_of_the_gallery() -> None:
    found = {
        "session": gallery._session_chart(NOW).as_json(),
        "scores": gallery._score_chart(NOW).as_json(),
        "strip": gallery._strip(NOW),
        "nav": [{**each, "label": str(each["label"])} for each in gallery._nav()],
        "chairs": {asked: gallery._chairs(NOW, asked) for asked in ("1", "8", "9", "x", "12")},
    }
    written = json.dumps(found, indent=None, sort_keys=True, default=str).replace('], "', '],\n"') + "\n"
    if not KEPT.exists() or written != KEPT.read_text(encoding="utf-8"):
        KEPT.with_suffix(".new.json").write_text(written, encoding="utf-8")
        pytest.fail("gallery.new.json is not what it was")
