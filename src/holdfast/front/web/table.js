// The table: one row a model. Arrow keys move between cells, Enter opens the evidence behind a cell.

const COLUMNS = [
  { key: "number", title: "#", opens: "summary", cell: (row) => [String(row.number)], by: (row) => row.number },
  { key: "model", title: "Model", opens: "summary", cell: modelCell, by: (row) => row.label.toLowerCase() },
  { key: "used", title: "Used by", opens: "uses", cell: usedCell, by: (row) => -row.uses.length },
  {
    key: "weights",
    title: "Weights by",
    opens: "whose",
    cell: weightsCell,
    by: (row) => weightsWords(row).toLowerCase(),
  },
  { key: "runs", title: "Runs at", opens: "whose", cell: runsCell, by: (row) => runsWords(row).toLowerCase() },
  {
    key: "answer",
    title: "Answer",
    opens: "levers",
    cell: answerCell,
    by: (row) => STATE_ORDER.indexOf(suppose.answers.get(row.number).state),
  },
  {
    key: "levers",
    title: "Levers that reach it",
    opens: "levers",
    cell: leversCell,
    by: (row) => -suppose.answers.get(row.number).levers.length,
  },
  { key: "copy", title: "Copy", opens: "copy", cell: copyCell, by: (row) => (row.stand_in ? "0" : "1") + row.copy },
];
const LEVERS_SHOWN = 2;
const ROWS_LAID_OUT = 80; // past this only the rows in sight are laid out

const table = { trs: new Map(), sort: "number", down: false, at: { row: -1, column: 1 }, grid: null };

function modelCell(row) {
  return [
    h("span", { class: "model-name" }, breakable(row.label)),
    h(
      "span",
      { class: "tags" },
      h("span", { class: "tag" }, row.kind),
      " · ",
      h("span", { class: row.pin === "moving" ? "tag tag--warn" : "tag" }, pinWords(row)),
    ),
  ];
}

// Long names may break after a slash, a dash or a dot.
function breakable(text) {
  return text.split(/(?<=[/\-_.:])/).flatMap((part) => [part, document.createElement("wbr")]);
}

function usedCell(row) {
  const services =
    row.services.length > 3 ? [...row.services.slice(0, 3), `${row.services.length - 3} more`] : row.services;
  const environments = row.environments.filter((name) => name !== UNKNOWN).join(", ");
  return [
    h("span", { class: "line" }, services.join(", ") || "no service"),
    h("span", { class: "sub" }, join([count(row.uses.length, "use"), environments])),
  ];
}

function weightsWords(row) {
  const makers = row.makers.map(orgLabel).join(", ") || UNKNOWN;
  const bases = row.bases.map(orgLabel).join(", ");
  return bases ? `${makers} ← ${bases}` : makers;
}

function weightsCell(row) {
  const makers = h("span", { class: "line" }, row.makers.length ? orgList(row.makers) : UNKNOWN);
  const bases = row.bases.length
    ? h("span", { class: "line" }, h("span", { class: "arrow", "aria-label": "built on" }, "← "), orgList(row.bases))
    : null;
  const packed = row.repackagers.length
    ? h("span", { class: "sub" }, `packed by ${row.repackagers.map((org) => org.name).join(", ")}`)
    : null;
  return [makers, bases, packed];
}

function orgList(orgs) {
  return orgs.map((org, at) => [at ? ", " : "", org.name, org.country ? ` ·\u00a0${org.country}` : ""]);
}

function runsWords(row) {
  if (row.kind === "hosted") return row.endpoint ? orgLabel(row.endpoint) : "not known";
  return "here";
}

function runsCell(row) {
  const engines = row.engines.slice(0, 2).join(", ");
  return [
    h("span", { class: "line" }, row.endpoint ? orgList([row.endpoint]) : runsWords(row)),
    engines ? h("span", { class: "sub" }, engines) : null,
  ];
}

function answerCell(row) {
  const answer = suppose.answers.get(row.number);
  const cold = answer.state === "stops" ? (row.kind === "hosted" ? "at once" : "at next cold start") : "";
  const was =
    answer.changed && answer.was !== answer.state
      ? h("span", { class: "sub was" }, `otherwise ${STATES[answer.was].word.toLowerCase()}`)
      : null;
  return [chip(answer.state), cold ? h("span", { class: "sub" }, cold) : null, was];
}

function chip(state) {
  return h("span", { class: `chip chip--${state}` }, icon(state), STATES[state].word);
}

function leversCell(row) {
  const answer = suppose.answers.get(row.number);
  const supposed = answer.supposed.map((lever) =>
    h("span", { class: "line lever lever--supposed" }, lever, h("span", { class: "sub" }, "supposed")),
  );
  const shown = row.bites.slice(0, LEVERS_SHOWN).map(leverLine);
  const more = row.bites.length - shown.length;
  const rest = more > 0 ? [h("span", { class: "sub" }, `and ${more} more`)] : [];
  const all = [...supposed, ...shown, ...rest];
  const looked = row.quietLevers.length ? `${row.quietLevers.length} looked at` : "none speaks of it";
  const words = `${looked}, evidence to ${report.horizon}`;
  const heard = h("span", { class: "sub" }, dated(words));
  return all.length ? all : [h("span", { class: "line muted" }, "none that bites"), heard];
}

function leverLine(group) {
  const [worst] = group;
  const acts = unique(group.map((finding) => finding.act)).join(", ");
  return h(
    "span",
    { class: "line lever" },
    worst.lever,
    h("span", { class: "sub" }, dated(join([acts, answerWords(worst), standingWords(worst.standing)]))),
  );
}

function answerWords(finding) {
  const effect = finding.effect === "open" ? "" : `effect ${finding.effect}`;
  const reach = finding.reach === "open" ? "" : `reach ${finding.reach}`;
  return join([effect, reach], ", ");
}

function standingWords(standing) {
  if (standing.from_scenario) return "supposed by the scenario";
  return `${standing.status.replaceAll("-", " ")} since ${standing.since}${standing.unverified ? ", unverified after the evidence ends" : ""}`;
}

function copyCell(row) {
  const kept =
    row.copy === "n/a" ? null : h("span", { class: "line" }, dated(row.copy === "none" ? "no copy" : row.copy));
  const standIn = row.stand_in
    ? h("span", { class: "line" }, h("span", { class: "sub" }, "stand-in "), breakable(row.stand_in.model))
    : null;
  return kept || standIn ? [kept, standIn] : [h("span", { class: "line muted" }, "no stand-in")];
}

// --- drawing ------------------------------------------------------------------------------------------------------

function drawTable() {
  if (!modelRows.length)
    return byId("table").append(h("p", { class: "empty" }, "No use of a named model was found in what was read."));
  const head = h(
    "tr",
    { role: "row", "aria-rowindex": "1" },
    COLUMNS.map((column, index) =>
      h(
        "th",
        { role: "columnheader", scope: "col", class: `c-${column.key}`, "data-key": column.key },
        h(
          "button",
          { type: "button", class: "sort", tabindex: "-1", "data-column": index, onclick: () => sortBy(column.key) },
          column.title,
          h("span", { class: "sort-mark", "aria-hidden": "true" }),
        ),
      ),
    ),
  );
  const body = h("tbody", { role: "rowgroup" }, modelRows.map(drawRow));
  table.grid = h(
    "table",
    {
      role: "grid",
      class: modelRows.length > ROWS_LAID_OUT ? "grid is-long" : "grid",
      "aria-label": "Models; press Enter on a cell for its evidence",
      "aria-colcount": COLUMNS.length,
      "aria-rowcount": modelRows.length + 1,
    },
    h("thead", { role: "rowgroup" }, head),
    body,
  );
  table.grid.addEventListener("keydown", onGridKey);
  table.grid.addEventListener("click", onGridClick);
  table.grid.addEventListener("focusin", onGridFocus);
  byId("table").append(
    table.grid,
    h("p", { class: "empty", id: "nothing", hidden: true }, "No row passes these filters."),
  );
  return undefined;
}

function drawRow(row) {
  const tr = h("tr", { role: "row", "data-row": row.number });
  COLUMNS.forEach((column, index) => {
    const isName = column.key === "model";
    tr.append(
      h(
        isName ? "th" : "td",
        {
          role: isName ? "rowheader" : "gridcell",
          scope: isName ? "row" : null,
          tabindex: "-1",
          class: `c-${column.key}`,
          "data-column": index,
          "data-label": column.title,
        },
        column.cell(row),
      ),
    );
  });
  table.trs.set(row.number, tr);
  return tr;
}

function paintRows() {
  for (const row of modelRows) {
    const tr = table.trs.get(row.number);
    const answer = suppose.answers.get(row.number);
    tr.className = `row row--${answer.state}${answer.changed ? " is-changed" : ""}`;
    for (const index of [5, 6]) tr.children[index].replaceChildren(...COLUMNS[index].cell(row).filter(Boolean));
  }
}

function paintShown() {
  const shown = new Set(shownRows().map((row) => row.number));
  for (const [number, tr] of table.trs) tr.hidden = !shown.has(number);
  const left = modelRows.filter((row) => shown.has(row.number));
  const part = left.length === modelRows.length ? "" : `${left.length} of `;
  byId("shown").textContent = `${part}${count(modelRows.length, "row")}, ${count(sumUses(left), "use")}`;
  paintUnresolved(shown);
  if (!table.grid) return;
  byId("nothing").hidden = left.length > 0;
  order();
}

// --- sorting ------------------------------------------------------------------------------------------------------

function drawSortSelect() {
  return h(
    "select",
    {
      id: "sort-by",
      onchange: (event) => {
        table.down = false;
        table.sort = event.target.value;
        paintSort();
      },
    },
    COLUMNS.map((column) => h("option", { value: column.key }, column.title)),
  );
}

function sortBy(key) {
  table.down = table.sort === key ? !table.down : false;
  table.sort = key;
  paintSort();
}

function paintSort() {
  if (!table.grid) return;
  const { by } = COLUMNS.find((column) => column.key === table.sort);
  const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
  const sorted = [...modelRows].sort((a, b) => (table.down ? -1 : 1) * compare(by(a), by(b)) || a.number - b.number);
  table.grid.tBodies[0].append(...sorted.map((row) => table.trs.get(row.number)));
  for (const th of table.grid.tHead.rows[0].cells) {
    if (th.dataset.key === table.sort) th.setAttribute("aria-sort", table.down ? "descending" : "ascending");
    else th.removeAttribute("aria-sort");
  }
  byId("sort-by").value = table.sort;
  order();
}

// The numbers of the rows that are shown, in their order: models first, then what is not resolved.
function shownNumbers() {
  const models = table.grid ? [...table.grid.tBodies[0].rows].filter((tr) => !tr.hidden) : [];
  const open = [...unresolvedItems].filter(([, item]) => !item.hidden).map(([number]) => number);
  return [...models.map((tr) => Number(tr.dataset.row)), ...open];
}

// Row numbers for assistive technology follow what is shown; the first shown cell takes the tab stop when its row went.
function order() {
  const shown = [...table.grid.tBodies[0].rows].filter((tr) => !tr.hidden);
  shown.forEach((tr, index) => tr.setAttribute("aria-rowindex", index + 2));
  const current = table.grid.querySelector('[tabindex="0"]');
  if (!current || current.closest("tr").hidden) setTabStop(shown[0]?.children[1] ?? headButtons()[0]);
}

// --- keys and clicks ----------------------------------------------------------------------------------------------

function headButtons() {
  return [...table.grid.tHead.querySelectorAll("button")];
}

function setTabStop(cell) {
  for (const old of table.grid.querySelectorAll('[tabindex="0"]')) old.tabIndex = -1;
  if (cell) cell.tabIndex = 0;
}

function onGridFocus(event) {
  const cell = event.target.closest("[data-column]");
  if (cell) setTabStop(cell);
}

function onGridKey(event) {
  const cell = event.target.closest("[data-column]");
  if (!cell || event.altKey || event.metaKey) return;
  if ((event.key === "Enter" || event.key === " ") && cell.tagName !== "BUTTON") {
    event.preventDefault();
    openCell(cell);
    return;
  }
  const next = nextCell(cell, event);
  if (!next) return;
  event.preventDefault();
  next.focus();
  next.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function nextCell(cell, event) {
  const lines = [
    headButtons(),
    ...[...table.grid.tBodies[0].rows].filter((tr) => !tr.hidden).map((tr) => [...tr.children]),
  ];
  const at = lines.findIndex((line) => line.includes(cell));
  const column = Number(cell.dataset.column);
  const last = lines.length - 1;
  const go = (line, to) => lines[Math.max(0, Math.min(last, line))][Math.max(0, Math.min(COLUMNS.length - 1, to))];
  switch (event.key) {
    case "ArrowUp":
      return go(at - 1, column);
    case "ArrowDown":
      return go(at + 1, column);
    case "ArrowLeft":
      return go(at, column - 1);
    case "ArrowRight":
      return go(at, column + 1);
    case "PageUp":
      return go(at - 10, column);
    case "PageDown":
      return go(at + 10, column);
    case "Home":
      return go(event.ctrlKey ? 1 : at, 0);
    case "End":
      return go(event.ctrlKey ? last : at, COLUMNS.length - 1);
    default:
      return null;
  }
}

function onGridClick(event) {
  const cell = event.target.closest("td, th[data-column]");
  if (!cell || String(getSelection())) return;
  cell.focus();
  openCell(cell);
}

function openCell(cell) {
  openEvidence(Number(cell.closest("tr").dataset.row), COLUMNS[Number(cell.dataset.column)].opens);
}
