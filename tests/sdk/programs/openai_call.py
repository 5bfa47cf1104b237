"""One call of OpenAI's SDK, under the instrumentation that the first argument names."""

import os
import sys

import openai
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

provider = TracerProvider(resource=Resource.create({"service.name": "shop", "deployment.environment.name": "staging"}))
exporter = OTLPSpanExporter(endpoint=os.environ["TRACED_URL"] + "/v1/traces", compression=Compression.Gzip)
provider.add_span_processor(BatchSpanProcessor(exporter))
if sys.argv[1] == "openinference":
    from openinference.instrumentation.openai import OpenAIInstrumentor
else:
    from opentelemetry.instrumentation.openai_v2 import OpenAIInstrumentor
OpenAIInstrumentor().instrument(tracer_provider=provider)
client = openai.OpenAI(base_url=os.environ["TRACED_URL"] + "/v1", api_key=os.environ["LANGFUSE_SECRET_KEY"])
with provider.get_tracer("shop").start_as_current_span("checkout", attributes={"enduser.id": os.environ["TRACED_USER"]}):
    client.chat.completions.create(
        model="gpt-4o-mini", temperature=0.5, max_tokens=100,
        messages=[{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}],
    )
provider.shutdown()
