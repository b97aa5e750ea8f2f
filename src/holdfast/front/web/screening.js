// What official lists say of those involved. A hit is shown in words and is no verdict; without lists the page says so.

function hitsOf(row) {
  return (report.screening?.involved ?? []).filter((one) => one.says.length && one.rows.includes(row.number));
}

function drawHit(one) {
  const rows = one.rows.length ? `${one.rows.length === 1 ? "row" : "rows"} ${one.rows.join(", ")}` : "";
  return [
    h("b", {}, one.name),
    ` ${join(["", ...one.parts, rows])}`,
    one.says.map((line) => h("p", { class: "sub" }, dated(line))),
  ];
}

// In the evidence of one row: its hits, then what was screened and what is not known.
function drawScreening(row) {
  if (!report.screening) return null;
  const hits = hitsOf(row).map((one) => h("li", {}, drawHit(one)));
  return [
    h("h4", {}, "Official lists"),
    hits.length ? h("ul", { class: "plain hits" }, hits) : null,
    report.screening.says.map((line) => h("p", { class: "sub" }, dated(line))),
  ];
}

function screeningPart() {
  if (!report.screening) return null;
  const hits = report.screening.involved.filter((one) => one.says.length);
  return part(
    "Official lists",
    hits.length || null,
    report.screening.says.join(" "),
    hits.length ? list(hits.map(drawHit)) : null,
    hits.length > 0,
  );
}
