"""HTML is handed out with nothing in it that runs, and otherwise as it was written."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.sanitized import as_document, sanitized

HARMLESS = """<!doctype html>
<html lang="en"><head><title>x</title><style>p{color:#333}</style></head>
<body><!--[if mso]><table><tr><td><![endif]--><p style="margin:0">1 &lt; 2 &amp;&nbsp;&#8203;3</p>
<a href="https://perennial.example/at?x=1&amp;y=2">Open my questions</a><img src="cid:logo"/></body></html>"""


@pytest.mark.parametrize("html", [HARMLESS, "", "no tags at all", "<p>once upon a time, online = offline</p>"])
def test_what_cannot_run_stays_to_the_letter(html: str) -> None:
    assert sanitized(html) == html


@pytest.mark.parametrize(
    ("html", "left"),
    [
        ("a<script>evil()</script>b", "ab"),
        ("a<SCRIPT SRC=//x>evil()</SCRIPT >b", "ab"),
        ("a<iframe src=x>evil</iframe>b", "ab"),
        ('<p ONCLICK="evil()" class="c">t</p>', '<p class="c">t</p>'),
        ("<img src=x onerror=evil()>", '<img src="x">'),
        ('<img/src="x"/onerror="evil()">', '<img src="x">'),
        ('<a href="javascript:evil()">t</a>', "<a>t</a>"),
        ('<a href="java&#115;cript:evil()">t</a>', "<a>t</a>"),
        ('<a href="java\tscript:evil()">t</a>', "<a>t</a>"),
        ('<a href="data:text/html,evil">t</a>', "<a>t</a>"),
        ('<p style="width:expression(evil())">t</p>', "<p>t</p>"),
        ('<meta http-equiv="refresh" content="0;url=evil">t', "t"),
        ('<form action="evil"><input name="a"></form>t', "t"),
        ("a<script>evil(", "a"),
    ],
)
def test_what_could_run_is_gone(html: str, left: str) -> None:
    assert sanitized(html) == left


def test_what_stands_beside_a_script_stays() -> None:
    assert sanitized(HARMLESS.replace("<body>", "<body><script>evil()</script>")) == HARMLESS


def test_a_document_names_its_character_set_once() -> None:
    assert as_document("<p>t</p>").startswith("<html><head>")
    assert as_document(HARMLESS).count("charset=utf-8") == 1
    assert as_document(as_document(HARMLESS)) == as_document(HARMLESS)
    assert as_document("") == ""


class _Reader(HTMLParser):
    runs = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.runs |= tag in ("script", "iframe", "object") or any(
            name.startswith("on") or "script:" in (value or "").lower().replace("\t", "") for name, value in attrs
        )


PIECES = (
    "<",
    ">",
    "script",
    "/",
    " ",
    "onclick",
    "=",
    '"',
    "'",
    "a",
    "href",
    "javascript:",
    "\t",
    "&#115;",
    "<!--",
    "p",
)


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_whatever_is_written_nothing_runs_in_what_is_read(html: str) -> None:
    reader = _Reader()
    reader.feed(sanitized(html))
    reader.close()
    assert not reader.runs
