"""Langfuse's Python SDK: a tree with a generation, an event, an error, and everything that is said of the trace."""

import os

from langfuse import Langfuse, observe, propagate_attributes

langfuse = Langfuse(base_url=os.environ["TRACED_URL"], environment="staging")


@observe(as_type="tool")
def broken():
    raise ValueError("no such city")


@observe()
def application(question):
    with langfuse.start_as_current_observation(
        name="answer", as_type="generation", model="gpt-4o-mini", model_parameters={"temperature": 0.5},
        input=[{"role": "user", "content": question}], metadata={"text": "123", "number": 123, "nested": {"a": [1]}},
    ) as generation:
        generation.update(
            output={"role": "assistant", "content": "Hello 世界"}, cost_details={"input": 0.001, "output": 0.002},
            usage_details={"input": 600, "output": 200, "input_cached_tokens": 400},
        )
    langfuse.create_event(name="noticed", level="WARNING", status_message="look here")
    try:
        broken()
    except ValueError:
        pass
    return "done"


with propagate_attributes(
    user_id=os.environ["TRACED_USER"], session_id="session-1", tags=["a", "b"], trace_name="question", metadata={"customer": "acme"}, version="v7"
):
    application("Hi")
langfuse.flush()
