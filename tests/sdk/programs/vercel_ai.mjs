// Vercel's AI SDK with a model that answers from here: a text with a tool, streamed and not.
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { generateText, stepCountIs, tool } from "ai";
import { MockLanguageModelV3 } from "ai/test";
import { z } from "zod";

const exporter = new OTLPTraceExporter({ url: `${process.env.TRACED_URL}/v1/traces` });
const provider = new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] });
provider.register();
const usage = {
  inputTokens: { total: 1000, noCache: 600, cacheRead: 400, cacheWrite: 0 },
  outputTokens: { total: 200, text: 150, reasoning: 50 },
};
const call = { type: "tool-call", toolCallId: "call-1", toolName: "weather", input: '{"city":"Tokyo"}' };
const answers = [
  { content: [{ type: "text", text: "Let me look." }, call], finishReason: { unified: "tool-calls" }, usage, warnings: [] },
  { content: [{ type: "text", text: "Sunny 世界" }], finishReason: { unified: "stop" }, usage, warnings: [] },
];
const model = new MockLanguageModelV3({ modelId: "gpt-4o-mini", provider: "openai", doGenerate: async () => answers.shift() });
const weather = tool({ inputSchema: z.object({ city: z.string() }), execute: async () => ({ sky: "clear" }) });
await generateText({
  model, prompt: "What is the weather in Tokyo?", tools: { weather }, stopWhen: stepCountIs(3), temperature: 0.5,
  experimental_telemetry: {
    isEnabled: true, functionId: "forecast", metadata: { userId: process.env.TRACED_USER, sessionId: "session-1", tags: ["a", "b"], customer: "acme" },
  },
});
await provider.forceFlush();
await provider.shutdown();
