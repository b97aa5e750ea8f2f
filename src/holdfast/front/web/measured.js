// What a page of figures does besides being read: its theme, and the figures as a file.

const byId = (id) => document.getElementById(id);
const THEMES = ["automatic", "dark", "light"];

function setTheme(theme) {
  if (theme === "automatic") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  byId("theme").textContent = `Theme: ${theme}`;
}

function nextTheme() {
  const now = document.documentElement.dataset.theme ?? "automatic";
  const theme = THEMES[(THEMES.indexOf(now) + 1) % THEMES.length];
  setTheme(theme);
  // A file opened from disk may be refused storage; the page works without.
  try {
    localStorage.setItem("holdfast-theme", theme);
  } catch {
    /* not kept */
  }
}

function recall() {
  try {
    return localStorage.getItem("holdfast-theme");
  } catch {
    return null;
  }
}

function download() {
  const figures = JSON.parse(byId("run-data").textContent);
  const made = URL.createObjectURL(new Blob([JSON.stringify(figures, null, 2)], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = made;
  link.download = `measured-${String(figures.started_at ?? "").replace(/[^0-9TZ]/g, "") || "run"}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(made), 1000);
}

// On paper everything is open: there is nobody to press. Afterwards it is as it was.
let opened = [];

function openAll() {
  opened = [...document.querySelectorAll("details:not([open])")];
  for (const part of opened) part.open = true;
}

function closeAgain() {
  for (const part of opened) part.open = false;
}

const kept = recall();
if (THEMES.includes(kept)) setTheme(kept);
byId("theme").addEventListener("click", nextTheme);
byId("download").addEventListener("click", download);
byId("theme").hidden = false;
byId("download").hidden = false;
addEventListener("beforeprint", openAll);
addEventListener("afterprint", closeAgain);
