"""Cases are shown through pages, among others: they share the plain names of assets. (Cases in a browser are
in tests/interfaces: one process holds one Chromium.)"""

from tests.interfaces.conftest import _nowhere, _plain_assets

__all__ = ["_nowhere", "_plain_assets"]
