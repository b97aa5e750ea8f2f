// What else is on record: what is not known, policy, waivers, stand-ins, catalogues, files on disk, skipped files.

function drawRecord() {
  const parts = [
    unknownPart(),
    screeningPart(),
    policyPart(),
    waiverPart(),
    standInPart(),
    cataloguePart(),
    artefactPart(),
    skippedPart(),
    readingPart(),
  ];
  byId("record").append(
    h("div", { class: "block-head" }, h("h2", { id: "record-title" }, "On record")),
    h("div", { class: "record" }, parts.filter(Boolean)),
  );
}

function part(title, number, intro, body, open = false) {
  return h(
    "details",
    { class: "part", open: open || number === null },
    h("summary", {}, h("h3", {}, title), number === null ? null : h("span", { class: "shown" }, String(number))),
    intro ? h("p", { class: "muted small" }, intro) : null,
    body,
  );
}

function list(items) {
  return h(
    "ul",
    { class: "plain" },
    items.map((item) => h("li", {}, item)),
  );
}

function unknownPart() {
  const lines = [
    ...report.notes,
    ...rows
      .filter((row) => row.unresolved)
      .map((row) => `Row ${row.number}, ${row.label}: ${row.note || "its name is set from outside"}.`),
    ...rows
      .filter((row) => !row.unresolved && row.makers.some((org) => org.id === UNKNOWN))
      .map((row) => `Row ${row.number}, ${row.label}: who built it is not known.`),
    ...rows
      .filter((row) => row.endpoint?.id === UNKNOWN)
      .map((row) => `Row ${row.number}, ${row.label}: who runs it is not known.`),
    ...rows
      .filter((row) => row.conflicts.length)
      .map((row) => `Row ${row.number}, ${row.label}: ${row.conflicts.join(" ")}`),
  ];
  if (!lines.length) return null;
  return part(
    "What is not known",
    lines.length,
    "Unknown is an answer of its own: not a yes and not a no.",
    list(lines),
    true,
  );
}

function policyPart() {
  const { judged, failures, known, waived, reasons } = report.policy;
  if (!judged) return part("Policy", null, "No policy was given, so nothing was judged: this is an inventory.", null);
  const say = (id) => reasons[id] ?? id;
  const lines = [
    ...failures.map((id) => [h("b", {}, "Breaks it: "), say(id), " ", h("code", { class: "id" }, id)]),
    ...known.map((id) => [h("b", {}, "Known before: "), say(id), " ", h("code", { class: "id" }, id)]),
    ...waived.map(([id, waiver]) => [
      h("b", {}, `Waived until ${waiver.expires}: `),
      say(id),
      `. Reason: ${waiver.reason}`,
    ]),
  ];
  return part(
    "Policy",
    lines.length,
    lines.length ? "" : "No finding breaks the policy.",
    list(lines),
    failures.length > 0,
  );
}

function waiverPart() {
  if (!report.waivers.length) return null;
  return part(
    "Waivers",
    report.waivers.length,
    "Accepted for a time, and void after it.",
    list(
      report.waivers.map((waiver) => [
        h("code", {}, waiver.model),
        ` ${join(["", waiver.lever, `until ${waiver.expires}`, waiver.by])}`,
        h("p", { class: "sub" }, waiver.reason),
      ]),
    ),
  );
}

function standInPart() {
  if (!report.stand_ins.length) return null;
  return part(
    "Approved stand-ins",
    report.stand_ins.length,
    "",
    list(
      report.stand_ins.map((standIn) => [
        h("code", {}, standIn.model),
        " for ",
        h("code", {}, standIn.for_model),
        h("span", { class: "sub" }, join(["", standIn.approved_by, standIn.approved_on])),
      ]),
    ),
  );
}

function cataloguePart() {
  if (!report.catalogues.length) return null;
  return part(
    "Catalogues",
    report.catalogues.length,
    "Long lists of supported models: not uses.",
    list(
      report.catalogues.map((item) => [
        h("code", {}, `${item.place.path}:${item.place.line}`),
        ` ${count(item.length, "name")}`,
        item.sample.length ? h("p", { class: "sub" }, `for instance ${item.sample.join(", ")}`) : null,
      ]),
    ),
  );
}

function artefactPart() {
  if (!report.artefacts.length) return null;
  const name = (item) =>
    item.model ? `${item.model.scheme}${item.model.scheme === "api" ? ":" : "/"}${item.model.path}` : "model unknown";
  return part(
    "Model files on disk",
    report.artefacts.length,
    "Read by their headers, never run.",
    list(
      report.artefacts.map((item) => [
        h("code", {}, item.place.path),
        ` ${join(["", item.format, item.architecture, bytes(item.size_bytes), name(item)])}`,
        item.evidence ? h("p", { class: "sub" }, item.evidence) : null,
      ]),
    ),
  );
}

function bytes(number) {
  if (!number) return "";
  const power = Math.min(4, Math.floor(Math.log10(number) / 3));
  return `${(number / 1000 ** power).toFixed(power ? 1 : 0)} ${["B", "kB", "MB", "GB", "TB"][power]}`;
}

function skippedPart() {
  if (!report.skipped.length)
    return part("Files", null, `${count(report.files_seen, "file")} seen; none was skipped.`, null);
  return part(
    "Skipped files",
    report.skipped.length,
    `${count(report.files_seen, "file")} seen. These were not read to their end, so uses in them are not known.`,
    list(report.skipped.map((item) => [h("code", {}, item.path), h("span", { class: "sub" }, ` ${item.reason}`)])),
  );
}

function readingPart() {
  const words = [
    [
      "Reach",
      "what law, licence or policy says of the act: forbidden, licence needed, conditional, contested, unknown, open",
    ],
    ["Effect", "what happens to the channel in practice: closed, degraded, at risk, unknown, open"],
    [
      "Declared, inferred, unresolved",
      "the name stands on that line; it was followed there through an alias or a path; only a variable stands there",
    ],
    [
      "Weights by, runs at",
      "who built the weights (through every base) and who runs the endpoint are two questions, and are not mixed",
    ],
    ["Country", "where an organisation is controlled from, else headquartered: a fact to filter by, not a score"],
    [
      "Sources",
      Object.entries(MARKS)
        .map(([mark, says]) => `${mark}: ${says}`)
        .join("; "),
    ],
    [
      "No lever found",
      `nothing was found in evidence to ${report.horizon}; it is not a statement that the use is lawful`,
    ],
  ];
  return part("How to read this", words.length, "", facts(words));
}
