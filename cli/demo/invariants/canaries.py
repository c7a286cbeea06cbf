"""Fourth promise: what somebody wrote stays where they put it.

A private sentence is looked for everywhere it must not be, and on its writer's own page too, so that a search
which looks at nothing is noticed.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

from cli.demo.diary import Canary, Entry
from cli.demo.evidence import Evidence
from cli.demo.invariants.verdict import Tally, Verdict
from cli.demo.keys import keys_of
from cli.demo.pursuits import plain

TYPED = ("text", "line", "title", "success", "note", "why", "about", "behaviour", "impact", "next_step")
"""Form fields that hold somebody's words begin like this."""

LONG_ENOUGH = 20
"""A shorter text may stand anywhere by chance."""

WORDS_OF_A_SENTENCE = 8
"""Ids, instants, names of steps and the reason of a poke ("an hour was found") have fewer."""

ENCODED = re.compile(rb"[A-Za-z0-9+/_-]{24,}={0,2}")


@dataclass(frozen=True, slots=True)
class Planted:
    """A canary, who typed it, and who may read it."""

    sentence: str
    shared: bool
    writer: str
    readers: frozenset[str]
    check_in: str


def judge(evidence: Evidence) -> list[Verdict]:
    planted = list(_planted(evidence))
    private = [each for each in planted if not each.shared]
    shared = [each for each in planted if each.shared]
    words = written_words(evidence)
    return [
        _in_no_letter(evidence, private),
        _on_no_other_page(evidence, private),
        _shared_only_with(evidence, shared),
        _in_no_history(evidence, words),
        _in_no_file("4 no written word in a log or a metric", [*evidence.logs, *evidence.metrics], words),
        _in_no_address(evidence, words),
        _in_no_file("4 the database holds written words only encrypted", evidence.databases, words),
    ]


def _planted(evidence: Evidence) -> Iterator[Planted]:
    pairs = {talk.check_in: two for talk in evidence.talks if (two := evidence.two_of(talk))}
    for entry in evidence.diary:
        for canary in entry.canaries:
            readers = _readers(evidence, entry, canary, pairs)
            yield Planted(canary.sentence, canary.shared, entry.person, frozenset(readers), entry.target)


def _readers(evidence: Evidence, entry: Entry, canary: Canary, pairs: dict[str, tuple[str, str]]) -> set[str]:
    """The writer; of a shared one also the other of the check-in, the people of a manager who learned, or the colleague
    whom it was written to.
    """
    if not canary.shared:
        return {entry.person}
    if entry.did == "wrote_learning_moment":
        team = {mail for mail, person in evidence.people.items() if entry.person in person.managers}
        return {entry.person, *team}
    if entry.did == "invited_supporter":
        return {entry.person, entry.fields["who"]}
    if entry.did == "gave_feedback":
        asked = evidence.acts("asked_for_feedback")
        return {entry.person, *(each.person for each in asked if entry.person in each.fields.values())}
    return {entry.person, *pairs.get(entry.target, ())}


def written_words(evidence: Evidence) -> list[str]:
    """Everything that anybody wrote: canaries, every typed field, and the imported history."""
    found = {canary.sentence for entry in evidence.diary for canary in entry.canaries}
    for entry in evidence.diary:
        found.update(text for name, text in entry.fields.items() if name.startswith(TYPED))
    found.update(evidence.secret_texts)
    return sorted(word for word in found if len(word) >= LONG_ENOUGH)


def _in_no_letter(evidence: Evidence, private: Sequence[Planted]) -> Verdict:
    tally = Tally("4 no private sentence in a letter or an event")
    texts = [(each.mailbox, plain(each.text)) for each in evidence.mailed]
    for each in private:
        found = next((mailbox for mailbox, text in texts if each.sentence in text), None)
        tally.case(found is None and bool(texts), f"A private sentence of {each.writer} lies in {found}'s mailbox.")
    return tally.verdict()


def _on_no_other_page(evidence: Evidence, private: Sequence[Planted]) -> Verdict:
    tally = Tally("4 no private sentence on another person's page")
    pages = [(page, plain(page.text)) for page in evidence.pages]
    for each in private:
        found = [page for page, text in pages if each.sentence in text]
        others = [page for page in found if page.viewer != each.writer]
        seen = f"{others[0].viewer} sees a private sentence of {each.writer} on {others[0].path}." if others else ""
        tally.case(not others, seen)
        looked = any(page.viewer != each.writer for page in evidence.pages)
        tally.case(looked, f"Nobody else's pages were looked at for the private sentence of {each.writer}.")
        # What somebody wrote over is not there any more; the last of the form's sentences stands.
        if _is_last(evidence, each):
            tally.case(bool(found), f"The private sentence of {each.writer} is not on their own page either.")
    return tally.verdict()


def _is_last(evidence: Evidence, planted: Planted) -> bool:
    if evidence.people[planted.writer].left:
        # Nobody signs in as them any more.
        return False
    forms = [
        entry
        for entry in evidence.acts("answered_form")
        if entry.person == planted.writer and entry.target == planted.check_in
    ]
    return bool(forms) and planted.sentence in [each.sentence for each in forms[-1].canaries]


def _shared_only_with(evidence: Evidence, shared: Sequence[Planted]) -> Verdict:
    tally = Tally("4 shared sentences only with those they were shared with")
    pages = [(page.viewer, page.path, plain(page.text)) for page in evidence.pages]
    texts = [(each.mailbox, plain(each.text)) for each in evidence.mailed]
    given_out = {key.about for letter in evidence.letters for key in keys_of(letter.keys) if key.kind == "pre-read"}
    for each in shared:
        viewers = {viewer for viewer, _, text in pages if each.sentence in text}
        # A sender holds the copy that it sent.
        mailboxes = {mailbox for mailbox, text in texts if each.sentence in text} - set(evidence.senders)
        beyond = sorted((viewers | mailboxes) - each.readers)
        tally.case(not beyond, f"A shared sentence of {each.writer} reached {', '.join(beyond)}.")
        others = each.readers - {each.writer}
        could = [path for viewer, path, _ in pages if viewer in others and path.endswith(f"/check-ins/{each.check_in}")]
        if could and each.check_in in given_out and _is_last(evidence, each):
            arrived = bool((viewers | mailboxes) & others)
            tally.case(arrived, f"A shared sentence of {each.writer} reached nobody it was shared with.")
    return tally.verdict()


def _in_no_history(evidence: Evidence, words: Sequence[str]) -> Verdict:
    tally = Tally("4 only ids in Temporal's histories")
    for path in evidence.histories:
        raw = path.read_bytes()
        _case_of_words(tally, path, b"\n".join([raw, *_decoded(raw)]), words)
        for payload in _payloads(json.loads(raw)):
            reads = payload if len(payload.split()) >= WORDS_OF_A_SENTENCE else None
            tally.case(reads is None, f'A payload in {path} reads "{reads}".')
    return tally.verdict()


def _payloads(value: Any) -> Iterator[str]:
    """Each text in each decrypted payload of a history, however deep."""
    if isinstance(value, dict):
        for key, each in value.items():
            if key == "payloads" and isinstance(each, list):
                for payload in each:
                    yield from _strings(_parsed(payload))
            else:
                yield from _payloads(each)
    elif isinstance(value, list):
        for each in value:
            yield from _payloads(each)


def _parsed(payload: Any) -> Any:
    try:
        return json.loads(payload) if isinstance(payload, str) else payload
    except json.JSONDecodeError:
        return payload


def _decoded(raw: bytes) -> Iterator[bytes]:
    """What hides behind base64: payloads that nobody encrypted."""
    for token in ENCODED.findall(raw):
        try:
            yield base64.b64decode(
                token + b"=" * (-len(token) % 4), altchars=b"-_" if b"-" in token or b"_" in token else None
            )
        except binascii.Error:
            continue


def _strings(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for key, each in value.items():
                yield str(key)
                yield from _strings(each)
        case list():
            for each in value:
                yield from _strings(each)


def _in_no_address(evidence: Evidence, words: Sequence[str]) -> Verdict:
    """Neither in a URL nor in a subject, which shared screens show."""
    tally = Tally("4 no written word in a URL or a subject")
    addresses = [unquote_plus(each) for each in evidence.addresses]
    visible = "\n".join([*addresses, *(letter.subject for letter in evidence.letters)])
    for word in words:
        tally.case(bool(visible) and word not in visible, f'"{word}" stands in a URL or a subject.')
    return tally.verdict()


def _in_no_file(name: str, paths: Sequence[Path], words: Sequence[str]) -> Verdict:
    tally = Tally(name)
    for path in paths:
        if path.exists():
            _case_of_words(tally, path, path.read_bytes(), words)
    return tally.verdict()


def _case_of_words(tally: Tally, path: Path, raw: bytes, words: Sequence[str]) -> None:
    """One case a file: every word at once, in UTF-8 and as JSON would escape it."""
    found = next((w for w in words if w.encode() in raw or json.dumps(w)[1:-1].encode() in raw), None)
    tally.case(found is None, f'"{found}" stands in {path}.')
