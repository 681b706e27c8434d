"""The rulebook: rule files, their loader, and which rules a clinic has adopted."""

from sojourn.foundation.rulebook.load import Book, book, check

__all__ = ["Book", "book", "check"]
