"""Comments as both generations of Langfuse's SDK write and read them."""

import pytest
from langfuse.api.core import ApiError

import traced


def test_comments_on_what_was_traced_are_listed_and_go_with_it(langfuse):
    [project] = langfuse.api.projects.get().data
    session = traced.fresh("session")
    trace_id, root, _ = traced.trace(langfuse, session=session)
    comments = langfuse.api.comments
    made = {
        kind: comments.create(
            project_id=project.id, object_type=kind, object_id=object_id, content=f"見て: {kind}", author_user_id="someone",
        ).id
        for kind, object_id in [("TRACE", trace_id), ("OBSERVATION", root), ("SESSION", session)]
    }
    found = comments.get_by_id(made["OBSERVATION"])
    assert (found.object_id, found.content, found.author_user_id) == (root, "見て: OBSERVATION", "someone")
    [listed] = comments.get(object_type="TRACE", object_id=trace_id).data
    assert (listed.id, listed.object_type) == (made["TRACE"], "TRACE")

    langfuse.api.trace.delete(trace_id)
    assert comments.get(object_type="TRACE", object_id=trace_id).meta.total_items == 0
    with pytest.raises(ApiError) as missing:
        comments.get_by_id(made["OBSERVATION"])
    assert missing.value.status_code == 404
    assert comments.get_by_id(made["SESSION"]).object_id == session
    with pytest.raises(ApiError) as nothing:
        comments.create(project_id=project.id, object_type="TRACE", object_id=trace_id, content="late")
    assert nothing.value.status_code == 404
