"""What a page says, looked for so that an instant's digits are never taken for it."""

import re


def stands_in(number: str, text: str) -> bool:
    """Whether ``number`` stands in ``text`` by itself, not as a part of a longer one or a time: no 97 in 05.194978."""
    return re.search(rf"(?<!\d)(?<!\d[.:]){re.escape(number)}(?!\d)", text) is not None
