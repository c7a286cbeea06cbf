"""HTML as Exchange hands it out: nothing in it runs, and it says its character set."""

import re
from functools import lru_cache
from html import escape
from html.parser import HTMLParser

from sandbox.evidence import evidence

# These go with everything in them; the others only themselves.
_WITH_CONTENT = frozenset(("script", "object", "applet", "iframe", "frameset", "noscript", "svg", "math"))
_ALONE = frozenset(("embed", "base", "link", "frame", "form", "input", "button", "textarea", "select"))
_ADDRESSES = frozenset(("href", "src", "action", "formaction", "background", "xlink:href", "poster", "srcdoc"))
_RUNS = re.compile(r"^(?:java|vb)script:|^data:(?!image/(?:png|gif|jpeg|webp))", re.I)
_STYLE_RUNS = re.compile(r"expression\s*\(|(?:java|vb)script:|behavior\s*:|-moz-binding", re.I)
# Where nothing of this stands, there is nothing to take out, and the text stays as it is to the letter.
_SUSPECT = re.compile(
    rf"<[\s/]*(?:{'|'.join(sorted(_WITH_CONTENT | _ALONE))})\b|<\s*meta[^>]*refresh"
    r"|[\s/\"']on[a-z]+\s*=|script\s*:|\bdata\s*:|expression\s*\(|behavior\s*:|-moz-binding|srcdoc"
    r"|(?:href|src|action|background|poster)\s*=\s*[\"']?[^\"'>]*(?:&(?:#|colon|tab|newline)|[\x00-\x1f])"
    r"|style\s*=\s*[\"'][^\"'>]*(?:&#|\\|/\*)",
    re.I,
)
_HEAD = re.compile(r"<head\b[^>]*>", re.I)
_CHARSET = re.compile(r"<meta[^>]*charset", re.I)
_META = '\r\n<meta http-equiv="Content-Type" content="text/html; charset=utf-8">'


@evidence(
    "documented",
    "HTML bodies are read without scripts, event handlers, frames and addresses that run;"
    " Prefer: outlook.allow-unsafe-html hands out what was written",
    "learn.microsoft.com/graph/api/resources/message ('Removing script from the body property')",
)
@lru_cache(maxsize=2048)
def sanitized(html: str) -> str:
    """`html` without anything that could run; unchanged to the letter where nothing could."""
    if not _SUSPECT.search(html):
        return html
    cleaner = _Cleaner()
    cleaner.feed(html)
    cleaner.close()
    return "".join(cleaner.kept)


@evidence(
    "documented",
    "HTML comes back as a document with a head that names the character set",
    "learn.microsoft.com/graph/api/message-get, example responses",
)
def as_document(html: str) -> str:
    if not html or _CHARSET.search(html):
        return html
    head = _HEAD.search(html)
    if head:
        return f"{html[: head.end()]}{_META}{html[head.end() :]}"
    if "<html" in html[:1000].lower():
        return html
    return f"<html><head>{_META}</head><body>{html}</body></html>"


class _Cleaner(HTMLParser):
    """Writes on what it reads; what has to change is written anew, all else as it stood."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.kept: list[str] = []
        self.inside: list[str] = []

    def keep(self, text: str) -> None:
        if not self.inside:
            self.kept.append(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _WITH_CONTENT:
            self.inside.append(tag)
        else:
            self.tag(tag, attrs, "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _WITH_CONTENT:
            self.tag(tag, attrs, " /")

    def tag(self, tag: str, attrs: list[tuple[str, str | None]], end: str) -> None:
        moves_on = tag == "meta" and any(n == "http-equiv" and "refresh" in (v or "").lower() for n, v in attrs)
        if tag in _ALONE or moves_on:
            return
        harmless = [(name, value) for name, value in attrs if _harmless(name, value or "")]
        if harmless == attrs:
            self.keep(self.get_starttag_text() or "")
            return
        written = "".join(f" {n}" if v is None else f' {n}="{escape(v)}"' for n, v in harmless)
        self.keep(f"<{tag}{written}{end}>")

    def handle_endtag(self, tag: str) -> None:
        if self.inside:
            if tag == self.inside[-1]:
                self.inside.pop()
        elif tag not in _ALONE and tag not in _WITH_CONTENT:
            self.keep(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self.keep(data)

    def handle_entityref(self, name: str) -> None:
        self.keep(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.keep(f"&#{name};")

    def handle_comment(self, data: str) -> None:
        self.keep(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self.keep(f"<!{decl}>")

    def unknown_decl(self, data: str) -> None:
        self.keep(f"<![{data}]>")


def _harmless(name: str, value: str) -> bool:
    if name.startswith("on") or name == "srcdoc":
        return False
    if name in _ADDRESSES:
        return not _RUNS.match(re.sub(r"[\x00-\x20]", "", value))
    return name != "style" or not _STYLE_RUNS.search(re.sub(r"\\|/\*.*?\*/|[\x00-\x1f]", "", value))
