"""One call of LiteLLM with its `langfuse_otel` callback."""

import os
import time

url = os.environ["TRACED_URL"]
os.environ |= {"LANGFUSE_OTEL_HOST": url, "OTEL_BSP_SCHEDULE_DELAY": "100", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
import litellm  # reads its environment when it is imported

litellm.callbacks = ["langfuse_otel"]
litellm.completion(
    model="openai/gpt-4o-mini", api_base=url + "/v1", api_key=os.environ["LANGFUSE_SECRET_KEY"], messages=[{"role": "user", "content": "Hi"}],
    metadata={"trace_name": "question", "trace_user_id": os.environ["TRACED_USER"], "session_id": "session-1", "tags": ["a", "b"]},
)
time.sleep(2)  # its callbacks run on a thread that nothing waits for
