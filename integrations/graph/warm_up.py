"""Loading the SDK's models before work begins: their first use blocks the event loop, for a second or two."""

from typing import TypeVar

from kiota_abstractions.serialization import Parsable, ParsableFactory
from kiota_serialization_json.json_parse_node_factory import JsonParseNodeFactory
from kiota_serialization_json.json_serialization_writer_factory import JsonSerializationWriterFactory
from msgraph.generated.models.event import Event
from msgraph.generated.models.mailbox_settings import MailboxSettings
from msgraph.generated.models.message import Message
from msgraph.generated.models.schedule_information import ScheduleInformation
from msgraph.generated.models.subscription import Subscription
from msgraph.generated.models.user import User

JSON = "application/json"

Model = TypeVar("Model", bound=Parsable)


def warm_up() -> None:
    """Write and read each model that we use, once. Blocks; call it before the worker polls."""
    _round_trip(Event(), Event)
    _round_trip(Message(), Message)
    _round_trip(User(), User)
    _round_trip(MailboxSettings(), MailboxSettings)
    _round_trip(ScheduleInformation(), ScheduleInformation)
    _round_trip(Subscription(), Subscription)


def _round_trip(model: Model, factory: ParsableFactory[Model]) -> Model | None:
    writer = JsonSerializationWriterFactory().get_serialization_writer(JSON)
    writer.write_object_value(None, model)
    node = JsonParseNodeFactory().get_root_parse_node(JSON, writer.get_serialized_content())
    return node.get_object_value(factory)
