"""Anthropic's API: messages, whole and streamed, their tokens, models."""

import json

import anthropic.types

from vendors import shapes, story

MODEL = "claude-sonnet-4-6"
ERRORS = {
    400: "invalid_request_error", 401: "authentication_error", 403: "permission_error", 404: "not_found_error",
    413: "request_too_large", 429: "rate_limit_error", 500: "api_error", 529: "overloaded_error",
}
USAGE = {
    "input_tokens": story.INPUT - story.CACHED,
    "cache_read_input_tokens": story.CACHED,
    "cache_creation_input_tokens": 0,
    "output_tokens": story.OUTPUT,
}
MODELS = {
    "data": [{"type": "model", "id": MODEL, "display_name": "Claude Sonnet 4.6", "created_at": "2026-02-17T00:00:00Z",
              "lifecycle": "active"}],
    "has_more": False, "first_id": MODEL, "last_id": MODEL,
}


def create(handler, body):
    if (status := story.failure(body["model"])) is not None:
        return fail(handler, status, "as asked")
    try:
        shapes.check("anthropic", "request", body)
        shapes.check("anthropic", "answer", message(content(body)))
    except ValueError as error:
        return fail(handler, 400, str(error))
    if handler.headers["x-api-key"] != story.KEY or not handler.headers["anthropic-version"]:
        return fail(handler, 401, "no key, or no version")
    if body.get("stream"):
        handler.begin_stream()
        for event in events(content(body)):
            shapes.check("anthropic", "event", event)
            handler.frame(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())
        return handler.frame(b"")
    handler.answer(200, message(content(body)))


def count_tokens(handler, body):
    try:
        shapes.adapter(anthropic.types.MessageCountTokensParams).validate_json(json.dumps(body))
    except ValueError as error:
        return fail(handler, 400, str(error))
    handler.answer(200, {"input_tokens": story.COUNTED})


def fail(handler, status, message):
    error = {"type": "error", "error": {"type": ERRORS[status], "message": message}, "request_id": "req_1"}
    handler.answer(status, error, {"retry-after": "7"} if status == 429 else {})


def content(body):
    """The blocks of the answer."""
    has_result = '"tool_result"' in json.dumps(body["messages"])
    if body.get("tools") and not has_result:
        return [{"type": "tool_use", "id": story.TOOL_ID, "name": body["tools"][0]["name"], "input": story.CITY}]
    thinks = body.get("thinking", {}).get("type") in ("enabled", "adaptive")
    thoughts = [{"type": "thinking", "thinking": story.THOUGHT, "signature": story.SIGNATURE}] if thinks else []
    schema = body.get("output_config", {}).get("format")
    return [*thoughts, {"type": "text", "text": story.JSON if schema else story.ANSWER, "citations": None}]


def message(blocks):
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": MODEL, "content": blocks,
        "stop_reason": "tool_use" if blocks[-1]["type"] == "tool_use" else "end_turn", "stop_sequence": None, "usage": USAGE,
    }


def events(blocks):
    whole = message(blocks)
    yield {"type": "message_start", "message": {
        **whole, "content": [], "stop_reason": None, "usage": {**USAGE, "output_tokens": 1}}}
    for index, block in enumerate(blocks):
        first, deltas = pieces(block)
        yield {"type": "content_block_start", "index": index, "content_block": first}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    yield {"type": "message_delta", "usage": USAGE,
           "delta": {"stop_reason": whole["stop_reason"], "stop_sequence": None}}
    yield {"type": "message_stop"}


def pieces(block):
    """What a block begins with, and how it grows."""
    if block["type"] == "text":
        return {**block, "text": ""}, [{"type": "text_delta", "text": text} for text in story.in_two(block["text"])]
    if block["type"] == "thinking":
        return {**block, "thinking": "", "signature": ""}, [
            {"type": "thinking_delta", "thinking": block["thinking"]},
            {"type": "signature_delta", "signature": block["signature"]}]
    return {**block, "input": {}}, [
        {"type": "input_json_delta", "partial_json": text} for text in story.in_two(json.dumps(block["input"]))]
