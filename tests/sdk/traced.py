"""Small traces to read back, made by Langfuse's SDK of either generation."""

import uuid

from langfuse import propagate_attributes


def trace(langfuse, name="question", user=None, session=None, tags=(), **generation):
    """A root with one generation below it; returns the ids of the trace and of both."""
    with propagate_attributes(user_id=user, session_id=session, tags=list(tags), trace_name=name):
        with langfuse.start_as_current_observation(name="root", input="Hi", output="Hello") as root:
            with langfuse.start_as_current_observation(
                name="call", as_type="generation", model="gpt-4o-mini",
                usage_details={"input": 1000, "output": 200}, **generation,
            ) as call:
                pass
    langfuse.flush()
    return root.trace_id, root.id, call.id


def fresh(what):
    """A name that no other test uses."""
    return f"{what}-{uuid.uuid4().hex}"
