// Media, scores, comments and deletion through @langfuse/client and @langfuse/otel, unmodified.

import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { test } from "node:test";
import { LangfuseClient, LangfuseMedia } from "@langfuse/client";
import { LangfuseSpanProcessor } from "@langfuse/otel";
import { startActiveObservation } from "@langfuse/tracing";
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";

const keys = {
  baseUrl: process.env.KANAME_URL,
  publicKey: process.env.KANAME_PUBLIC_KEY,
  secretKey: process.env.KANAME_SECRET_KEY,
};
const langfuse = new LangfuseClient(keys);
const provider = new NodeTracerProvider({ spanProcessors: [new LangfuseSpanProcessor(keys)] });
provider.register();

const traced = async (input) => {
  let ids;
  await startActiveObservation("root", async (root) => {
    root.update({ input, output: "done" });
    ids = { traceId: root.traceId, observationId: root.id };
  });
  await provider.forceFlush();
  return ids;
};

test("what is encoded in an input is uploaded, and resolved again", async () => {
  const uri = `data:image/png;base64,${randomBytes(5000).toString("base64")}`;
  const { traceId } = await traced({ image: uri, text: "what is this?" });
  const trace = await langfuse.api.trace.get(traceId);
  assert.match(trace.input.image, /^@@@langfuseMedia:type=image\/png\|id=.{22}\|source=base64_data_uri@@@$/);
  const resolved = await langfuse.media.resolveReferences({ obj: trace.input, resolveWith: "base64DataUri" });
  assert.deepEqual(resolved, { image: uri, text: "what is this?" });
});

test("a medium is announced, put, reported and read", async () => {
  const content = randomBytes(6_000_000);
  const media = new LangfuseMedia({ source: "bytes", contentBytes: content, contentType: "application/pdf" });
  const announcement = {
    traceId: randomUUID(), contentType: "application/pdf", contentLength: content.length, field: "output",
    sha256Hash: await media.getSha256Hash(),
  };
  const { mediaId, uploadUrl } = await langfuse.api.media.getUploadUrl(announcement);
  assert.equal(mediaId, await media.getId());
  const headers = { "Content-Type": "application/pdf" };
  const refused = await fetch(uploadUrl, { method: "PUT", body: randomBytes(content.length), headers });
  assert.equal(refused.status, 400);
  const taken = await fetch(uploadUrl, { method: "PUT", body: content, headers });
  assert.deepEqual([taken.status, await taken.text()], [200, ""]);
  await langfuse.api.media.patch(mediaId, { uploadedAt: new Date().toISOString(), uploadHttpStatus: 200 });
  const found = await langfuse.api.media.get(mediaId);
  const read = Buffer.from(await (await fetch(found.url)).arrayBuffer());
  assert.ok(read.equals(content));
  assert.equal((await langfuse.api.media.getUploadUrl(announcement)).uploadUrl ?? null, null);
});

test("scores, comments and sessions are read, and go with their trace", async () => {
  const { traceId, observationId } = await traced("Hi");
  langfuse.score.create({ traceId, observationId, name: "helpful", value: 0.5, comment: "so so" });
  await langfuse.score.flush();
  const trace = await langfuse.api.trace.get(traceId);
  assert.deepEqual(trace.scores.map((score) => [score.name, score.value]), [["helpful", 0.5]]);
  const { data: [project] } = await langfuse.api.projects.get();
  const comment = await langfuse.api.comments.create({
    projectId: project.id, objectType: "TRACE", objectId: traceId, content: "見て",
  });
  assert.equal((await langfuse.api.comments.getById(comment.id)).content, "見て");
  const config = await langfuse.api.scoreConfigs.create({ name: "stars", dataType: "NUMERIC", minValue: 0, maxValue: 5 });
  assert.equal((await langfuse.api.scoreConfigs.getById(config.id)).maxValue, 5);

  await langfuse.api.trace.deleteMultiple({ traceIds: [traceId] });
  await assert.rejects(langfuse.api.trace.get(traceId), (error) => error.statusCode === 404);
  await assert.rejects(langfuse.api.comments.getById(comment.id), (error) => error.statusCode === 404);
});
