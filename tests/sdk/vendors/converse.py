"""Bedrock's API: Converse, whole and in AWS's event stream, with signatures that botocore makes again, and models."""

import binascii
import json
import struct
import urllib.parse

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.eventstream
import botocore.parsers

from vendors import shapes, story

MODEL = "anthropic.claude-sonnet-4-5-20250929-v1:0"
EXCEPTIONS = {400: "ValidationException", 403: "AccessDeniedException", 404: "ResourceNotFoundException",
              429: "ThrottlingException", 500: "InternalServerException", 503: "ServiceUnavailableException"}
USAGE = {
    "inputTokens": story.INPUT - story.CACHED, "cacheReadInputTokens": story.CACHED, "outputTokens": story.OUTPUT,
    "totalTokens": story.INPUT + story.OUTPUT,
}
MODELS = {"modelSummaries": [{"modelId": MODEL, "modelArn": f"arn:aws:bedrock:::foundation-model/{MODEL}"}]}
METRICS = {"latencyMs": 12}


def answer(handler, body, model, action):
    if (status := story.failure(urllib.parse.unquote(model))) is not None:
        return fail(handler, status, "as asked")
    if wrong := wrong_signature(handler):
        return fail(handler, 403, wrong)
    try:
        ACTIONS[action](handler, body)
    except ValueError as error:
        fail(handler, 400, str(error))


def fail(handler, status, message):
    handler.answer(status, {"message": message}, {"x-amzn-errortype": EXCEPTIONS[status]})


def wrong_signature(handler):
    """What AWS would refuse: botocore signs what came, and must come to the same signature."""
    told = handler.headers["authorization"]
    _, _, fields = told.partition(" ")
    fields = dict(field.strip().split("=", 1) for field in fields.split(","))
    signed = {name: handler.headers[name] for name in fields["SignedHeaders"].split(";")}
    request = botocore.awsrequest.AWSRequest("POST", f"http://{handler.headers['host']}{handler.path}", signed, handler.raw)
    request.context["timestamp"] = handler.headers["x-amz-date"]
    signer = botocore.auth.SigV4Auth(botocore.credentials.Credentials(*story.ACCESS_KEY), "bedrock", story.REGION)
    canonical = signer.canonical_request(request)
    expected = signer.signature(signer.string_to_sign(request, canonical), request)
    return None if fields["Signature"] == expected else f"the signature is not that of {canonical}"


def converse(handler, body):
    shapes.check("bedrock", "request", body)
    whole = {"output": {"message": {"role": "assistant", "content": content(body)}}, "stopReason": stop(body),
             "usage": USAGE, "metrics": METRICS}
    shapes.check("bedrock", "answer", whole)
    handler.answer(200, whole)


def stream(handler, body):
    shapes.check("bedrock", "request", body)
    handler.begin_stream("application/vnd.amazon.eventstream")
    shape = shapes.bedrock_shape("event")
    for event in events(body):
        shapes.check("bedrock", "event", event)
        [(name, data)] = event.items()
        frame = message({":event-type": name, ":content-type": "application/json", ":message-type": "event"},
                        json.dumps(data).encode())
        read_again(frame, shape, event)
        handler.frame(frame)
    handler.frame(b"")


def message(headers, payload):
    """A frame of AWS's event stream."""
    told = b"".join(struct.pack("!B", len(name)) + name.encode() + struct.pack("!BH", 7, len(value)) + value.encode()
                    for name, value in headers.items())
    prelude = struct.pack("!II", 16 + len(told) + len(payload), len(told))
    head = prelude + struct.pack("!I", binascii.crc32(prelude)) + told + payload
    return head + struct.pack("!I", binascii.crc32(head))


def read_again(frame, shape, event):
    """botocore must read what is sent as what was meant."""
    buffer = botocore.eventstream.EventStreamBuffer()
    buffer.add_data(frame)
    [message] = buffer
    parser = botocore.parsers.create_parser("rest-json")._event_stream_parser
    parsed = parser.parse(message.to_response_dict(), shape)
    assert {name: value for name, value in parsed.items() if name != "ResponseMetadata"} == event, parsed


def calls(body):
    return "toolConfig" in body and "toolResult" not in json.dumps(body["messages"])


def stop(body):
    return "tool_use" if calls(body) else "end_turn"


def content(body):
    if calls(body):
        [tool] = [tool["toolSpec"] for tool in body["toolConfig"]["tools"] if "toolSpec" in tool]
        return [{"toolUse": {"toolUseId": story.TOOL_ID, "name": tool["name"], "input": story.CITY}}]
    thinks = "thinking" in body.get("additionalModelRequestFields", {})
    thought = {"reasoningText": {"text": story.THOUGHT, "signature": story.SIGNATURE}}
    thoughts = [{"reasoningContent": thought}] if thinks else []
    schema = "outputConfig" in body or "output_config" in body.get("additionalModelRequestFields", {})
    return [*thoughts, {"text": story.JSON if schema else story.ANSWER}]


def events(body):
    yield {"messageStart": {"role": "assistant"}}
    for index, block in enumerate(content(body)):
        at = {"contentBlockIndex": index}
        if call := block.get("toolUse"):
            start = {"toolUseId": call["toolUseId"], "name": call["name"]}
            yield {"contentBlockStart": {**at, "start": {"toolUse": start}}}
            deltas = [{"toolUse": {"input": text}} for text in story.in_two(json.dumps(call["input"]))]
        elif thought := block.get("reasoningContent"):
            told = thought["reasoningText"]
            deltas = [{"reasoningContent": {field: told[field]}} for field in ("text", "signature")]
        else:
            deltas = [{"text": text} for text in story.in_two(block["text"])]
        for delta in deltas:
            yield {"contentBlockDelta": {**at, "delta": delta}}
        yield {"contentBlockStop": at}
    yield {"messageStop": {"stopReason": stop(body)}}
    yield {"metadata": {"usage": USAGE, "metrics": METRICS}}


def invoke(handler, body):
    """Titan's embeddings, one text a call; what is invoked has no shape in botocore."""
    handler.answer(200, {"embedding": story.VECTORS[0], "inputTextTokenCount": len(body["inputText"])})


ACTIONS = {"converse": converse, "converse-stream": stream, "invoke": invoke}
