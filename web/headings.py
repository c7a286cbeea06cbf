"""Keeps a short word such as "check-in" on one line of a heading, where a narrow page would break it at its hyphen."""

import re

LONGEST = 12
"""Letters of a word that fits a phone's line beside others; a longer one may have to be broken."""

_HEADING = re.compile(r"(<h([1-3])\b[^>]*>)(.*?)(</h\2>)", re.DOTALL)
# A tag is passed by whole, so that no address in a heading is taken for words.
_TAG_OR_WORD = re.compile(r"<[^>]*>|\w+(?:-\w+)+")


def kept_whole(page: str) -> str:
    """`page` (HTML) with each short hyphenated word of its headings in a span that is not broken.

    The words stay as they are, so that they are found, read out and copied as before.
    """
    return _HEADING.sub(lambda found: found[1] + _TAG_OR_WORD.sub(_spanned, found[3]) + found[4], page)


def _spanned(found: re.Match[str]) -> str:
    word = found[0]
    return word if word.startswith("<") or len(word) > LONGEST else f'<span class="whole">{word}</span>'
