// OpenAI's JavaScript SDK through the gateway, unmodified, and what @langfuse/client reads of it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { LangfuseClient } from "@langfuse/client";
import OpenAI from "openai";

const openai = new OpenAI({
  baseURL: `${process.env.KANAME_URL}/v1`,
  apiKey: process.env.KANAME_SECRET_KEY,
  maxRetries: 0,
});
const langfuse = new LangfuseClient({
  baseUrl: process.env.KANAME_URL,
  publicKey: process.env.KANAME_PUBLIC_KEY,
  secretKey: process.env.KANAME_SECRET_KEY,
});

const ANSWER = "Hello 世界!";
const messages = [{ role: "user", content: "Hi" }];

test("a stream reaches its end, and its trace is read back", async () => {
  const { data: stream, response } = await openai.chat.completions
    .create({ model: "gpt-4o-mini", messages, stream: true, metadata: { langfuse_prompt_name: "p", langfuse_prompt_version: "2" } })
    .withResponse();
  let text = "";
  for await (const chunk of stream) text += chunk.choices[0].delta.content ?? "";
  assert.equal(text, ANSWER);

  const traceId = response.headers.get("x-kaname-trace-id");
  const trace = await langfuse.api.trace.get(traceId);
  assert.deepEqual(trace.input, messages);
  assert.equal(trace.output.content, ANSWER);
  assert.equal(trace.totalCost, 0.00024);

  const { data, meta } = await langfuse.api.observations.getMany({ traceId, fields: "core,basic,model,usage,prompt" });
  assert.equal(meta.cursor, undefined);
  const [observation] = data;
  assert.deepEqual([observation.promptName, observation.promptVersion, observation.type], ["p", 2, "GENERATION"]);
  assert.equal(observation.model, "gpt-4o-mini-2024-07-18");
  assert.equal(observation.usageDetails.total, 1200);
});

test("a whole answer, the list of models and an error are what the SDK expects", async () => {
  const answer = await openai.chat.completions.create({ model: "gpt-4o-mini", messages });
  assert.equal(answer.choices[0].message.content, ANSWER);
  assert.deepEqual(answer.a_new_field, { kept: true });
  const models = await openai.models.list();
  assert.deepEqual(models.data.map((model) => model.id), ["gpt-4o-mini", "o3"]);
  await assert.rejects(openai.chat.completions.create({ model: "failing", messages }), OpenAI.InternalServerError);
});
