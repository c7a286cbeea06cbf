"""The first words of a body, as Outlook shows them under a subject."""

import html
import re
from functools import lru_cache

from sandbox.evidence import evidence

_HIDDEN = re.compile(r"<(style|script|head)\b.*?</\1\s*>|<!--.*?-->", re.I | re.S)
_TAG = re.compile(r"<[^>]*>")
_SPACE = re.compile(r"\s+")
_LENGTH = 255

evidence(
    "documented",
    "bodyPreview is the first 255 characters of the body, as text.",
    "learn.microsoft.com/graph/api/resources/message, properties",
)


@lru_cache(maxsize=4096)
def preview_of(body: str) -> str:
    """At most 255 characters of plain text."""
    if not body:
        return ""
    return _SPACE.sub(" ", plain_text(body[:20000])).strip()[:_LENGTH]


def plain_text(body: str) -> str:
    return html.unescape(_TAG.sub(" ", _HIDDEN.sub(" ", body)))
