// The report as the page uses it: values unpacked, rows with what every view asks of them.

const STATES = {
  stops: { word: "Stops", says: "its uses stop" },
  "at-risk": { word: "At risk", says: "something bites, nothing stops" },
  unknown: { word: "Unknown", says: "a fact that decides is not known" },
  none: { word: "No lever found", says: "nothing was found that changes anything" },
  unresolved: { word: "Not assessed", says: "the model has no name in the code" },
};
const STATE_ORDER = Object.keys(STATES);
const REACHES = ["forbidden", "licence-needed", "conditional", "contested", "unknown", "open"];
const EFFECTS = ["closed", "degraded", "at-risk", "unknown", "open"];
const REACH_SAID = {
  forbidden: "is forbidden",
  "licence-needed": "needs a licence",
  conditional: "depends on a condition",
  contested: "is contested",
  unknown: "could not be judged: a fact is not known",
  open: "is not restricted by it",
};
const EFFECT_SAID = {
  closed: "the channel is closed",
  degraded: "the channel is degraded",
  "at-risk": "the channel is at risk",
  unknown: "what happens in practice is not known",
  open: "the channel stays open",
};
const MARKS = {
  P: "primary text read",
  Pc: "primary text read in a verbatim copy",
  S: "secondary source",
  L: "low-trust source",
  U: "not verified",
};
const UNKNOWN = "unknown";

function unpack(packed) {
  const made = [];
  for (const item of packed.pool) {
    if (!Array.isArray(item)) made.push(item);
    else if (item[0] === 0) made.push(item.slice(1).map((index) => made[index]));
    else made.push(Object.fromEntries(packed.shapes[item[0] - 1].map((name, at) => [name, made[item[at + 1]]])));
  }
  return made.at(-1);
}

const report = unpack(JSON.parse(byId("report-data").textContent));

const bitesNow = (finding) => finding.reach !== "open" || finding.effect !== "open";

// One entry a lever, its worst finding first; the same order as every other output.
function groupByLever(findings) {
  const worstFirst = [...findings].sort(
    (a, b) =>
      EFFECTS.indexOf(a.effect) - EFFECTS.indexOf(b.effect) || REACHES.indexOf(a.reach) - REACHES.indexOf(b.reach),
  );
  const levers = new Map();
  for (const finding of worstFirst) {
    if (!levers.has(finding.lever)) levers.set(finding.lever, []);
    levers.get(finding.lever).push(finding);
  }
  return [...levers.values()];
}

function stateOf(row, answer) {
  if (row.unresolved) return "unresolved";
  if (answer.stops) return "stops";
  const quiet = (value) => value === "open" || value === UNKNOWN;
  if (!quiet(answer.reach) || !quiet(answer.effect)) return "at-risk";
  return answer.reach === UNKNOWN || answer.effect === UNKNOWN ? "unknown" : "none";
}

function derive(row) {
  const unresolved = row.uses[0].confidence === "unresolved";
  const bites = groupByLever(row.findings.filter(bitesNow));
  const makers = row.builders.filter((org) => org.how !== "base");
  const bases = row.builders.filter((org) => org.how === "base");
  const more = {
    unresolved,
    bites,
    makers,
    bases,
    quietLevers: groupByLever(row.findings.filter((finding) => !bitesNow(finding))),
    levers: bites.map((group) => group[0].lever),
    orgs: unique([...row.builders, ...(row.endpoint ? [row.endpoint] : [])].map((org) => org.name)),
    origins: unresolved ? [] : unique((row.builders.length ? row.builders : [{}]).map((org) => org.country || UNKNOWN)),
    endpointAt: row.kind === "hosted" ? row.endpoint?.country || UNKNOWN : "here",
    usesByService: tally(row.uses.map((use) => use.service)),
    engines: unique(row.uses.map((use) => use.via).filter(Boolean)),
  };
  return Object.assign(row, more, { text: searchText(row, more) });
}

function sumUses(some) {
  return some.reduce((sum, row) => sum + row.uses.length, 0);
}

function tally(values) {
  const found = new Map();
  for (const value of values) found.set(value, (found.get(value) ?? 0) + 1);
  return found;
}

function searchText(row, more) {
  const words = [row.label, row.model, row.note, ...row.services, ...more.orgs, ...more.levers, ...row.families];
  for (const use of row.uses) words.push(use.place.path, use.text, use.via);
  for (const edge of row.lineage) words.push(edge.base);
  return unique(words).join("\n").toLowerCase();
}

const rows = report.rows.map(derive);
const modelRows = rows.filter((row) => !row.unresolved);
const unresolvedRows = rows.filter((row) => row.unresolved);
const rowByNumber = new Map(rows.map((row) => [row.number, row]));
const leverTitles = new Map(rows.flatMap((row) => row.findings.map((f) => [f.lever, f.lever_title])));
const orgNames = new Map(
  rows.flatMap((row) => [...row.builders, row.endpoint].filter(Boolean).map((o) => [o.id, o.name])),
);

const countryNames = new Intl.DisplayNames(["en"], { type: "region", fallback: "code" });
function countryName(code) {
  if (!/^[A-Z]{2}$/.test(code)) return code;
  const name = countryNames.of(code);
  return name === code ? code : `${code} · ${name}`;
}

function orgLabel(org) {
  return join([org.name, org.country]);
}

function pinWords(row) {
  if (row.unresolved) return "";
  if (row.pin === "moving") return "not pinned";
  if (row.pin === "unknown") return "pin unknown";
  const revision = row.revisions.length === 1 ? row.revisions[0] : count(row.revisions.length, "revision");
  return row.pin === "exact" ? `commit ${revision.slice(0, 10)}` : `dated ${revision}`;
}
