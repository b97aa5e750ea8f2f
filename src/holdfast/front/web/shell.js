// What every page does: its theme, which is the system's until the button chooses another.

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
  rememberTheme(theme);
}

// A file opened from disk may be refused storage; the page works without.
function rememberTheme(theme) {
  try {
    localStorage.setItem("holdfast-theme", theme);
  } catch {
    /* not kept */
  }
}

function recallTheme() {
  try {
    return localStorage.getItem("holdfast-theme");
  } catch {
    return null;
  }
}

const kept = recallTheme();
if (THEMES.includes(kept)) setTheme(kept);
byId("theme").addEventListener("click", nextTheme);
byId("theme").hidden = false;
