// Everything that @huggingface/hub reads of a model: prints what it got as JSON. Arguments: the model, a folder.
import { createHash } from "node:crypto";
import * as hub from "@huggingface/hub";

const [model, folder] = process.argv.slice(2);
const hubUrl = process.env.HF_ENDPOINT;
const repo = { type: "model", name: model };
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
const found = {};

found.info = (await hub.modelInfo({ name: model, hubUrl, additionalFields: ["sha"] })).sha;
found.files = {};
for await (const file of hub.listFiles({ repo, hubUrl, recursive: true })) {
  if (file.type === "file") found.files[file.path] = file.size;
}
const large = Object.entries(found.files).sort((a, b) => b[1] - a[1])[0][0];
const told = await hub.fileDownloadInfo({ repo, path: large, hubUrl });
found.size = told.size;
found.etag = told.etag;
found.hashes = {};
for (const path of Object.keys(found.files)) {
  const blob = await hub.downloadFile({ repo, path, hubUrl });
  found.hashes[path] = sha256(Buffer.from(await blob.arrayBuffer()));
}
const part = (await hub.downloadFile({ repo, path: large, hubUrl })).slice(12345, 12345 + 54321);
found.range = sha256(Buffer.from(await part.arrayBuffer()));
found.exist = [
  await hub.fileExists({ repo, path: "config.json", hubUrl }),
  await hub.fileExists({ repo, path: "none", hubUrl }),
  await hub.repoExists({ repo, hubUrl }),
  await hub.repoExists({ repo: { type: "model", name: model + "-none" }, hubUrl }),
];
found.models = [];
for await (const one of hub.listModels({ search: { query: model.split("/")[1] }, hubUrl })) found.models.push(one.name);
found.paths = (await hub.pathsInfo({ repo, paths: ["config.json", "none"], hubUrl })).map((one) => one.path);
found.snapshot = await hub.snapshotDownload({ repo, hubUrl, cacheDir: folder });
console.log(JSON.stringify(found));
