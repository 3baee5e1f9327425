"""Between our messages and the properties of MQTT 5 as paho keeps them."""

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from posedge.model.entry import MAX_ENTRY_BYTES
from posedge.mqtt.interface import Hello, Message

MAX_PACKET_BYTES = 2 * MAX_ENTRY_BYTES
"""Nothing that box and headquarters say is longer; the protocol would allow 256 MB, in memory."""


def message(found: aiomqtt.Message) -> Message:
    seen = found.properties
    return Message(
        topic=found.topic.value,
        payload=found.payload,
        qos=found.qos,
        retain=found.retain,
        expiry_s=getattr(seen, "MessageExpiryInterval", None),
        content_type=getattr(seen, "ContentType", None),
        response_topic=getattr(seen, "ResponseTopic", None),
        correlation=getattr(seen, "CorrelationData", None),
        user=tuple(getattr(seen, "UserProperty", ())),
    )


def properties(message: Message, packet: int = PacketTypes.PUBLISH) -> Properties:
    """Return what is set of a message; paho checks each name against the packet type."""
    made = Properties(packet)  # type: ignore[no-untyped-call]
    for name, value in (
        ("MessageExpiryInterval", message.expiry_s),
        ("ContentType", message.content_type),
        ("ResponseTopic", message.response_topic),
        ("CorrelationData", message.correlation),
        ("UserProperty", list(message.user) or None),
    ):
        if value is not None:
            setattr(made, name, value)
    return made


def will_properties(hello: Hello) -> Properties:
    made = properties(hello.will, PacketTypes.WILLMESSAGE)
    made.WillDelayInterval = hello.will_delay_s
    return made


def connect_properties(hello: Hello) -> Properties:
    made = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    made.SessionExpiryInterval = hello.session_expiry_s
    made.ReceiveMaximum = hello.receive_maximum
    made.MaximumPacketSize = MAX_PACKET_BYTES  # the broker drops what is longer
    return made
