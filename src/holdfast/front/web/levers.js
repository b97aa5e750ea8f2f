// The levers of a row in the evidence panel: status, grounds with reasons, exceptions, conflicts and sources.

function drawLevers(row) {
  if (row.unresolved) return h("p", {}, "Not assessed: there is no name to ask about.");
  const { supposed } = suppose.answers.get(row.number);
  const quiet = row.quietLevers.filter((group) => !supposed.includes(group[0].lever));
  const words = `${count(quiet.length, "lever")} looked at that ${quiet.length === 1 ? "changes" : "change"} nothing on ${report.on}`;
  return [
    supposed.length ? drawSupposed(row, supposed) : null,
    row.bites.length
      ? row.bites.map(drawLever)
      : h("p", {}, `No lever found that changes anything on ${report.on}; evidence to ${report.horizon}.`),
    quiet.length ? h("details", { class: "more" }, h("summary", {}, words), quiet.map(drawLever)) : null,
  ];
}

// A lever that only a what-if brings: its grounds stand as they are today, with what they would be in force.
function drawSupposed(row, levers) {
  const known = new Map(row.quietLevers.map((group) => [group[0].lever, group]));
  return h(
    "div",
    { class: "supposed-box" },
    h(
      "p",
      {},
      h("b", {}, "Supposed by the what-ifs. "),
      `Below is how each stands on ${report.on}, and what it would do in force.`,
    ),
    levers.map((lever) => (known.has(lever) ? drawLever(known.get(lever)) : h("p", {}, h("code", {}, lever)))),
  );
}

// Findings that rest on the same grounds (another act, the same reasons) are told once.
function drawLever(group) {
  const [worst] = group;
  const stories = new Map();
  for (const finding of group) {
    if (!stories.has(finding.grounds)) stories.set(finding.grounds, []);
    stories.get(finding.grounds).push(finding);
  }
  return h(
    "article",
    { class: "lever-card" },
    h("h4", {}, worst.lever_title, " ", h("code", { class: "id" }, worst.lever)),
    h("p", { class: "sub" }, drawStanding(worst.standing)),
    worst.standing.note ? h("p", { class: "sub" }, worst.standing.note) : null,
    worst.standing.conflicts.map((line) => h("p", { class: "conflicts" }, `Another source says otherwise: ${line}`)),
    [...stories.values()].map(drawStory),
    h("p", { class: "sub" }, `Evidence to ${worst.horizon}. `, h("code", {}, `holdfast explain ${worst.id}`)),
  );
}

function drawStanding(standing) {
  if (standing.from_scenario) return "Status: supposed by the scenario.";
  const until = standing.until ? `, until ${standing.until}` : "";
  const unverified = standing.unverified ? " Unverified: the text says so, but the day lies past the evidence." : "";
  return [
    `${standingWords({ ...standing, unverified: false })}${until}; confidence ${standing.confidence}. `,
    source(standing.citation),
    unverified,
  ];
}

function drawStory(findings) {
  return [
    h(
      "ul",
      { class: "plain acts" },
      findings.map((finding) =>
        h(
          "li",
          {},
          h("b", {}, `To ${finding.act}`),
          finding.channel ? ` through ${finding.channel.replaceAll("-", " ")}` : "",
          ` ${REACH_SAID[finding.reach]}; ${EFFECT_SAID[finding.effect]}.`,
        ),
      ),
    ),
    findings[0].grounds.map(drawGround),
  ];
}

const TRUTHS = { yes: "yes", no: "no", unknown: "not known" };

function drawGround(ground) {
  const applies =
    ground.truth === "yes" ? "Its condition holds." : "Its condition may hold: a fact it asks for is not known.";
  const changes = [
    ground.would_be !== ground.reach && ground.would_be !== "open" && `reach ${ground.would_be}`,
    ground.would_effect !== ground.effect && ground.would_effect !== "open" && `effect ${ground.would_effect}`,
  ].filter(Boolean);
  const would = changes.length ? ` In force, with its condition met: ${changes.join(", ")}.` : "";
  return h(
    "div",
    { class: "ground" },
    h("p", {}, ground.says),
    h("p", { class: "sub" }, `${applies}${would}`),
    drawReasons(ground.reasons),
    ground.objections.map(drawObjection),
    h(
      "p",
      { class: "sub" },
      "Source: ",
      source(ground.citation),
      ` confidence ${ground.confidence}; rule ${ground.rule}`,
    ),
  );
}

function drawReasons(reasons) {
  if (!reasons.length) return null;
  return h(
    "ul",
    { class: "reasons" },
    reasons.map((reason) =>
      h("li", { class: `truth--${reason.truth}` }, h("span", { class: "truth" }, TRUTHS[reason.truth]), reason.text),
    ),
  );
}

function drawObjection(objection) {
  const strength = objection.strength === "settled" ? "settled" : "argued, not settled";
  const applies = {
    yes: `Exception that applies (${strength})`,
    unknown: `Exception that may apply (${strength})`,
    no: "Exception that does not apply here",
  }[objection.truth];
  return h(
    "div",
    { class: "objection" },
    h("p", {}, h("b", {}, `${applies}: `), objection.says),
    drawReasons(objection.reasons),
    h("p", { class: "sub" }, "Source: ", source(objection.citation)),
  );
}
