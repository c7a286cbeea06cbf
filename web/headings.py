"""Keeps the word "check-in" on one line of a heading, where a narrow page would break it at its hyphen."""

import re

_HEADING = re.compile(r"(<h([1-3])\b[^>]*>)(.*?)(</h\2>)", re.DOTALL)
# A tag is passed by whole, so that no address in a heading is taken for words.
_TAG_OR_WORD = re.compile(r"<[^>]*>|\bcheck-ins?\b", re.IGNORECASE)


def kept_whole(page: str) -> str:
    """`page` (HTML) with the word, wherever a heading has it, in a span that is not broken.

    The words stay as they are, so that they are found, read out and copied as before.
    """
    return _HEADING.sub(lambda found: found[1] + _TAG_OR_WORD.sub(_spanned, found[3]) + found[4], page)


def _spanned(found: re.Match[str]) -> str:
    return found[0] if found[0].startswith("<") else f'<span class="whole">{found[0]}</span>'
