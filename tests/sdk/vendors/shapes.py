"""What each dialect's requests, answers and events must look like, as its vendor's SDK says: `check` raises `ValueError`
otherwise."""

import base64
import copy
import functools
import json

import botocore.parsers
import botocore.session
import botocore.validate
import pydantic
from anthropic.types import Message, RawMessageStreamEvent
from anthropic.types.message_create_params import MessageCreateParams
from google.genai import types as gemini
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.chat.completion_create_params import CompletionCreateParams
from openai.types.responses import Response, ResponseStreamEvent
from openai.types.responses.response_create_params import ResponseCreateParams

# By dialect and by what of it: the type that the SDK has for it.
TYPES = {
    ("openai_chat", "request"): CompletionCreateParams,
    ("openai_chat", "answer"): ChatCompletion,
    ("openai_chat", "event"): ChatCompletionChunk,
    ("openai_responses", "request"): ResponseCreateParams,
    ("openai_responses", "answer"): Response,
    ("openai_responses", "event"): ResponseStreamEvent,
    ("anthropic", "request"): MessageCreateParams,
    ("anthropic", "answer"): Message,
    ("anthropic", "event"): RawMessageStreamEvent,
    ("gemini", "answer"): gemini.GenerateContentResponse,
    ("gemini", "event"): gemini.GenerateContentResponse,
}
# A request of Gemini's is an argument of the SDK's for each of its fields.
GEMINI_REQUEST = {
    "contents": list[gemini.Content],
    "systemInstruction": gemini.Content,
    "tools": list[gemini.Tool],
    "toolConfig": gemini.ToolConfig,
    "safetySettings": list[gemini.SafetySetting],
    "generationConfig": gemini.GenerationConfig,
    "serviceTier": gemini.ServiceTier,
}


@functools.cache
def adapter(of):
    return pydantic.TypeAdapter(of)


def check(dialect, part, value):
    if dialect == "bedrock":
        check_bedrock(part, value)
    elif (dialect, part) == ("gemini", "request"):
        if unknown := value.keys() - GEMINI_REQUEST.keys():
            raise ValueError(f"Gemini's requests have no {unknown}")
        for field, content in value.items():
            adapter(GEMINI_REQUEST[field]).validate_python(content)
    else:
        # As JSON, since a list of iterables is only looked at when it is used.
        adapter(TYPES[dialect, part]).validate_json(json.dumps(value), by_alias=True)


@functools.cache
def operation(name):
    return botocore.session.get_session().get_service_model("bedrock-runtime").operation_model(name)


def bedrock_shape(part):
    if part == "request":
        return operation("Converse").input_shape
    if part == "answer":
        return operation("Converse").output_shape
    return operation("ConverseStream").output_shape.members["stream"]


def check_bedrock(part, value):
    """botocore's own validation, which knows every field; then, of what is read, botocore's own parser."""
    shape = bedrock_shape(part)
    native = from_wire(shape, value)
    if part == "request":
        native = {"modelId": "any", **native}
    validate(native, shape)
    if part == "answer":
        response = {"status_code": 200, "headers": {}, "body": json.dumps(value).encode()}
        parsed = botocore.parsers.create_parser("rest-json").parse(response, shape)
        del parsed["ResponseMetadata"]
        if parsed != native:
            raise ValueError(f"botocore reads {parsed}")


def validate(native, shape):
    report = botocore.validate.ParamValidator().validate(native, shape)
    if report.has_errors():
        raise ValueError(report.generate_report())


def from_wire(shape, value):
    """What a caller of botocore has where the wire has base64."""
    value = copy.copy(value)
    if shape.type_name == "structure" and not getattr(shape, "is_document_type", False) and isinstance(value, dict):
        return {name: from_wire(shape.members[name], item) if name in shape.members else item for name, item in value.items()}
    if shape.type_name == "list" and isinstance(value, list):
        return [from_wire(shape.member, item) for item in value]
    if shape.type_name == "blob" and isinstance(value, str):
        return base64.b64decode(value, validate=True)
    return value
