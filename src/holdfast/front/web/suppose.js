// What-ifs: which switches are on, what each row's answer then is, and the headline that says so.

const suppose = { on: new Map(), answers: new Map(), headline: report.headline, asks: [] };
const whatIfById = new Map(report.what_ifs.map((whatIf) => [whatIf.id, whatIf]));
const changedRows = new Map(
  report.what_ifs.map((whatIf) => [whatIf.id, new Map(whatIf.rows.map((row) => [row.number, row]))]),
);

function baseAnswer(row) {
  const says = row.bites.flatMap((group) => group[0].grounds.map((ground) => ground.says));
  return { reach: row.reach, effect: row.effect, stops: row.stops, levers: row.levers, says };
}

function strictest(answers) {
  const worst = (order, key) => order[Math.min(...answers.map((answer) => order.indexOf(answer[key])))];
  return {
    reach: worst(REACHES, "reach"),
    effect: worst(EFFECTS, "effect"),
    stops: answers.some((answer) => answer.stops),
    levers: unique(answers.flatMap((answer) => answer.levers)),
    says: unique(answers.flatMap((answer) => answer.says)),
  };
}

// With no scenario on the command line, one switch gives exactly its what-if; several give the strictest of each.
function answerFor(row, whatIfs) {
  const base = baseAnswer(row);
  const each = whatIfs.map((whatIf) => changedRows.get(whatIf.id).get(row.number) ?? base);
  const parts = report.scenarios.length || !each.length ? [base, ...each] : each;
  const answer = parts.length === 1 ? { ...parts[0] } : strictest(parts);
  answer.state = stateOf(row, answer);
  answer.supposed = answer.levers.filter((lever) => !row.levers.includes(lever));
  answer.was = stateOf(row, base);
  answer.changed = whatIfs.length > 0 && (answer.state !== answer.was || answer.supposed.length > 0);
  return answer;
}

function computeBlast(answers) {
  const stopping = rows.filter((row) => answers.get(row.number).stops);
  const uses = (chosen) => chosen.reduce((sum, row) => sum + row.uses.length, 0);
  const inState = (state) => uses(rows.filter((row) => answers.get(row.number).state === state));
  return {
    kinds: unique(stopping.map((row) => row.kind)),
    uses: uses(stopping),
    services: unique(stopping.flatMap((row) => row.uses.map((use) => use.service)).filter(Boolean)),
    covered: uses(stopping.filter((row) => row.stand_in)),
    atRisk: inState("at-risk"),
    unknown: inState("unknown"),
  };
}

function sayBlast(blast, asks) {
  const lead = asks.length ? `If ${asks.join(" and ")}: ` : `On ${report.on}: `;
  const rest = [blast.atRisk && `${blast.atRisk} more at risk`, blast.unknown && `${blast.unknown} unknown`];
  const tail = rest.filter(Boolean).length ? `; ${join(rest, ", ")}` : "";
  if (!blast.uses) return `${lead}no use is stopped by a lever that was found${tail}.`;
  const where = blast.services.length ? ` in ${count(blast.services.length, "service")}` : "";
  const covered = `${blast.covered} ${blast.covered === 1 ? "has" : "have"} an approved stand-in`;
  return `${lead}${count(blast.uses, "use")}${where} ${blast.uses === 1 ? "stops" : "stop"} ${when(blast)}; ${covered}${tail}.`;
}

function when(blast) {
  if (blast.kinds.length > 1) return "at once or at their next cold start";
  return blast.kinds[0] === "hosted" ? "at once" : "at their next cold start";
}

function baseAsks() {
  return report.scenarios.map((name) => {
    const matches = report.what_ifs.filter((whatIf) => whatIf.scenario === name);
    return (matches.find((whatIf) => whatIf.target === report.target) ?? matches[0])?.asks ?? name;
  });
}

function recompute() {
  const whatIfs = [...suppose.on.values()].map((id) => whatIfById.get(id));
  suppose.answers = new Map(rows.map((row) => [row.number, answerFor(row, whatIfs)]));
  suppose.asks = whatIfs.map((whatIf) => whatIf.asks);
  if (!whatIfs.length) suppose.headline = report.headline;
  else if (whatIfs.length === 1 && !report.scenarios.length) suppose.headline = whatIfs[0].blast.headline;
  else suppose.headline = sayBlast(computeBlast(suppose.answers), unique([...baseAsks(), ...suppose.asks]));
}

// --- the switches -------------------------------------------------------------------------------------------------

function impact(whatIf) {
  const more = whatIf.blast.uses - report.blast.uses;
  const risk = whatIf.blast.at_risk - report.blast.at_risk;
  const total = whatIf.rows.length;
  if (more > 0) return { rank: 1e6 + more, says: `stops ${count(more, "more use")}` };
  if (more < 0) return { rank: 1, says: `stops ${count(-more, "fewer use")}` };
  if (risk > 0) return { rank: 1e3 + risk, says: `${count(risk, "more use")} at risk` };
  return total
    ? { rank: total, says: `changes ${count(total, "row")}` }
    : { rank: 0, says: "changes nothing found here" };
}

function scenarioGroups() {
  const groups = new Map();
  for (const whatIf of report.what_ifs) {
    if (!groups.has(whatIf.scenario)) groups.set(whatIf.scenario, []);
    groups.get(whatIf.scenario).push({ whatIf, ...impact(whatIf) });
  }
  for (const choices of groups.values()) choices.sort((a, b) => b.rank - a.rank);
  return [...groups.entries()].sort(([, a], [, b]) => b[0].rank - a[0].rank);
}

function targetName(target) {
  const [kind, ...rest] = target.split(":");
  const name = rest.join(":");
  if (kind === "model") return rows.find((row) => row.model === name)?.label ?? name;
  return orgNames.get(target) ?? name ?? target;
}

function drawSuppose() {
  const groups = scenarioGroups();
  const bite = groups.filter(([, choices]) => choices[0].rank > 0);
  const rest = groups.filter(([, choices]) => choices[0].rank === 0);
  const list = h("div", { class: "switches" }, bite.map(drawSwitch));
  const quiet = rest.length
    ? h(
        "details",
        { class: "more" },
        h("summary", {}, `${rest.length} more that change nothing here`),
        rest.map(drawSwitch),
      )
    : null;
  const body = groups.length ? [list, quiet] : h("p", { class: "muted" }, "No what-ifs were worked out.");
  const clear = h(
    "button",
    { type: "button", id: "suppose-clear", class: "quiet", onclick: clearSuppose, disabled: true },
    "Clear",
  );
  byId("suppose").append(
    h(
      "details",
      { class: "suppose-fold", open: matchMedia("(min-width: 68rem)").matches },
      h("summary", {}, h("h2", { id: "suppose-title" }, "What if…")),
      h(
        "p",
        { class: "muted small" },
        "Each switch supposes a scenario. Several together give the strictest answer of each.",
      ),
      body,
    ),
    clear,
  );
}

function drawSwitch([scenario, choices]) {
  const id = `switch-${scenario}`;
  const effect = h("span", { class: "switch-effect", id: `${id}-effect` }, choices[0].says);
  const button = h(
    "button",
    {
      type: "button",
      role: "switch",
      class: "switch",
      "aria-checked": "false",
      id,
      "data-scenario": scenario,
      "aria-describedby": `${id}-effect`,
      onclick: () => toggle(scenario),
    },
    h("span", { class: "knob", "aria-hidden": "true" }),
    h("span", {}, choices[0].whatIf.title),
  );
  return h(
    "div",
    { class: "switch-row" },
    button,
    choices.length > 1 ? drawTargets(scenario, choices, effect) : null,
    effect,
  );
}

function drawTargets(scenario, choices, effect) {
  const options = choices.map(({ whatIf, says }) =>
    h("option", { value: whatIf.id }, `${targetName(whatIf.target)}: ${says.replace(/ uses?\b/, "")}`),
  );
  const chosen = suppose.on.get(scenario);
  if (chosen) effect.textContent = choices.find(({ whatIf }) => whatIf.id === chosen).says;
  const select = h(
    "select",
    {
      id: `target-${scenario}`,
      "aria-label": "Aimed at",
      onchange: () => {
        effect.textContent = choices.find(({ whatIf }) => whatIf.id === select.value).says;
        if (suppose.on.has(scenario)) {
          suppose.on.set(scenario, select.value);
          refresh();
        }
      },
    },
    options,
  );
  if (chosen) select.value = chosen;
  return select;
}

function toggle(scenario) {
  if (suppose.on.has(scenario)) suppose.on.delete(scenario);
  else {
    const select = byId(`target-${scenario}`);
    suppose.on.set(scenario, select ? select.value : report.what_ifs.find((w) => w.scenario === scenario).id);
  }
  refresh();
}

function clearSuppose() {
  suppose.on.clear();
  refresh();
}

function supposedTitles() {
  return [...suppose.on.values()].map((id) => {
    const { title, target } = whatIfById.get(id);
    return target ? `${title} (${targetName(target)})` : title;
  });
}

function paintSuppose() {
  for (const button of document.querySelectorAll(".switch")) {
    button.setAttribute("aria-checked", String(suppose.on.has(button.dataset.scenario)));
  }
  byId("suppose-clear").disabled = suppose.on.size === 0;
  const line = byId("supposing");
  line.hidden = suppose.on.size === 0;
  line.textContent = `Supposing what has not happened: ${supposedTitles().join("; ")}`;
  byId("headline").textContent = suppose.headline;
  document.body.classList.toggle("is-supposing", suppose.on.size > 0);
  paintBalance();
}

// --- the balance: uses by answer ----------------------------------------------------------------------------------

function paintBalance() {
  const tally = Object.fromEntries(STATE_ORDER.map((state) => [state, { uses: 0, rows: 0 }]));
  for (const row of rows) {
    const entry = tally[suppose.answers.get(row.number).state];
    entry.uses += row.uses.length;
    entry.rows += 1;
  }
  const present = STATE_ORDER.filter((state) => tally[state].rows || filters.state === state);
  const bar = h(
    "div",
    { class: "bar", "aria-hidden": "true" },
    present.map((state) => {
      const part = h("span", { class: `bar-part bar--${state}` });
      part.style.flexGrow = String(tally[state].uses);
      return part;
    }),
  );
  const keys = present.map((state) =>
    h(
      "button",
      {
        type: "button",
        class: `key key--${state}`,
        "aria-pressed": String(filters.state === state),
        title: `Show only these: ${STATES[state].says}`,
        "data-state": state,
        onclick: () => {
          filters.state = filters.state === state ? "" : state;
          refilter();
          byId("balance").querySelector(`[data-state="${state}"]`)?.focus();
        },
      },
      icon(state),
      h("b", {}, STATES[state].word),
      h("span", { class: "key-count" }, `${count(tally[state].uses, "use")}, ${count(tally[state].rows, "row")}`),
    ),
  );
  byId("balance").replaceChildren(
    bar,
    h("div", { class: "keys", role: "group", "aria-label": "Uses by answer; press one to show only its rows" }, keys),
  );
}
