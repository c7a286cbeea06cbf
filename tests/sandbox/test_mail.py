"""Letters: drafts with a key, sent once under the same id, delivered to those named and to nobody else."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

KEY = "String {8b1a1f5e-6f0f-4b7a-9d0b-1d2c3e4f5a6b} Name TestKey"
LASTING = {"Prefer": 'IdType="ImmutableId"'}
Draft = Callable[..., Awaitable[dict[str, Any]]]


def with_key(value: str) -> dict[str, str]:
    return {
        "$filter": f"singleValueExtendedProperties/Any(ep: ep/id eq '{KEY}' and ep/value eq '{value}')",
        "$expand": f"singleValueExtendedProperties($filter=id eq '{KEY}')",
    }


@pytest.fixture
def draft(graph: httpx.AsyncClient, service: str) -> Draft:
    async def make(key: str, *recipients: str, **more: Any) -> dict[str, Any]:
        message = {
            "subject": f"Letter {key}",
            "body": {"contentType": "html", "content": "<p>Hello <b>you</b></p>"},
            "toRecipients": [{"emailAddress": {"address": mail}} for mail in recipients],
            "singleValueExtendedProperties": [{"id": KEY, "value": key}],
        }
        answer = await graph.post(f"/users/{service}/messages", json={**message, **more}, headers=LASTING)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    return make


async def inbox_subjects(graph: httpx.AsyncClient, mail: str) -> list[str]:
    found = (await graph.get(f"/users/{mail}/mailFolders/inbox/messages", params={"$top": "500"})).json()["value"]
    return [m["subject"] for m in found]


async def test_a_draft_is_found_by_its_key_and_reaches_nobody_before_it_is_sent(
    graph: httpx.AsyncClient, draft: Draft, service: str, ann: str
) -> None:
    made = await draft("found", ann)
    assert made["isDraft"]
    found = (await graph.get(f"/users/{service}/messages", params=with_key("found"), headers=LASTING)).json()["value"]
    assert [(m["id"], m["singleValueExtendedProperties"][0]["value"]) for m in found] == [(made["id"], "found")]
    assert (await graph.get(f"/users/{service}/messages", params=with_key("other"))).json()["value"] == []
    assert "Letter found" not in await inbox_subjects(graph, ann)


async def test_sending_keeps_the_id_and_delivers_a_copy_without_the_key(
    graph: httpx.AsyncClient, draft: Draft, control: httpx.AsyncClient, service: str, ann: str, otto: str
) -> None:
    made = await draft("sent", ann)
    assert (await graph.post(f"/users/{service}/messages/{made['id']}/send")).status_code == 202
    sent = (await graph.get(f"/users/{service}/messages/{made['id']}")).json()
    assert (sent["isDraft"], sent["from"]["emailAddress"]["address"]) == (False, service)
    folder = f"/users/{service}/mailFolders/sentitems/messages/{made['id']}"
    assert (await graph.get(folder)).status_code == 200
    assert (await graph.get(folder.replace("sentitems", "drafts"))).status_code == 404
    again = await graph.post(f"/users/{service}/messages/{made['id']}/send")
    assert (again.status_code, again.json()["error"]["code"]) == (400, "ErrorInvalidRequest")
    assert (await inbox_subjects(graph, ann)).count("Letter sent") == 1
    assert "Letter sent" not in await inbox_subjects(graph, otto)
    assert (await graph.get(f"/users/{ann}/messages", params=with_key("sent"))).json()["value"] == []
    state = (await control.get("/state", params={"mailbox": ann})).json()["mailboxes"][ann]
    (received,) = [m for m in state["folders"]["inbox"] if m["subject"] == "Letter sent"]
    assert (received["from"], received["to"], received["extendedProperties"]) == (service, [ann], {})
    assert received["body"] == "<p>Hello <b>you</b></p>"


async def test_the_inbox_can_be_read_on_from_an_instant(
    graph: httpx.AsyncClient, draft: Draft, control: httpx.AsyncClient, service: str, mara: str
) -> None:
    for day in (4, 5, 6):
        await control.post("/clock", json={"now": f"2030-03-0{day}T08:00:00Z"})
        made = await draft(f"day {day}", mara)
        await graph.post(f"/users/{service}/messages/{made['id']}/send")
    path = f"/users/{mara}/mailFolders/inbox/messages"
    options = {
        "$filter": "receivedDateTime ge 2030-03-05T00:00:00Z and receivedDateTime lt 2030-03-07T00:00:00Z",
        "$select": "subject,receivedDateTime",
    }
    newest_first = (await graph.get(path, params=options)).json()["value"]
    assert [m["subject"] for m in newest_first] == ["Letter day 6", "Letter day 5"]
    assert set(newest_first[0]) == {"@odata.etag", "id", "subject", "receivedDateTime"}
    oldest_first = (await graph.get(path, params={**options, "$orderby": "receivedDateTime asc", "$top": "1"})).json()
    assert [m["subject"] for m in oldest_first["value"]] == ["Letter day 5"]
    assert "@odata.nextLink" in oldest_first


async def test_an_unknown_recipient_comes_back_as_a_report_and_the_others_get_theirs(
    graph: httpx.AsyncClient, draft: Draft, service: str, ann: str
) -> None:
    made = await draft("lost", "nobody@meadow.example", ann)
    assert (await graph.post(f"/users/{service}/messages/{made['id']}/send")).status_code == 202
    assert "Undeliverable: Letter lost" in await inbox_subjects(graph, service)
    assert "Letter lost" in await inbox_subjects(graph, ann)


async def test_blind_copies_arrive_unseen(graph: httpx.AsyncClient, service: str, ann: str, otto: str) -> None:
    people = {f"{kind}Recipients": [{"emailAddress": {"address": mail}}] for kind, mail in (("to", ann), ("bcc", otto))}
    letter = {"Message": {"subject": "Blind", **people}, "SaveToSentItems": False}
    assert (await graph.post(f"/users/{service}/sendMail", json=letter)).status_code == 202
    for mail in (ann, otto):
        found = (await graph.get(f"/users/{mail}/mailFolders/inbox/messages", params={"$top": "1"})).json()["value"]
        assert (found[0]["subject"], found[0]["bccRecipients"]) == ("Blind", [])
    sent = (await graph.get(f"/users/{service}/mailFolders/sentitems/messages", params={"$top": "500"})).json()["value"]
    assert "Blind" not in [m["subject"] for m in sent]


async def test_what_may_not_be_sent_is_refused_and_not_sent(
    graph: httpx.AsyncClient, draft: Draft, service: str, ann: str
) -> None:
    nobody = await draft("to nobody")
    refused = await graph.post(f"/users/{service}/messages/{nobody['id']}/send")
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "ErrorInvalidRecipients")
    listed = await draft("to a list", f"{ann}; {service}")
    refused = await graph.post(f"/users/{service}/messages/{listed['id']}/send")
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "ErrorInvalidRecipients")
    assert "Letter to a list" not in await inbox_subjects(graph, ann)
    someone = {"subject": "Forged", "from": {"emailAddress": {"address": ann}}}
    forged = await graph.post(f"/users/{service}/messages", json=someone)
    assert (forged.status_code, forged.json()["error"]["code"]) == (403, "ErrorSendAsDenied")
    missing = await graph.post(f"/users/{service}/messages/AAkNothing/send")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "ErrorItemNotFound")


async def test_drafts_change_and_go_but_what_was_sent_stays_as_it_was(
    graph: httpx.AsyncClient, draft: Draft, service: str, ann: str
) -> None:
    made = await draft("changed", ann)
    path = f"/users/{service}/messages/{made['id']}"
    changed = await graph.patch(path, json={"subject": "Better"}, headers={"If-Match": made["@odata.etag"]})
    assert (changed.status_code, changed.json()["subject"]) == (200, "Better")
    late = await graph.patch(path, json={"subject": "Late"}, headers={"If-Match": made["@odata.etag"]})
    assert late.status_code == 412
    await graph.post(f"{path}/send")
    assert (await graph.patch(path, json={"subject": "Rewritten"})).status_code == 400
    assert (await graph.delete(path)).status_code == 204
    assert (await graph.delete(path)).status_code == 204
    assert (await graph.get(path)).status_code == 404


async def test_a_body_can_be_read_as_text(graph: httpx.AsyncClient, draft: Draft, service: str, ann: str) -> None:
    made = await draft("text", ann)
    assert made["bodyPreview"] == "Hello you"
    headers = {"Prefer": 'IdType="ImmutableId", outlook.body-content-type="text"'}
    found = (await graph.get(f"/users/{service}/messages/{made['id']}", headers=headers)).json()["body"]
    assert found["contentType"] == "text"
    assert "<" not in found["content"]


async def test_an_id_that_may_change_changes_when_a_draft_is_sent_and_the_lasting_one_stays(
    graph: httpx.AsyncClient, draft: Draft, service: str, ann: str
) -> None:
    lasting = (await draft("two ids", ann))["id"]
    passing = (await graph.get(f"/users/{service}/messages/{lasting}")).json()["id"]
    assert passing != lasting
    assert (await graph.get(f"/users/{service}/messages/{passing}", headers=LASTING)).json()["id"] == lasting
    assert (await graph.post(f"/users/{service}/messages/{passing}/send")).status_code == 202
    assert (await graph.get(f"/users/{service}/messages/{passing}")).status_code == 404
    sent = await graph.get(f"/users/{service}/messages/{lasting}", headers=LASTING)
    assert (sent.json()["id"], sent.json()["isDraft"]) == (lasting, False)


async def test_what_is_deleted_for_good_is_in_no_folder(
    graph: httpx.AsyncClient, draft: Draft, service: str, ann: str
) -> None:
    path = f"/users/{service}/messages/{(await draft('gone', ann))['id']}"
    assert (await graph.post(f"{path}/permanentDelete")).status_code == 204
    assert (await graph.get(path)).status_code == 404
    assert (await graph.post(f"{path}/permanentDelete")).json()["error"]["code"] == "ErrorItemNotFound"
    deleted = (await graph.get(f"/users/{service}/mailFolders/deleteditems/messages", params={"$top": "500"})).json()
    assert "Letter gone" not in [m["subject"] for m in deleted["value"]]


async def test_headers_of_ones_own_are_at_most_five_and_begin_with_x(graph: httpx.AsyncClient, service: str) -> None:
    def with_headers(*names: str) -> dict[str, Any]:
        return {"subject": "Headers", "internetMessageHeaders": [{"name": n, "value": "1"} for n in names]}

    five = await graph.post(f"/users/{service}/messages", json=with_headers(*(f"x-{i}" for i in range(5))))
    assert five.status_code == 201
    path = f"/users/{service}/messages/{five.json()['id']}"
    read = (await graph.get(path, params={"$select": "internetMessageHeaders"})).json()
    assert len(read["internetMessageHeaders"]) == 5
    assert "internetMessageHeaders" not in five.json()
    for names in ([f"x-{i}" for i in range(6)], ["Received"]):
        refused = await graph.post(f"/users/{service}/messages", json=with_headers(*names))
        assert (refused.status_code, refused.json()["error"]["code"]) == (
            400,
            "InvalidInternetMessageHeaderCollection",
        )


async def test_a_letter_of_more_than_four_megabytes_is_too_large(graph: httpx.AsyncClient, service: str) -> None:
    large = {"subject": "Large", "body": {"contentType": "text", "content": "x" * (4 * 1024 * 1024)}}
    refused = await graph.post(f"/users/{service}/messages", json=large)
    assert refused.status_code == 413
    assert refused.json()["error"]["code"]


async def test_a_sorting_that_the_filter_does_not_begin_with_is_too_complex(
    graph: httpx.AsyncClient, mara: str
) -> None:
    path = f"/users/{mara}/messages"
    since = "receivedDateTime ge 2030-01-01T00:00:00Z"
    for fine in (since, f"{since} and isRead eq false"):
        found = await graph.get(path, params={"$filter": fine, "$orderby": "receivedDateTime desc"})
        assert found.status_code == 200
    for complex_one in ("isRead eq false", f"isRead eq false and {since}"):
        refused = await graph.get(path, params={"$filter": complex_one, "$orderby": "receivedDateTime desc"})
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, "InefficientFilter")


@pytest.mark.parametrize("option", [{"$filter": "mood eq 'good'"}, {"$orderby": "mood"}, {"$select": "mood"}])
async def test_what_messages_do_not_have_cannot_be_asked_for(
    graph: httpx.AsyncClient, draft: Draft, service: str, ann: str, option: dict[str, str]
) -> None:
    await draft("any", ann)
    refused = await graph.get(f"/users/{service}/messages", params=option)
    assert refused.status_code == 400
    assert "mood" in refused.json()["error"]["message"]


async def test_what_was_asked_of_a_draft_is_what_is_read_again(
    graph: httpx.AsyncClient, draft: Draft, service: str, ann: str
) -> None:
    asked = {
        "isReadReceiptRequested": True,
        "inferenceClassification": "other",
        "flag": {"flagStatus": "flagged"},
        "importance": "high",
    }
    made = await draft("asked", ann, **asked)
    found = (await graph.get(f"/users/{service}/messages/{made['id']}")).json()
    assert {name: found[name] for name in asked} == asked


async def test_nothing_in_a_letter_runs_where_it_is_read(
    graph: httpx.AsyncClient, draft: Draft, service: str, ann: str
) -> None:
    written = '<p onclick="steal()">Hello</p><script>steal()</script><a href="javascript:steal()">here</a>'
    made = await draft("safe", ann, body={"contentType": "html", "content": written})
    path = f"/users/{service}/messages/{made['id']}"
    read = (await graph.get(path)).json()["body"]["content"]
    assert "steal" not in read
    assert "<p>Hello</p>" in read
    assert "charset=utf-8" in read
    unsafe = (await graph.get(path, headers={"Prefer": "outlook.allow-unsafe-html"})).json()["body"]["content"]
    assert written in unsafe


async def test_the_location_of_a_draft_leads_to_it(graph: httpx.AsyncClient, service: str) -> None:
    made = await graph.post(f"/users/{service}/messages", json={"subject": "Here"}, headers=LASTING)
    assert "messages('" in made.headers["location"]
    found = await graph.get(made.headers["location"], headers=LASTING)
    assert (found.status_code, found.json()["id"]) == (200, made.json()["id"])
