"""The rulebook: rule files, their loader, and which rules a clinic has adopted."""

from sojourn.foundation.rulebook.load import Book, check, released_rulebook

__all__ = ["Book", "check", "released_rulebook"]
