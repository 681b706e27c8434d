"""Cases are shown through pages, among others: they share what the tests of pages share."""

from tests.interfaces.conftest import _nowhere, _plain_assets

__all__ = ["_nowhere", "_plain_assets"]
