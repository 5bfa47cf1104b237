"""OpenAI's API: chat completions, responses and what is kept of them, embeddings."""

import base64
import json
import struct

import openai.types

from vendors import shapes, story

MODEL = "gpt-4o-mini-2024-07-18"
KEPT = "resp_1"
CHAT_USAGE = {
    "prompt_tokens": story.INPUT, "completion_tokens": story.OUTPUT, "total_tokens": story.INPUT + story.OUTPUT,
    "prompt_tokens_details": {"cached_tokens": story.CACHED},
    "completion_tokens_details": {"reasoning_tokens": story.REASONING},
}
USAGE = {
    "input_tokens": story.INPUT, "input_tokens_details": {"cached_tokens": story.CACHED, "cache_write_tokens": 0},
    "output_tokens": story.OUTPUT, "output_tokens_details": {"reasoning_tokens": story.REASONING},
    "total_tokens": story.INPUT + story.OUTPUT,
}


def fail(handler, status, message):
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": None}
    handler.answer(status, {"error": error}, {"retry-after": "7"} if status == 429 else {})


def checked(handler, dialect, body):
    """Whether the request is one; what is wrong with it is answered."""
    if (status := story.failure(body["model"])) is not None:
        fail(handler, status, "as asked")
        return False
    try:
        shapes.check(dialect, "request", body)
    except ValueError as error:
        fail(handler, 400, str(error))
        return False
    return True


def complete(handler, body):
    if not checked(handler, "openai_chat", body):
        return
    calls = body.get("tools") and '"tool"' not in json.dumps(body["messages"])
    schema = body.get("response_format", {}).get("type") == "json_schema"
    text = story.JSON if schema else story.ANSWER
    call = {"id": story.TOOL_ID, "type": "function",
            "function": {"name": "weather", "arguments": json.dumps(story.CITY)}}
    stop = "tool_calls" if calls else "stop"
    if not body.get("stream"):
        said = {"content": None, "tool_calls": [call]} if calls else {"content": text}
        whole = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1700000000, "model": MODEL, "usage": CHAT_USAGE,
                 "choices": [{"index": 0, "message": {"role": "assistant", "refusal": None, **said}, "logprobs": None,
                              "finish_reason": stop}]}
        shapes.check("openai_chat", "answer", whole)
        return handler.answer(200, whole)
    if calls:
        first = {"index": 0, **call, "function": {"name": "weather", "arguments": ""}}
        deltas = [{"tool_calls": [first]}, *({"tool_calls": [{"index": 0, "function": {"arguments": part}}]}
                                             for part in story.in_two(json.dumps(story.CITY)))]
    else:
        deltas = [{"content": part} for part in story.in_two(text)]
    chunks = [([{"index": 0, "delta": {"role": "assistant"}, "finish_reason": None}], None)]
    chunks += [([{"index": 0, "delta": delta, "finish_reason": None}], None) for delta in deltas]
    chunks += [([{"index": 0, "delta": {}, "finish_reason": stop}], None)]
    if body.get("stream_options", {}).get("include_usage"):
        chunks += [([], CHAT_USAGE)]
    handler.begin_stream()
    for choices, usage in chunks:
        chunk = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1700000000, "model": MODEL,
                 "choices": choices, "usage": usage}
        shapes.check("openai_chat", "event", chunk)
        handler.send(chunk)
    handler.frame(b"data: [DONE]\n\n")
    handler.frame(b"")


def respond(handler, body):
    if not checked(handler, "openai_responses", body):
        return
    calls = body.get("tools") and '"function_call_output"' not in json.dumps(body["input"])
    schema = body.get("text", {}).get("format", {}).get("type") == "json_schema"
    item = tool_call() if calls else said(story.JSON if schema else story.ANSWER)
    if not body.get("stream"):
        shapes.check("openai_responses", "answer", response("completed", [item]))
        return handler.answer(200, response("completed", [item]))
    handler.begin_stream()
    for number, event in enumerate(events(item)):
        event["sequence_number"] = number
        shapes.check("openai_responses", "event", event)
        handler.frame(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())
    handler.frame(b"")


def tool_call():
    return {"type": "function_call", "id": "fc_1", "call_id": story.TOOL_ID, "name": "weather",
            "arguments": json.dumps(story.CITY), "status": "completed"}


def said(text):
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    return {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant", "content": [part]}


def response(status, output):
    return {
        "id": KEPT, "object": "response", "created_at": 1700000000, "status": status, "error": None, "model": MODEL,
        "incomplete_details": None, "instructions": None, "output": output, "parallel_tool_calls": True,
        "temperature": 1.0, "tool_choice": "auto", "tools": [], "top_p": 1.0, "metadata": {},
        "usage": USAGE if status == "completed" else None,
    }


def events(item):
    yield {"type": "response.created", "response": response("in_progress", [])}
    where = {"item_id": item["id"], "output_index": 0}
    if item["type"] == "function_call":
        begun = {**item, "arguments": "", "status": "in_progress"}
        yield {"type": "response.output_item.added", "output_index": 0, "item": begun}
        for part in story.in_two(item["arguments"]):
            yield {"type": "response.function_call_arguments.delta", **where, "delta": part}
        yield {"type": "response.function_call_arguments.done", **where, "name": item["name"],
               "arguments": item["arguments"]}
    else:
        begun = {**item, "content": [], "status": "in_progress"}
        yield {"type": "response.output_item.added", "output_index": 0, "item": begun}
        [part], where = item["content"], {**where, "content_index": 0}
        yield {"type": "response.content_part.added", **where, "part": {**part, "text": ""}}
        for text in story.in_two(part["text"]):
            yield {"type": "response.output_text.delta", **where, "delta": text, "logprobs": []}
        yield {"type": "response.output_text.done", **where, "text": part["text"], "logprobs": []}
        yield {"type": "response.content_part.done", **where, "part": part}
    yield {"type": "response.output_item.done", "output_index": 0, "item": item}
    yield {"type": "response.completed", "response": response("completed", [item])}


def stored(handler, path):
    if path.endswith("/input_items"):
        item = {"type": "message", "id": "msg_0", "role": "user", "status": "completed",
                "content": [{"type": "input_text", "text": "Hi"}]}
        return handler.answer(200, {"object": "list", "data": [item], "first_id": "msg_0", "last_id": "msg_0",
                                    "has_more": False})
    if path.endswith(KEPT):
        return handler.answer(200, response("completed", [said(story.ANSWER)]))
    fail(handler, 404, "there is no such response")


def deleted(handler):
    handler.answer(200, {"id": KEPT, "object": "response", "deleted": True})


def embed(handler, body):
    try:
        shapes.adapter(openai.types.EmbeddingCreateParams).validate_json(json.dumps(body))
    except ValueError as error:
        return fail(handler, 400, str(error))
    inputs = body["input"] if isinstance(body["input"], list) else [body["input"]]
    vectors = story.VECTORS[:len(inputs)]
    if body.get("encoding_format") == "base64":
        vectors = [base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode() for vector in vectors]
    handler.answer(200, {
        "object": "list", "model": body["model"], "usage": {"prompt_tokens": 8, "total_tokens": 8},
        "data": [{"object": "embedding", "index": index, "embedding": vector} for index, vector in enumerate(vectors)],
    })
