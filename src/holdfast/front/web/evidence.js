// The evidence behind a cell: places, matched text, lineage, grounds with reasons, exceptions, conflicts and sources.

const USES_SHOWN = 40;
const panel = { number: 0 };

const SECTIONS = [
  { key: "summary", title: "Answer", draw: drawSummary },
  { key: "uses", title: "Uses", draw: drawUses },
  { key: "whose", title: "Whose it is", draw: drawWhose },
  { key: "levers", title: "Levers", draw: drawLevers },
  { key: "copy", title: "Copy, stand-in, policy", draw: drawCopy },
];

function openEvidence(number, section) {
  const dialog = byId("evidence");
  panel.number = number;
  drawEvidence(rowByNumber.get(number));
  if (!dialog.open) dialog.showModal();
  const heading = byId(`evidence-${section}`) ?? byId("evidence-title");
  dialog.querySelector(".panel-body").scrollTop = section === "summary" ? 0 : heading.offsetTop - 12;
  (section === "summary" ? byId("evidence-title") : heading).focus({ preventScroll: true });
}

function drawEvidence(row) {
  const dialog = byId("evidence");
  const order = shownNumbers();
  const at = order.indexOf(row.number);
  const step = (by, words) =>
    h(
      "button",
      {
        type: "button",
        class: "quiet",
        disabled: order[at + by] === undefined,
        onclick: () => openEvidence(order[at + by], "summary"),
      },
      words,
    );
  dialog.replaceChildren(
    h(
      "div",
      { class: "panel-head" },
      h("p", { class: "panel-at" }, at < 0 ? `Row ${row.number}` : `Row ${at + 1} of ${order.length}`),
      h(
        "div",
        { class: "panel-tools" },
        step(-1, "Previous"),
        step(1, "Next"),
        h("button", { type: "button", class: "quiet", id: "evidence-close", onclick: () => dialog.close() }, "Close"),
      ),
      h("h2", { id: "evidence-title", tabindex: "-1" }, breakable(row.label)),
      h(
        "nav",
        { class: "panel-nav", "aria-label": "Parts of the evidence" },
        SECTIONS.map(({ key, title }) =>
          h("button", { type: "button", class: "quiet", onclick: () => jump(key) }, title),
        ),
      ),
    ),
    h(
      "div",
      { class: "panel-body" },
      SECTIONS.map(({ key, title, draw }) =>
        h(
          "section",
          { "aria-labelledby": `evidence-${key}` },
          h("h3", { id: `evidence-${key}`, tabindex: "-1" }, title),
          draw(row),
        ),
      ),
    ),
  );
}

function jump(key) {
  const heading = byId(`evidence-${key}`);
  byId("evidence").querySelector(".panel-body").scrollTop = heading.offsetTop - 12;
  heading.focus({ preventScroll: true });
}

// --- parts --------------------------------------------------------------------------------------------------------

function facts(pairs) {
  const kept = pairs.filter(
    ([, value]) => value !== null && value !== undefined && value !== "" && !(Array.isArray(value) && !value.length),
  );
  return h(
    "dl",
    { class: "pairs" },
    kept.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))),
  );
}

function source(citation) {
  if (!citation) return h("span", { class: "source" }, "no source");
  const address = webAddress(citation.url);
  const title = address
    ? h("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, citation.title)
    : citation.title;
  return h(
    "span",
    { class: "source" },
    title,
    " ",
    h("abbr", { class: "mark-how", title: MARKS[citation.mark] ?? "" }, citation.mark),
    h("span", { class: "sub" }, ` ${MARKS[citation.mark] ?? ""}`),
    citation.url && !address ? h("code", {}, citation.url) : null,
  );
}

function drawSummary(row) {
  const answer = suppose.answers.get(row.number);
  const said = row.unresolved
    ? `No lever was assessed: ${row.note || "the model's name is set from outside"}.`
    : `Over all levers: reach ${answer.reach}, effect ${answer.effect}.`;
  const supposed = answer.supposed.length
    ? h(
        "div",
        { class: "supposed-box" },
        h("p", {}, `Supposed: ${answer.supposed.join(", ")}`),
        h(
          "ul",
          {},
          answer.says.filter((line) => !baseAnswer(row).says.includes(line)).map((line) => h("li", {}, line)),
        ),
      )
    : null;
  return [
    h(
      "p",
      { class: "panel-answer" },
      chip(answer.state),
      answer.changed ? h("span", { class: "sub was" }, ` otherwise ${STATES[answer.was].word.toLowerCase()}`) : null,
    ),
    h("p", {}, said),
    supposed,
    facts([
      ["Model", h("code", {}, row.model)],
      ["Kind", row.kind],
      ["Pin", pinWords(row)],
      ["Revision", row.revisions.join(", ")],
      ["Note", row.unresolved ? "" : row.note],
      ["Services", row.services.join(", ")],
      ["Environments", row.environments.join(", ")],
    ]),
    h(
      "div",
      { class: "map-scroll", tabindex: "0", role: "group", "aria-label": "Map of this model" },
      drawMap([row], { expand: true, width: Math.min(790, innerWidth - 40) }),
    ),
  ];
}

function drawUses(row) {
  const items = row.uses.map(drawUse);
  const rest = items.slice(USES_SHOWN);
  return [
    h(
      "p",
      { class: "muted small" },
      `${count(row.uses.length, "use")} in ${count(unique(row.uses.map((use) => use.place.path)).length, "file")}`,
    ),
    h("ol", { class: "uses" }, items.slice(0, USES_SHOWN)),
    rest.length
      ? h(
          "details",
          { class: "more" },
          h("summary", {}, `${rest.length} more`),
          h("ol", { class: "uses", start: USES_SHOWN + 1 }, rest),
        )
      : null,
  ];
}

function drawUse(use) {
  const revision = use.revision.value
    ? `revision ${use.revision.value} (${use.revision.pin})`
    : use.model
      ? `revision not written (${use.revision.pin})`
      : "";
  return h(
    "li",
    {},
    h("p", { class: "place" }, h("code", {}, breakable(`${use.place.path}:${use.place.line}`))),
    h("p", { class: "matched" }, h("code", {}, use.text)),
    h(
      "p",
      { class: "sub" },
      join([
        use.confidence,
        use.environment === UNKNOWN ? "environment unknown" : use.environment,
        use.service && `service ${use.service}`,
        use.via && `via ${use.via}`,
        revision,
        `rule ${use.rule}`,
      ]),
    ),
    use.endpoint ? h("p", { class: "sub" }, "endpoint ", h("code", {}, use.endpoint)) : null,
    use.note ? h("p", { class: "sub" }, use.note) : null,
    use.call_sites.length
      ? h(
          "p",
          { class: "sub" },
          "reaches ",
          use.call_sites.map((place, index) => [index ? ", " : "", h("code", {}, `${place.path}:${place.line}`)]),
        )
      : null,
  );
}

function drawWhose(row) {
  if (row.unresolved) return h("p", {}, "Not known: there is no name to look up.");
  const orgs = [...row.builders, ...row.repackagers];
  return [
    h("h4", {}, "Who built the weights"),
    orgs.length ? h("ul", { class: "plain" }, orgs.map(drawOrg)) : h("p", {}, "Not known."),
    h("h4", {}, "Who runs it"),
    row.kind === "weights"
      ? h("p", {}, "It runs here; no organisation answers for it.")
      : row.endpoint
        ? h("ul", { class: "plain" }, drawOrg(row.endpoint))
        : h("p", {}, "Not known."),
    row.lineage.length ? [h("h4", {}, "Lineage"), h("ul", { class: "plain" }, row.lineage.map(drawEdgeWords))] : null,
    row.claims.length
      ? [
          h("h4", {}, "Declared, word for word"),
          h(
            "ul",
            { class: "plain" },
            row.claims.map((claim) =>
              h(
                "li",
                {},
                h("code", {}, claim.child),
                ` ${relationWords(claim.relation)} `,
                h("code", {}, claim.base),
                h("span", { class: "sub" }, join(["", claim.source, claim.place, claim.confidence])),
              ),
            ),
          ),
        ]
      : null,
    row.conflicts.length
      ? [
          h("h4", {}, "Conflicts"),
          h(
            "ul",
            { class: "plain conflicts" },
            row.conflicts.map((line) => h("li", {}, line)),
          ),
        ]
      : null,
    drawScreening(row),
    facts([
      ["Established by", row.confidence],
      ["Families", row.families.join(", ")],
      ["Licences", row.licences.join(", ")],
    ]),
  ];
}

function relationWords(relation) {
  return relation === UNKNOWN ? "derives, how is not known, from" : `is a ${relation} of`;
}

function drawOrg(org) {
  const country = org.country ? countryName(org.country) : "country unknown";
  return h(
    "li",
    {},
    h("b", {}, org.name),
    ` ${join(["", org.how, country, org.confidence])}`,
    org.evidence ? h("p", { class: "sub" }, org.evidence) : null,
  );
}

function drawEdgeWords(edge) {
  return h(
    "li",
    {},
    h("code", {}, breakable(shortName(edge.child))),
    ` ${relationWords(edge.relation)} `,
    h("code", {}, breakable(shortName(edge.base))),
    h("p", { class: "sub" }, join([`confidence ${edge.confidence}`, edge.evidence])),
  );
}

// --- copy, stand-in, policy ---------------------------------------------------------------------------------------

function drawCopy(row) {
  const standIn = row.stand_in;
  const waivers = report.waivers.filter((waiver) =>
    [row.model, row.model.split("/").slice(1).join("/"), "*"].includes(waiver.model),
  );
  return [
    facts([
      ["Copy", { none: "no copy is kept", "n/a": "not possible: the model is hosted" }[row.copy] ?? (row.copy_says || row.copy)],
      [
        "Stand-in",
        standIn
          ? [
              h("code", {}, standIn.model),
              standIn.approved_by ? `, approved by ${standIn.approved_by}` : "",
              standIn.approved_on ? ` on ${standIn.approved_on}` : "",
            ]
          : "none approved",
      ],
    ]),
    waivers.map(drawWaiver),
    policyLines(row).map(([word, text]) => h("p", { class: "policy-line" }, h("b", {}, `${word} `), text)),
  ];
}

function drawWaiver(waiver) {
  return h(
    "p",
    { class: "policy-line" },
    h("b", {}, "Waived "),
    `${waiver.lever} until ${waiver.expires}${waiver.by ? ` by ${waiver.by}` : ""}: ${waiver.reason}`,
  );
}

function policyLines(row) {
  const own = new Set([
    ...row.findings.map((finding) => finding.id),
    `unpinned:${row.model}`,
    `unresolved:${row.model}`,
  ]);
  const say = (id) => report.policy.reasons[id] ?? id;
  return [
    ...report.policy.failures.map((id) => ["Breaks the policy:", id]),
    ...report.policy.known.map((id) => ["Known before:", id]),
  ]
    .filter(([, id]) => own.has(id))
    .map(([word, id]) => [word, say(id)]);
}
