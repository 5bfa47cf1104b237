"""What every vendor's server tells, so that a test may expect the same of each: a text, a call of a tool where tools were
offered and have no result yet, JSON where a schema was asked for, thoughts where they were asked for."""

import re

import provider as openai_provider

KEY = "provider-key"
REGION, ACCESS_KEY = "eu-central-1", ("AKIAOFTHETESTS", "the secret of the tests")
ANSWER = openai_provider.ANSWER
CITY = {"city": "Tokyo"}
JSON = '{"city": "Tokyo", "degrees": 21}'
THOUGHT = "Let me see."
SIGNATURE = "c2lnbmF0dXJl"
TOOL_ID = "call_1"
VECTORS = [[0.5, -1.25, 2.0], [0.0, 1.0, -0.5]]
# 600 tokens of input that are not cached and 400 that are; 200 of output.
INPUT, CACHED, OUTPUT, REASONING = 1000, 400, 200, 50
COUNTED = 42


def in_two(text):
    """Pieces of a stream."""
    return [text[:4], text[4:]]


def failure(model):
    """The status that this model is answered with, or none."""
    found = re.search(r"fails-(\d+)", model)
    return int(found[1]) if found else None
