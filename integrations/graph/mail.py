"""Letters in Exchange: drafts that carry a key, sent, and looked up again to know whether they went."""

from dataclasses import dataclass
from datetime import UTC, datetime

from kiota_abstractions.method import Method
from kiota_abstractions.request_information import RequestInformation
from msgraph.generated.models.message import Message
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.single_value_legacy_extended_property import SingleValueLegacyExtendedProperty
from msgraph.generated.users.item.messages.item.message_item_request_builder import MessageItemRequestBuilder
from msgraph.generated.users.item.messages.messages_request_builder import MessagesRequestBuilder

from integrations.graph.client import PREFERENCES, Graph, asking
from integrations.graph.errors import BadRequest, Gone, Transient
from integrations.graph.keys import ITEMS, KEY, has_key
from integrations.graph.mime import as_mime, message_id

FIELDS = ["id", "isDraft", "sentDateTime"]

WRITE = "Mail.ReadWrite"
SEND = "Mail.Send"


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A letter to draft. `key` finds it again; `item_keys` name everything that was merged into it."""

    key: str
    item_keys: tuple[str, ...]
    to_mail: str
    to_name: str
    subject: str
    html: str
    text: str


@dataclass(frozen=True, slots=True)
class MessageFacts:
    """A letter as the sender's mailbox has it; `sent_at` (UTC) is None while it is a draft."""

    graph_id: str
    is_draft: bool
    sent_at: datetime | None


class Mail:
    """Every call raises GraphTrouble; what is gone is None or False. Ids stay when a draft is sent."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    async def create_draft(self, sender: str, new: NewMessage, begun: bool = False) -> str:
        """Put the letter into the sender's drafts, unsent. Twice gives two: look the key up first.

        MIME carries both alternatives but no extended properties, so these are written second. A draft between the
        two steps has no key, and is never sent so; if a try has `begun` it may be there, and is found by its
        Message-ID. Should Exchange not keep that, a draft lies about, and the letter still leaves once.
        """
        graph_id = await self._begun_draft(sender, new.key) if begun else None
        if graph_id is None:
            graph_id = await self._post_mime(sender, new)
        keys = Message(
            single_value_extended_properties=[
                SingleValueLegacyExtendedProperty(id=KEY, value=new.key),
                SingleValueLegacyExtendedProperty(id=ITEMS, value=" ".join(new.item_keys)),
            ],
        )
        try:
            async with self._graph.words("put its key on a letter", WRITE, sender):
                await self._message(sender, graph_id).patch(keys, asking())
        except Gone as error:
            raise Transient("draft a letter", "somebody deleted its draft; another will be made.") from error
        return graph_id

    async def _post_mime(self, sender: str, new: NewMessage) -> str:
        """The SDK's own method takes JSON only, so the request is put together here."""
        request = RequestInformation(Method.POST, "{+baseurl}/users/{user%2Did}/messages", {"user%2Did": sender})
        request.headers.try_add("Accept", "application/json")
        request.headers.try_add("Prefer", PREFERENCES)
        mime = as_mime(new.key, sender, new.to_mail, new.to_name, new.subject, new.text, new.html)
        request.set_stream_content(mime, "text/plain")
        async with self._graph.words("draft a letter", WRITE, sender):
            draft = await self._graph.service.request_adapter.send_async(request, Message, {"XXX": ODataError})
        if draft is None or not draft.id:
            raise BadRequest("draft a letter", "Microsoft Graph answered without the draft.")
        return draft.id

    async def _begun_draft(self, sender: str, key: str) -> str | None:
        query = MessagesRequestBuilder.MessagesRequestBuilderGetQueryParameters(
            filter=f"internetMessageId eq '{message_id(key, sender)}'", select=FIELDS, top=10
        )
        async with self._graph.words("look for a draft that was begun", WRITE, sender):
            page = await self._graph.service.users.by_user_id(sender).messages.get(asking(query))
        return next((each.id for each in (page and page.value) or () if each.is_draft), None)

    async def find_by_key(self, sender: str, key: str) -> MessageFacts | None:
        """The letter with our key in any folder; one that was sent before one that was not."""
        query = MessagesRequestBuilder.MessagesRequestBuilderGetQueryParameters(
            filter=has_key(key), select=FIELDS, top=10
        )
        async with self._graph.words("look a letter up by its key", WRITE, sender):
            page = await self._graph.service.users.by_user_id(sender).messages.get(asking(query))
        found = sorted((page and page.value) or (), key=lambda message: bool(message.is_draft))
        return _facts(found[0]) if found else None

    async def get(self, sender: str, graph_id: str) -> MessageFacts | None:
        """The letter as it is now; None when it is gone."""
        query = MessageItemRequestBuilder.MessageItemRequestBuilderGetQueryParameters(select=FIELDS)
        try:
            async with self._graph.words("read whether a letter went", WRITE, sender):
                message = await self._message(sender, graph_id).get(asking(query))
        except Gone:
            return None
        return _facts(message) if message else None

    async def send(self, sender: str, graph_id: str) -> bool:
        """Send the draft; False when it is gone. Accepted is not yet moved: read it again to know."""
        try:
            async with self._graph.words("send a letter", SEND, sender):
                await self._message(sender, graph_id).send.post(asking())
        except Gone:
            return False
        return True

    async def delete(self, sender: str, graph_id: str) -> None:
        """Move the letter to the sender's Deleted Items, if it is still there; its id stays."""
        try:
            async with self._graph.words("delete a letter", WRITE, sender):
                await self._message(sender, graph_id).delete(asking())
        except Gone:
            return

    def _message(self, sender: str, graph_id: str) -> MessageItemRequestBuilder:
        return self._graph.service.users.by_user_id(sender).messages.by_message_id(graph_id)


def _facts(message: Message) -> MessageFacts:
    if not message.id:
        raise BadRequest("read a letter", "Microsoft Graph answered without its id.")
    draft = bool(message.is_draft)
    sent = message.sent_date_time
    # Exchange gives a draft a sent time too: that of its making.
    return MessageFacts(message.id, draft, sent.astimezone(UTC) if sent and not draft else None)
