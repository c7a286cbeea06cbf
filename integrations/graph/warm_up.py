"""What the SDK's models cost, paid before work begins: their first use blocks the event loop, for a second or two.

And one thing of theirs done in another way: `Entity`, the root of what is read, imports all of its 1,200 kinds, twice,
for each object that is read (msgraph-sdk 1.65, entity.py). That takes 2.5 ms, four fifths of reading an event, and none
of them is needed to read two fields.
"""

from collections.abc import Callable
from typing import TypeVar

from kiota_abstractions.serialization import Parsable, ParsableFactory, ParseNode
from kiota_serialization_json.json_parse_node_factory import JsonParseNodeFactory
from kiota_serialization_json.json_serialization_writer_factory import JsonSerializationWriterFactory
from msgraph.generated.models.entity import Entity
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
    Entity.get_field_deserializers = fields_of_an_entity  # type: ignore[assignment, method-assign]
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


def fields_of_an_entity(entity: Entity) -> dict[str, Callable[[ParseNode], None]]:
    """What `Entity.get_field_deserializers` says; a test compares them."""
    return {
        "id": lambda node: setattr(entity, "id", node.get_str_value()),
        "@odata.type": lambda node: setattr(entity, "odata_type", node.get_str_value()),
    }
