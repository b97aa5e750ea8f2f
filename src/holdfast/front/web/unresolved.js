// Uses whose model has no name in the code: a list of their own after the models, under the same filters.

const PLACES_SHOWN = 2;
const unresolvedItems = new Map();

function drawUnresolved() {
  if (!unresolvedRows.length) return;
  for (const row of unresolvedRows) unresolvedItems.set(row.number, drawExpression(row));
  append(byId("unresolved"), [
    h(
      "div",
      { class: "block-head" },
      h("h2", { id: "unresolved-title" }, "Not resolved"),
      h("p", { class: "shown", id: "unresolved-shown" }),
    ),
    h("p", { class: "muted small" }, "The name is not in what was read, so nothing was assessed."),
    h("ul", { class: "unresolved" }, [...unresolvedItems.values()]),
  ]);
}

function drawExpression(row) {
  const places = unique(row.uses.map((use) => `${use.place.path}:${use.place.line}`));
  const more = places.length - PLACES_SHOWN;
  const where = places.slice(0, PLACES_SHOWN).join(", ") + (more > 0 ? ` and ${more} more` : "");
  const why = unique(row.uses.map((use) => use.note).filter(Boolean)).join("; ") || "set from outside";
  const environments = row.environments.filter((name) => name !== UNKNOWN).join(", ");
  return h(
    "li",
    { class: "row--unresolved", "data-row": row.number },
    h(
      "button",
      { type: "button", class: "expression", onclick: () => openEvidence(row.number, "summary") },
      h("span", { class: "sub" }, `${row.number} `),
      h("span", { class: "model-name" }, breakable(row.label)),
    ),
    h("span", { class: "line" }, breakable(where)),
    h("span", { class: "sub" }, join([why, row.services.join(", "), environments])),
  );
}

function paintUnresolved(shown) {
  for (const [number, item] of unresolvedItems) item.hidden = !shown.has(number);
  const left = unresolvedRows.filter((row) => shown.has(row.number));
  byId("unresolved").hidden = !left.length;
  if (left.length) byId("unresolved-shown").textContent = count(sumUses(left), "use");
}
