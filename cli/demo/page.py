"""What somebody sees in a letter or a page: its words, its links in order, and its forms with what stands in them."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

# Elements whose text nobody sees.
UNSEEN = frozenset({"head", "script", "style", "title", "template"})


@dataclass(slots=True)
class Link:
    """`before` is the text since the link before, by which a reader knows what this one is about."""

    href: str
    label: str
    before: str


@dataclass(slots=True)
class Form:
    """A form and the values it would send untouched.

    `choices` are the (value, label) of its selects and radio buttons, `buttons` are (name, value, label), `words` what
    one reads in it, `labels` what stands beside each box that can be ticked.
    """

    action: str
    method: str
    values: dict[str, str] = field(default_factory=dict)
    boxes: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Page:
    """`url` is where it was found; hrefs and actions are absolute."""

    url: str
    text: str
    heading: str
    links: list[Link]
    forms: list[Form]

    def form(self, path: str) -> Form | None:
        """The form that posts to this path (or one ending so)."""
        wanted = (form for form in self.forms if form.action.partition("?")[0].endswith(path))
        return next(wanted, None)


def read_page(html: str, url: str) -> Page:
    reader = _Reader(url)
    reader.feed(html)
    reader.close()
    return Page(url, " ".join(reader.words), " ".join(reader.heading), reader.links, reader.forms)


class _Reader(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__(convert_charrefs=True)
        self.url = url
        self.words: list[str] = []
        self.heading: list[str] = []
        self.links: list[Link] = []
        self.forms: list[Form] = []
        self._since_link: list[str] = []
        self._unseen = 0
        self._href: str | None = None
        self._label: list[str] = []
        self._form: Form | None = None
        self._select: str | None = None
        self._option: tuple[str, bool] | None = None
        self._textarea: str | None = None
        self._button: tuple[str, str] | None = None
        self._in_heading = False
        self._box: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        got = {name: value or "" for name, value in attrs}
        if tag in UNSEEN:
            self._unseen += 1
        elif tag == "h1":
            self._in_heading = True
        elif tag == "a" and "href" in got:
            self._href, self._label = urljoin(self.url, got["href"]), []
        elif tag == "form":
            self._form = Form(urljoin(self.url, got.get("action", "")), got.get("method", "get").lower())
            self.forms.append(self._form)
        elif self._form is not None:
            self._field(tag, got, self._form)

    def _field(self, tag: str, got: dict[str, str], form: Form) -> None:
        name, kind = got.get("name", ""), got.get("type", "text" if tag == "input" else "submit").lower()
        if tag == "input" and kind == "submit":
            form.buttons.append((name, got.get("value", ""), got.get("value", "")))
        elif tag == "input" and kind in {"checkbox", "radio"}:
            form.boxes.setdefault(name, got.get("value", "on"))
            self._box = name
            if kind == "radio":
                form.choices.setdefault(name, []).append((got.get("value", "on"), ""))
            if "checked" in got:
                form.values[name] = got.get("value", "on")
        elif tag == "input" and name:
            form.values[name] = got.get("value", "")
        elif tag == "textarea" and name:
            self._textarea, form.values[name] = name, ""
        elif tag == "select" and name:
            self._select, form.choices[name] = name, []
        elif tag == "option" and self._select:
            form.choices[self._select].append((got.get("value", ""), ""))
            self._option = (got.get("value", ""), "selected" in got)
            if "selected" in got or len(form.choices[self._select]) == 1:
                form.values[self._select] = got.get("value", "")
        elif tag == "button" and kind == "submit":
            self._button = (name, got.get("value", ""))
            form.buttons.append((name, got.get("value", ""), ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif tag == "h1":
            self._in_heading = False
        elif tag == "a" and self._href is not None:
            self.links.append(Link(self._href, " ".join(self._label), " ".join(self._since_link)))
            self._href, self._since_link = None, []
        elif tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None
        elif tag == "option":
            self._option = None
        elif tag == "textarea":
            if self._form and self._textarea:
                # The first line break after the tag is not part of the text.
                self._form.values[self._textarea] = self._form.values[self._textarea].removeprefix("\n")
            self._textarea = None
        elif tag == "button":
            self._button = None
        elif tag == "label":
            self._box = None

    def handle_data(self, data: str) -> None:
        if self._form and self._textarea:
            self._form.values[self._textarea] += data
        words = " ".join(data.split())
        if not words or self._unseen:
            return
        self.words.append(words)
        if self._form:
            self._form.words.append(words)
            if self._box:
                self._form.labels[self._box] = f"{self._form.labels.get(self._box, '')} {words}".strip()
        if self._in_heading:
            self.heading.append(words)
        if self._href is not None:
            self._label.append(words)
        else:
            self._since_link.append(words)
        if self._form and self._option and self._select:
            value, label = self._form.choices[self._select][-1]
            self._form.choices[self._select][-1] = (value, f"{label} {words}".strip())
        if self._form and self._button:
            name, value, label = self._form.buttons[-1]
            self._form.buttons[-1] = (name, value, f"{label} {words}".strip())
