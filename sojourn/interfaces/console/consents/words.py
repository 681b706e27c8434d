"""Ways of giving and states of an agreement, in words."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy
from django_stubs_ext import StrPromise

WAYS: Mapping[str, StrPromise] = {
    "iv": gettext_lazy("Ketamine into a vein (IV)"),
    "im": gettext_lazy("Ketamine into a muscle (IM)"),
    "sc": gettext_lazy("Ketamine under the skin (SC)"),
    "in": gettext_lazy("Ketamine as a nasal spray"),
    "in_esketamine": gettext_lazy("Esketamine as a nasal spray, as labelled"),
    "sl": gettext_lazy("Ketamine under the tongue (SL)"),
    "oral": gettext_lazy("Ketamine by mouth"),
}

STATES: Mapping[str, tuple[StrPromise, str]] = {
    "": (gettext_lazy("Stands"), "done"),
    "not-countersigned": (gettext_lazy("Waits for a prescriber’s signature"), "wait"),
    "not-signed": (gettext_lazy("Not signed"), "open"),
    "changed": (gettext_lazy("Changed since it was signed"), "wait"),
    "withdrawn": (gettext_lazy("Withdrawn"), "stop"),
    "not-adopted": (gettext_lazy("Text not adopted"), "off"),
    "refused": (gettext_lazy("Said no"), "off"),
}


def way_words(way: str) -> str:
    return str(WAYS.get(way, way))
