"""Sojourn: the open-source platform for running a ketamine-therapy programme."""

__version__ = "0.1.0"
