"""An export as a file to keep: the same for people, as a page, and for programs, as JSON."""

import io
import zipfile

from starlette.requests import Request
from starlette.responses import Response

from config.languages import Words
from cycle.sentences import Sentence
from integrations.database.exports import LEFT_OUT, Export
from web.export_words import said
from web.pages import rendered, words_of

LABELS: dict[str, Sentence] = {
    "about": Sentence("About"),
    "accepted_at": Sentence("Taken on"),
    "agreed_on": Sentence("Agreed on"),
    "answered_at": Sentence("Answered"),
    "answer": Sentence("Answer"),
    "answer_text": Sentence("In other words"),
    "asked_at": Sentence("Asked"),
    "asker": Sentence("Asked by"),
    "assistant": Sentence("Assistant"),
    "at": Sentence("When"),
    "away": Sentence("Automatic replies"),
    "behaviour": Sentence("Behaviour"),
    "changed_at": Sentence("Changed"),
    "content": Sentence("What stood there"),
    "country": Sentence("Country"),
    "day": Sentence("Day"),
    "did": Sentence("What"),
    "draft": Sentence("Not saved yet"),
    "due_on": Sentence("By"),
    "end_at": Sentence("End"),
    "ended_at": Sentence("Ended"),
    "enrolled_at": Sentence("Taking part since"),
    "first_day": Sentence("First day"),
    "former": Sentence("Until then with"),
    "giver": Sentence("Asked"),
    "granted_by": Sentence("Who grants it"),
    "hired_on": Sentence("Joined"),
    "impact": Sentence("Impact"),
    "kind": Sentence("Kind"),
    "language": Sentence("Language"),
    "language_chosen": Sentence("Language chosen here"),
    "last_day": Sentence("Last day"),
    "line": Sentence("Line for the pre-read"),
    "mail": Sentence("Mail address"),
    "mailbox_shared": Sentence("Others open the mailbox"),
    "made_at": Sentence("Written"),
    "made_by": Sentence("Written by"),
    "modality": Sentence("How"),
    "name": Sentence("Name"),
    "needs": Sentence("What it needs"),
    "next_step": Sentence("Next step"),
    "note": Sentence("Words"),
    "owner": Sentence("Whose"),
    "partner": Sentence("Conversation partner"),
    "period": Sentence("Period"),
    "person": Sentence("Person"),
    "priority": Sentence("What it serves"),
    "private": Sentence("Only yours to see"),
    "question": Sentence("Question"),
    "reader": Sentence("Read by"),
    "reason": Sentence("Reason"),
    "role": Sentence("Role"),
    "role_before": Sentence("Role before"),
    "said": Sentence("Your answer"),
    "sent_at": Sentence("Sent"),
    "sentence": Sentence("What HR was told"),
    "shared_at": Sentence("Shared"),
    "since": Sentence("Since"),
    "source": Sentence("Known from"),
    "start_at": Sentence("Begin"),
    "state": Sentence("State"),
    "subject": Sentence("Subject"),
    "success": Sentence("Success looks like"),
    "successor": Sentence("From then on with"),
    "supporter": Sentence("Supported by"),
    "text": Sentence("Text"),
    "title": Sentence("Title"),
    "to_hr": Sentence("HR may see it"),
    "to_partner": Sentence("Your conversation partner may see it"),
    "until": Sentence("Until"),
    "what": Sentence("What"),
    "why": Sentence("Why it matters"),
    "withdrawn_at": Sentence("Withdrawn"),
    "worth": Sentence("Worth your time"),
    "writer": Sentence("Written by"),
    "written_at": Sentence("Written"),
    "zone": Sentence("Time zone"),
}
"""The columns that people read; the others, such as ids, are in the JSON file."""


def download(request: Request, export: Export) -> Response:
    """Both files in one archive."""
    html = rendered(
        request, "export.html", export=export, parts=_parts(export, words_of(request)), left_out=_left_out(export)
    )
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as files:
        files.writestr("perennial.html", html)
        files.writestr("perennial.json", export.as_json())
    name = f"perennial-{export.at:%Y-%m-%d}.zip"
    return Response(
        archive.getvalue(),
        media_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _parts(export: Export, words: Words) -> list[tuple[Sentence, list[list[tuple[Sentence, str]]]]]:
    """(heading, rows of (label, what it says)); what says nothing is left out."""
    zone, found = export.person.zone, []
    for part, rows in export.parts:
        table = part.table.__tablename__
        told = [
            [
                (LABELS[column], text)
                for column, value in row.items()
                if column in LABELS and (text := said(table, column, value, words, zone, export.ways))
            ]
            for row in rows
        ]
        if told:
            found.append((part.heading, told))
    return found


def _left_out(export: Export) -> list[Sentence]:
    """Every reason once."""
    reasons = [*LEFT_OUT.values(), *(reason for part, _ in export.parts for reason in part.without.values())]
    return list(dict.fromkeys(reasons))
