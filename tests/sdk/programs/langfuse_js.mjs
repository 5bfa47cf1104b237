// Langfuse's JavaScript SDK: the same tree as langfuse_python.py.
import { LangfuseSpanProcessor } from "@langfuse/otel";
import { propagateAttributes, startActiveObservation, startObservation } from "@langfuse/tracing";
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";

const processor = new LangfuseSpanProcessor({
  baseUrl: process.env.TRACED_URL, environment: "staging",
});
const provider = new NodeTracerProvider({ spanProcessors: [processor] });
provider.register();
await propagateAttributes(
  { userId: process.env.TRACED_USER, sessionId: "session-1", tags: ["a", "b"], traceName: "question", metadata: { customer: "acme" }, version: "v7" },
  () => startActiveObservation("application", async (root) => {
    root.update({ input: "Hi", output: "done" });
    const answer = startObservation("answer", {
      model: "gpt-4o-mini", modelParameters: { temperature: 0.5 }, input: [{ role: "user", content: "Hi" }],
      metadata: { text: "123", number: 123, nested: { a: [1] } },
      output: { role: "assistant", content: "Hello 世界" }, usageDetails: { input: 600, output: 200, input_cached_tokens: 400 },
      costDetails: { input: 0.001, output: 0.002 },
    }, { asType: "generation" });
    answer.end();
    startObservation("broken", { level: "ERROR", statusMessage: "no such city" }, { asType: "tool" }).end();
  }),
);
await provider.forceFlush();
await provider.shutdown();
