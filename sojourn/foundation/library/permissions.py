"""What this room's permissions open."""

from __future__ import annotations

from sojourn.foundation.registry import Permissions

PERMISSIONS = Permissions(
    {
        "library.edit": "The clinic's library: its evidence, its articles, its rules beside ours, files of citations.",
    },
    of_the_program={
        "library.import": "Taking the records of a file of citations that an editor has handed over.",
    },
)
