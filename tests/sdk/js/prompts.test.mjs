// Prompts through @langfuse/client, unmodified: what it creates, promotes, reads, compiles and deletes.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { LangfuseClient } from "@langfuse/client";

const langfuse = new LangfuseClient({
  baseUrl: process.env.KANAME_URL,
  publicKey: process.env.KANAME_PUBLIC_KEY,
  secretKey: process.env.KANAME_SECRET_KEY,
});

// A name that no other test uses, in a folder, with what a URL must escape.
const freshName = () => `sdk tests/挨拶 ${randomUUID()}`;

// Past the SDK's own cache.
const fetched = (name, options = {}) =>
  langfuse.prompt.get(name, { cacheTtlSeconds: 0, maxRetries: 0, ...options });

test("a text prompt is created, promoted, read and compiled", async () => {
  const name = freshName();
  const created = await langfuse.prompt.create({
    name,
    prompt: "Hello {{name}}!",
    labels: ["production"],
    tags: ["t"],
    config: { temperature: 0.2 },
    commitMessage: "first",
  });
  assert.equal(created.version, 1);
  assert.deepEqual([...created.labels].sort(), ["latest", "production"]);

  const prompt = await langfuse.prompt.get(name);
  assert.deepEqual([prompt.name, prompt.type, prompt.config], [name, "text", { temperature: 0.2 }]);
  assert.deepEqual([prompt.tags, prompt.commitMessage], [["t"], "first"]);
  assert.equal(prompt.compile({ name: "Alice" }), "Hello Alice!");

  await langfuse.prompt.create({ name, prompt: "Hi {{name}}!" });
  assert.equal((await fetched(name)).version, 1);
  const updated = await langfuse.prompt.update({ name, version: 2, newLabels: ["production"] });
  assert.deepEqual([...updated.labels].sort(), ["latest", "production"]);
  assert.equal((await fetched(name)).version, 2);
  assert.equal((await fetched(name, { version: 1 })).version, 1);
});

test("a chat prompt keeps its placeholders", async () => {
  const name = freshName();
  const chat = [
    { role: "system", content: "Answer in {{language}}." },
    { type: "placeholder", name: "history" },
  ];
  await langfuse.prompt.create({ name, type: "chat", prompt: chat, labels: ["production"] });
  const prompt = await langfuse.prompt.get(name, { type: "chat" });
  const history = [{ role: "user", content: "Why?" }];
  assert.deepEqual(prompt.compile({ language: "日本語" }, { history }), [
    { role: "system", content: "Answer in 日本語." },
    ...history,
  ]);
});

test("a prompt that is not there is not found", async () => {
  const refused = await fetched(freshName()).then(
    () => assert.fail("there is no such prompt"),
    (error) => error,
  );
  assert.equal(refused.statusCode, 404);
  assert.equal(refused.body.error, "LangfuseNotFoundError");
});

test("versions and prompts are deleted", async () => {
  const name = freshName();
  for (const label of ["one", "two", "three"]) {
    await langfuse.prompt.create({ name, prompt: label, labels: [label] });
  }
  await langfuse.prompt.delete(name, { version: 3 });
  await langfuse.prompt.delete(name, { label: "two" });
  assert.equal((await fetched(name, { label: "latest" })).prompt, "one");
  await langfuse.prompt.delete(name);
  await assert.rejects(fetched(name, { label: "latest" }), { statusCode: 404 });
});

test("prompts are listed", async () => {
  const name = freshName();
  const tag = randomUUID();
  await langfuse.prompt.create({ name, prompt: "", tags: [tag] });
  const listed = await langfuse.api.prompts.list({ tag });
  assert.equal(listed.meta.totalItems, 1);
  assert.deepEqual([listed.data[0].name, listed.data[0].versions], [name, [1]]);
});
