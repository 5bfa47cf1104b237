"""Gemini's API: contents, whole and streamed, embeddings, models."""

import json

from google.genai import types

from vendors import shapes, story

MODEL = "gemini-2.5-flash"
STATUSES = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
            429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE"}
USAGE = {
    "promptTokenCount": story.INPUT, "cachedContentTokenCount": story.CACHED,
    "candidatesTokenCount": story.OUTPUT - story.REASONING, "thoughtsTokenCount": story.REASONING,
    "totalTokenCount": story.INPUT + story.OUTPUT,
}
MODELS = {"models": [{"name": f"models/{MODEL}", "displayName": "Gemini 2.5 Flash", "version": "001"}]}


def answer(handler, body, model, method, _):
    if (status := story.failure(model)) is not None:
        return fail(handler, status, "as asked")
    if handler.headers["x-goog-api-key"] != story.KEY:
        return fail(handler, 401, "no key")
    try:
        METHODS[method](handler, body)
    except ValueError as error:
        fail(handler, 400, str(error))


def fail(handler, status, message):
    handler.answer(status, {"error": {"code": status, "message": message, "status": STATUSES[status]}})


def generate(handler, body):
    shapes.check("gemini", "request", body)
    whole = response(parts(body))
    shapes.check("gemini", "answer", whole)
    handler.answer(200, whole)


def stream(handler, body):
    shapes.check("gemini", "request", body)
    handler.begin_stream()
    pieces = [piece for part in parts(body) for piece in split(part)]
    for number, piece in enumerate(pieces, 1):
        event = response([piece], is_last=number == len(pieces))
        shapes.check("gemini", "event", event)
        handler.frame(f"data: {json.dumps(event)}\r\n\r\n".encode())
    handler.frame(b"")


def parts(body):
    if body.get("tools") and "functionResponse" not in json.dumps(body["contents"]):
        name = body["tools"][0]["functionDeclarations"][0]["name"]
        return [{"functionCall": {"id": story.TOOL_ID, "name": name, "args": story.CITY}}]
    config = body.get("generationConfig", {})
    thinks = config.get("thinkingConfig", {}).get("includeThoughts")
    thoughts = [{"text": story.THOUGHT, "thought": True}] if thinks else []
    is_json = config.get("responseMimeType") == "application/json"
    return [*thoughts, {"text": story.JSON if is_json else story.ANSWER}]


def split(part):
    if "text" not in part:
        return [part]
    return [{**part, "text": text} for text in story.in_two(part["text"])]


def response(parts, is_last=True):
    candidate = {"content": {"role": "model", "parts": parts}, "index": 0}
    if is_last:
        candidate["finishReason"] = "STOP"
    return {"candidates": [candidate], "usageMetadata": USAGE, "modelVersion": MODEL, "responseId": "response-1"}


def embed(handler, body):
    for request in body["requests"]:
        types.Content.model_validate(request["content"])
    vectors = story.VECTORS[:len(body["requests"])]
    handler.answer(200, {"embeddings": [{"values": vector} for vector in vectors]})


METHODS = {"generateContent": generate, "streamGenerateContent": stream, "batchEmbedContents": embed}
