// Everything that @huggingface/hub writes: prints what came of it as JSON. Arguments: the model to create, a large file.
import { readFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import * as hub from "@huggingface/hub";

const [model, large] = process.argv.slice(2);
const hubUrl = process.env.HF_ENDPOINT;
const accessToken = process.env.HF_TOKEN;
const repo = { type: "model", name: model };
const with_ = { repo, hubUrl, accessToken };
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
const found = {};
const fail = async (call) => {
  try {
    await call();
  } catch (error) {
    return [error.statusCode ?? 0, String(error.message)];
  }
  return [0, "nothing"];
};

found.created = await hub.createRepo({ ...with_, visibility: "private" });
found.exists = (await fail(() => hub.createRepo(with_)))[0];
const bytes = await readFile(large);
const first = await hub.uploadFile({ ...with_, file: { path: "weights/w.bin", content: new Blob([bytes]) } });
const done = await hub.commit({
  ...with_,
  title: "several",
  operations: [
    { operation: "addOrUpdate", path: "README.md", content: new Blob(["# ü\n"]) },
    { operation: "addOrUpdate", path: "empty.txt", content: new Blob([]) },
    { operation: "addOrUpdate", path: "w2.safetensors", content: new Blob([bytes.subarray(0, 1000)]) },
  ],
  parentCommit: first.commit.oid,
});
found.oid = done.commit.oid;
found.stale = await fail(() =>
  hub.commit({
    ...with_,
    title: "late",
    operations: [{ operation: "addOrUpdate", path: "x", content: new Blob(["x"]) }],
    parentCommit: first.commit.oid,
  }),
);
found.hashes = {};
for await (const file of hub.listFiles({ ...with_, recursive: true })) {
  if (file.type !== "file") continue;
  const blob = file.size ? await hub.downloadFile({ ...with_, path: file.path }) : new Blob([]);
  found.hashes[file.path] = sha256(Buffer.from(await blob.arrayBuffer()));
}
await hub.createBranch({ ...with_, branch: "dev" });
await hub.deleteFile({ ...with_, path: "README.md", branch: "dev" });
found.titles = [];
for await (const commit of hub.listCommits({ ...with_, revision: "dev" })) found.titles.push(commit.title);
found.count = await hub.countCommits({ ...with_, revision: "dev" });
await hub.deleteBranch({ ...with_, branch: "dev" });
found.pull_request = await fail(() =>
  hub.uploadFile({ ...with_, file: { path: "x", content: new Blob(["x"]) }, isPullRequest: true }),
);
await hub.deleteRepo(with_);
found.gone = !(await hub.repoExists(with_));
console.log(JSON.stringify(found));
