"""Letters that come as MIME keep both alternatives, their Message-ID, and nothing that they should not."""

import base64
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import httpx
import pytest

MIME = {"Content-Type": "text/plain", "Prefer": 'IdType="ImmutableId"'}


def letter(to: str, subject: str = "In two ways", **headers: str) -> EmailMessage:
    message = EmailMessage()
    message["To"], message["Subject"] = to, subject
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content("Grüße in words")
    message.add_alternative("<p>Grüße in <b>colour</b></p>", subtype="html")
    return message


def encoded(message: EmailMessage) -> bytes:
    return base64.b64encode(message.as_bytes())


async def read(graph: httpx.AsyncClient, path: str, kind: str) -> dict[str, Any]:
    headers = {"Prefer": f'outlook.body-content-type="{kind}"'}
    body: dict[str, Any] = (await graph.get(path, headers=headers)).json()["body"]
    return body


async def newest(graph: httpx.AsyncClient, mail: str) -> dict[str, Any]:
    found = (await graph.get(f"/users/{mail}/mailFolders/inbox/messages", params={"$top": "1"})).json()["value"]
    message: dict[str, Any] = found[0]
    return message


async def test_a_draft_of_mime_is_delivered_with_both_alternatives(
    graph: httpx.AsyncClient, control: httpx.AsyncClient, service: str, ann: str
) -> None:
    mime = letter(f"Ann <{ann}>", Message_ID="<one@meadow.example>", X_Colour="green", Importance="high")
    made = await graph.post(f"/users/{service}/messages", content=encoded(mime), headers=MIME)
    assert made.status_code == 201, made.text
    draft = made.json()
    assert (draft["isDraft"], draft["subject"], draft["importance"]) == (True, "In two ways", "high")
    assert (draft["internetMessageId"], draft["from"]["emailAddress"]["address"]) == ("<one@meadow.example>", service)
    assert draft["toRecipients"] == [{"emailAddress": {"name": "Ann", "address": ann}}]
    path = f"/users/{service}/messages/{draft['id']}"
    assert (await graph.post(f"{path}/send")).status_code == 202
    await control.post("/deliveries")
    received = f"/users/{ann}/messages/{(await newest(graph, ann))['id']}"
    for each in (path, received):
        text, html = await read(graph, each, "text"), await read(graph, each, "html")
        assert text == {"contentType": "text", "content": "Grüße in words"}
        assert (html["contentType"], "<p>Grüße in <b>colour</b></p>" in html["content"]) == ("html", True)
    headers = (await graph.get(received, params={"$select": "internetMessageHeaders"})).json()
    assert headers["internetMessageHeaders"] == [{"name": "X-Colour", "value": "green"}]


async def test_a_draft_of_mime_takes_its_key_later_and_is_found_by_its_message_id_before(
    graph: httpx.AsyncClient, service: str, ann: str
) -> None:
    mime = letter(ann, Message_ID="<found@meadow.example>")
    made = (await graph.post(f"/users/{service}/messages", content=encoded(mime), headers=MIME)).json()
    wanted = {"$filter": "internetMessageId eq '<found@meadow.example>'"}
    found = (await graph.get(f"/users/{service}/messages", params=wanted, headers=MIME)).json()["value"]
    assert [m["id"] for m in found] == [made["id"]]
    assert (await graph.get(f"/users/{ann}/messages", params=wanted)).json()["value"] == []
    key = {"id": "String {8b1a1f5e-6f0f-4b7a-9d0b-1d2c3e4f5a6b} Name TestKey", "value": "mime"}
    patched = await graph.patch(
        f"/users/{service}/messages/{made['id']}",
        json={"singleValueExtendedProperties": [key]},
        headers={"Prefer": MIME["Prefer"]},
    )
    assert (patched.status_code, patched.json()["internetMessageId"]) == (200, "<found@meadow.example>")


async def test_a_letter_sent_as_mime_goes_out_at_once_and_is_kept(
    graph: httpx.AsyncClient, control: httpx.AsyncClient, service: str, ann: str, otto: str
) -> None:
    mime = letter(ann, subject="At once", Bcc=otto)
    sent = await graph.post(f"/users/{service}/sendMail", content=encoded(mime), headers=MIME)
    assert (sent.status_code, sent.content) == (202, b"")
    await control.post("/deliveries")
    for mail in (ann, otto):
        message = await newest(graph, mail)
        assert (message["subject"], message["bccRecipients"]) == ("At once", [])
    kept = (await graph.get(f"/users/{service}/mailFolders/sentitems/messages", params={"$top": "1"})).json()["value"]
    assert kept[0]["subject"] == "At once"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"no base64, to be sure", "ErrorMimeContentInvalidBase64String"),
        (b"", "ErrorMimeContentInvalidBase64String"),
        (base64.b64encode(b"\n\nonly a body"), "ErrorMimeContentInvalid"),
        (base64.b64encode(b"Content-Type: text/html; charset=klingon\n\n<p>Qapla</p>"), "ErrorMimeContentInvalid"),
    ],
)
async def test_what_is_no_mime_is_refused_and_leaves_no_draft(
    graph: httpx.AsyncClient, service: str, content: bytes, code: str
) -> None:
    folder = f"/users/{service}/mailFolders/drafts/messages"
    count = {"$count": "true", "$top": "1"}
    before = (await graph.get(folder, params=count)).json()["@odata.count"]
    for path in ("messages", "sendMail"):
        refused = await graph.post(f"/users/{service}/{path}", content=content, headers=MIME)
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, code)
    assert (await graph.get(folder, params=count)).json()["@odata.count"] == before


async def test_nobody_sends_mime_in_anothers_name(graph: httpx.AsyncClient, service: str, ann: str, otto: str) -> None:
    forged = await graph.post(
        f"/users/{service}/sendMail", content=encoded(letter(ann, subject="Forged", From=otto)), headers=MIME
    )
    assert (forged.status_code, forged.json()["error"]["code"]) == (403, "ErrorSendAsDenied")
    assert (await newest(graph, ann))["subject"] != "Forged"


async def test_a_letter_is_json_or_mime_and_nothing_else(graph: httpx.AsyncClient, service: str) -> None:
    refused = await graph.post(f"/users/{service}/messages", content=b"<m/>", headers={"Content-Type": "text/xml"})
    assert refused.status_code == 415
    assert refused.json()["error"]["code"] == "UnsupportedMediaType"


@pytest.mark.parametrize(
    "header",
    [
        b"Subject: Gr\xfc\xdfe",
        b"X-Na\xe0me: v",
        b"X-Name: \xe0",
        b'To: "\xe0" <ann@meadow.example>',
        b"Message-ID: <\xe0@x>",
    ],
)
async def test_bytes_that_are_no_text_do_not_spoil_the_mailbox_for_its_readers(
    graph: httpx.AsyncClient, service: str, header: bytes
) -> None:
    content = base64.b64encode(b"From: " + service.encode() + b"\r\n" + header + b"\r\n\r\nHi \xe0\r\n")
    made = await graph.post(f"/users/{service}/messages", content=content, headers=MIME)
    assert made.status_code in (201, 400), made.text
    listed = await graph.get(f"/users/{service}/messages", params={"$select": "subject,internetMessageHeaders,body"})
    assert listed.status_code == 200
    if made.status_code == 201:
        await graph.delete(f"/users/{service}/messages/{made.json()['id']}")


async def test_what_came_as_mime_can_be_read_as_mime(
    graph: httpx.AsyncClient, control: httpx.AsyncClient, service: str, ann: str
) -> None:
    mime = letter(f"Zoë <{ann}>", "Grüße", Message_ID="<read@meadow.example>", X_Colour="green", Importance="high")
    made = (await graph.post(f"/users/{service}/messages", content=encoded(mime), headers=MIME)).json()
    await graph.post(f"/users/{service}/messages/{made['id']}/send")
    await control.post("/deliveries")
    for path in (
        f"/users/{service}/messages/{made['id']}",
        f"/users/{ann}/messages/{(await newest(graph, ann))['id']}",
    ):
        answer = await graph.get(f"{path}/$value")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain")
        read_again = message_from_bytes(answer.content, policy=policy.default)
        for name in ("To", "Subject", "Message-ID", "X-Colour", "Importance"):
            assert str(read_again[name]) == str(mime[name]), name
        assert read_again["From"].addresses[0].addr_spec == service
        for kind, words in (("plain", "Grüße in words"), ("html", "<p>Grüße in <b>colour</b></p>")):
            part = read_again.get_body((kind,))
            assert part is not None
            assert part.get_content().strip() == words
        assert (await graph.get(f"{path}/$value")).content == answer.content


@pytest.mark.parametrize(
    "text", ["", "a\r\nBcc: x@y.example", 'quo"te\\', "ü, <b@c.example>", "\x00\x0b\u2028 end", "x" * 3000]
)
async def test_no_text_breaks_out_of_a_header(graph: httpx.AsyncClient, service: str, text: str) -> None:
    to = {"emailAddress": {"address": text or "a@b.example", "name": text}}
    headers = [{"name": "x-one", "value": text}, {"name": "x-\r\nBcc", "value": "y"}]
    draft = {"subject": text, "toRecipients": [to], "internetMessageHeaders": headers}
    made = await graph.post(f"/users/{service}/messages", json=draft, headers={"Prefer": 'IdType="ImmutableId"'})
    assert made.status_code == 201, made.text
    answer = await graph.get(f"/users/{service}/messages/{made.json()['id']}/$value")
    assert answer.status_code == 200
    assert not any(name.lower() == "bcc" for name in message_from_bytes(answer.content).keys())  # noqa: SIM118
