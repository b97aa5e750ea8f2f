// The page: draws every part once, then repaints what a switch or a filter changes.

function refresh() {
  recompute();
  paintSuppose();
  paintRows();
  refilter();
}

function refilter() {
  paintFilters();
  paintShown();
  paintBalance();
  paintMap();
  writeAddress();
}

// --- the address: what is switched on and filtered, so that a link shows the same ---------------------------------

function readAddress() {
  const asked = new URLSearchParams(location.hash.slice(1));
  for (const id of asked.getAll("if")) {
    const whatIf = whatIfById.get(id);
    if (whatIf) suppose.on.set(whatIf.scenario, id);
  }
  for (const key of ["text", "state", ...CHOICES.map((choice) => choice.key)]) {
    if (asked.has(key)) filters[key] = asked.get(key);
  }
}

function writeAddress() {
  const said = new URLSearchParams([...suppose.on.values()].map((id) => ["if", id]));
  for (const [key, value] of Object.entries(filters)) if (value) said.set(key, value);
  const hash = String(said) ? `#${said}` : "";
  if (hash === location.hash) return;
  // A viewer may refuse to rewrite the address of a file; the page works without.
  try {
    history.replaceState(null, "", hash || location.pathname);
  } catch {
    /* not written */
  }
}

// --- start --------------------------------------------------------------------------------------------------------

readAddress();
recompute();
drawSuppose();
drawFilters();
drawTable();
drawUnresolved();
drawMapSection();
drawRecord();
paintSuppose();
paintRows();
paintSort();
refilter();

byId("evidence").addEventListener("click", (event) => {
  if (event.target === byId("evidence")) byId("evidence").close();
});
let widthDrawn = innerWidth;
addEventListener("resize", () => {
  if (innerWidth === widthDrawn) return;
  widthDrawn = innerWidth;
  requestAnimationFrame(paintMap);
});
addEventListener("keydown", (event) => {
  if (
    event.key === "/" &&
    !/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName) &&
    !byId("evidence").open
  ) {
    event.preventDefault();
    byId("filter-text").focus();
  }
});
