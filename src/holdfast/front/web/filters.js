// Filters: what the table and the map show. A filter with fewer than two choices is not offered.

const filters = { text: "", state: "" };

const CHOICES = [
  { key: "kind", label: "Kind", of: (row) => [row.kind] },
  { key: "environment", label: "Environment", of: (row) => row.environments },
  { key: "service", label: "Service", of: (row) => (row.services.length ? row.services : ["no service"]) },
  { key: "origin", label: "Weights from", of: (row) => row.origins, name: countryName },
  { key: "endpoint", label: "Runs at", of: (row) => [row.endpointAt], name: countryName },
  { key: "org", label: "Whose", of: (row) => row.orgs },
  { key: "lever", label: "Lever", of: (row) => suppose.answers.get(row.number).levers },
  { key: "effect", label: "Effect", of: (row) => [suppose.answers.get(row.number).effect], order: EFFECTS },
  { key: "pin", label: "Pin", of: (row) => [row.unresolved ? UNKNOWN : row.pin] },
];

function passes(row) {
  if (filters.state && suppose.answers.get(row.number).state !== filters.state) return false;
  if (filters.text && !filters.text.split(/\s+/).every((word) => row.text.includes(word))) return false;
  return CHOICES.every(({ key, of }) => !filters[key] || of(row).includes(filters[key]));
}

function shownRows() {
  return rows.filter(passes);
}

function drawFilters() {
  const search = h("input", {
    type: "search",
    id: "filter-text",
    value: filters.text || null,
    placeholder: "model, path, lever…",
    autocomplete: "off",
    spellcheck: "false",
    oninput: (event) => {
      filters.text = event.target.value.trim().toLowerCase();
      refilter();
    },
  });
  const form = byId("filters");
  form.addEventListener("submit", (event) => event.preventDefault());
  append(form, [
    field("filter-text", "Search", search, "field field--wide"),
    h(
      "button",
      {
        type: "button",
        id: "filters-fold",
        class: "quiet",
        "aria-expanded": "false",
        "aria-controls": "filter-choices",
        onclick: foldFilters,
      },
      "Filters",
    ),
    h(
      "div",
      { class: "filter-choices", id: "filter-choices" },
      CHOICES.map(({ key, label }) =>
        field(
          `filter-${key}`,
          label,
          h("select", {
            id: `filter-${key}`,
            onchange: (event) => {
              filters[key] = event.target.value;
              refilter();
            },
          }),
        ),
      ),
    ),
    field("sort-by", "Sort by", drawSortSelect(), "field field--sort"),
    h("button", { type: "button", id: "filters-clear", class: "quiet", onclick: clearFilters }, "Clear filters"),
  ]);
}

// On a narrow screen the choices lie behind a button; on a wide one they always show.
function foldFilters() {
  const open = byId("filter-choices").classList.toggle("is-open");
  byId("filters-fold").setAttribute("aria-expanded", String(open));
}

function field(id, label, control, className = "field") {
  return h("div", { class: className }, h("label", { for: id }, label), control);
}

// Levers and effects change with the what-ifs, so the choices are made anew each time.
function paintFilters() {
  for (const { key, of, name, order } of CHOICES) {
    const select = byId(`filter-${key}`);
    const values = unique(rows.flatMap(of));
    if (filters[key] && !values.includes(filters[key])) values.push(filters[key]);
    values.sort(order ? (a, b) => order.indexOf(a) - order.indexOf(b) : (a, b) => a.localeCompare(b, "en"));
    select.replaceChildren(
      h("option", { value: "" }, "any"),
      ...values.map((value) => h("option", { value }, name ? name(value) : value)),
    );
    select.value = filters[key] ?? "";
    select.parentElement.hidden = values.length < 2 && !filters[key];
    select.parentElement.classList.toggle("is-set", Boolean(filters[key]));
  }
  byId("filters-clear").disabled = !isFiltered();
}

function isFiltered() {
  return Object.values(filters).some(Boolean);
}

function setFilter(key, value) {
  filters[key] = filters[key] === value ? "" : value;
  refilter();
}

function clearFilters() {
  for (const key of Object.keys(filters)) filters[key] = "";
  byId("filter-text").value = "";
  refilter();
}
