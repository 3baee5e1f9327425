"""The MQTT contract as AsyncAPI 3, from the models: what integrators read and CI compares."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from posedge.model.messages import Ack, Command, Desired, HqStatus, Reported, Result, Status, Sync
from posedge.model.topics import BoxTopics, Fleet

VERSION = "1.0.0"
CLOUD_EVENTS = "application/cloudevents+json"


@dataclass(frozen=True, slots=True)
class Channel:
    """One topic, seen from the box. `expiry_s` None: never expires."""

    name: str
    address: str
    action: Literal["send", "receive"]
    payload: type[BaseModel] | None
    retain: bool = False
    expiry_s: int | None = None


BOX = BoxTopics("tenant", "store", "box")
"""Stands for every box: `_channel` puts braces around its names."""

NAMES = ("tenant", "store", "box", "noun", "name", "verb", "requester")

CHANNELS = (
    Channel("event", BOX.event("noun"), "send", None),
    Channel("sync", BOX.sync, "send", Sync, expiry_s=60),
    Channel("ack", BOX.ack, "receive", Ack, expiry_s=600),
    Channel("status", BOX.status, "send", Status, retain=True),
    Channel("reported", BOX.state("name"), "send", Reported, retain=True),
    Channel("desired", BOX.desired("name"), "receive", Desired, retain=True),
    Channel("command", BOX.command("verb"), "receive", Command, expiry_s=60),
    Channel("result", BOX.result("requester"), "send", Result),
    Channel("headquarters", Fleet("tenant").headquarters, "receive", HqStatus, retain=True),
)

ENTRY: Mapping[str, Any] = {
    "type": "object",
    "description": "A journal entry: a CloudEvent, byte for byte what `hash` was made over"
    " (RFC 8785, without `hash`). `prevhash` is the hash of the entry before.",
    "required": ["id", "type", "source", "time", "stream", "sequence", "prevhash", "hash", "data"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string", "format": "uuid"},
        "source": {"type": "string", "description": "/tenant/store/box"},
        "type": {"type": "string", "pattern": r"^io\.posedge\.[a-z0-9-]+\.[a-z0-9_-]+\.v1$"},
        "subject": {"type": "string"},
        "time": {"type": "string", "format": "date-time"},
        "bootid": {"type": "string"},
        "monotonic": {"type": "string", "pattern": "^[0-9]+$", "description": "nanoseconds"},
        "clocktrusted": {"type": "boolean"},
        "stream": {"type": "string", "pattern": "^[0-9a-f]{16}$"},
        "sequence": {"type": "string", "pattern": "^[0-9]+$"},
        "prevhash": {"type": "string"},
        "hash": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        "data": {"type": "object"},
    },
}


def document() -> dict[str, Any]:
    """Return the document."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "posedge box and headquarters over MQTT 5",
            "version": VERSION,
            "description": "Seen from one box: send is what the box publishes.",
        },
        "defaultContentType": "application/json",
        "channels": {each.name: _channel(each) for each in CHANNELS},
        "operations": {each.name: _operation(each) for each in CHANNELS},
        "components": {"messages": {each.name: _message(each) for each in CHANNELS}},
    }


def _channel(channel: Channel) -> dict[str, Any]:
    levels = channel.address.split("/")
    return {
        "address": "/".join(f"{{{each}}}" if each in NAMES else each for each in levels),
        "parameters": {each: {} for each in levels if each in NAMES},
        "messages": {channel.name: {"$ref": f"#/components/messages/{channel.name}"}},
    }


def _operation(channel: Channel) -> dict[str, Any]:
    mqtt: dict[str, Any] = {"qos": 1, "retain": channel.retain, "bindingVersion": "0.2.0"}
    if channel.expiry_s is not None:
        mqtt["messageExpiryInterval"] = channel.expiry_s
    operation: dict[str, Any] = {
        "action": channel.action,
        "channel": {"$ref": f"#/channels/{channel.name}"},
        "bindings": {"mqtt": mqtt},
    }
    if channel.name == "command":
        operation["reply"] = {
            "address": {"location": "$message.header#/response_topic"},
            "channel": {"$ref": "#/channels/result"},
        }
    return operation


def _message(channel: Channel) -> dict[str, Any]:
    if channel.payload is None:
        return {"contentType": CLOUD_EVENTS, "payload": dict(ENTRY)}
    prefix = f"#/components/messages/{channel.name}/payload/$defs/{{model}}"
    return {"payload": channel.payload.model_json_schema(ref_template=prefix)}
