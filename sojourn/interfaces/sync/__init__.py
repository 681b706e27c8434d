"""The offline door: what a device kept while it had no network arrives here, entry by entry, and is taken once.

One idempotent command per action (``POST /sync/commands/<name>``, JSON), described at ``/sync/openapi.json``. A command
is the form of a page: the same view reads it, the same rules refuse it, the same words of danger are heard in it.
"""
