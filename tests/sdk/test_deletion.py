"""Traces deleted by Langfuse's SDK, of both generations."""

import traced


def observations(langfuse, trace_id):
    return langfuse.api.observations.get_many(trace_id=trace_id).data


def test_one_and_many_are_deleted(langfuse):
    first, second, third, kept = (traced.trace(langfuse)[0] for _ in range(4))
    assert len(observations(langfuse, first)) == 2
    assert langfuse.api.trace.delete(first).message
    assert langfuse.api.trace.delete_multiple(trace_ids=[second, third, "not-there"]).message
    for gone in (first, second, third):
        assert observations(langfuse, gone) == []
    assert len(observations(langfuse, kept)) == 2
