// What the map shows, before it has a place: boxes by column, and lines that carry the rows they stand for.

const MODELS_DRAWN = 18;
const NODES_DRAWN = 14;

class Graph {
  constructor() {
    this.columns = [[], [], [], [], []];
    this.nodes = new Map();
    this.edges = new Map();
  }

  node(column, key, make) {
    const id = `${column}|${key}`;
    if (!this.nodes.has(id)) {
      const node = { id, column, rows: new Set(), weight: 0, height: NODE.height, ...make };
      this.nodes.set(id, node);
      this.columns[column].push(node);
    }
    return this.nodes.get(id);
  }

  edge(from, to, row, kind, weight = 1, state = "") {
    const id = `${from.id}>${to.id}>${kind}>${state}`;
    if (!this.edges.has(id)) this.edges.set(id, { from, to, kind, state, weight: 0, rows: new Set() });
    const edge = this.edges.get(id);
    edge.weight += weight;
    for (const node of [from, to, edge]) node.rows.add(row.number);
  }
}

function buildGraph(shown, { expand }) {
  const graph = new Graph();
  const grouped = shown.length > MODELS_DRAWN;
  const keep = {
    service: topOf(shown.flatMap((row) => [...row.usesByService.keys()])),
    org: topOf(shown.flatMap((row) => row.orgs)),
    lever: topOf(shown.flatMap((row) => suppose.answers.get(row.number).levers)),
  };
  const groups = grouped ? topOf(shown.map(groupKey), MODELS_DRAWN) : null;
  for (const row of shown) {
    const answer = suppose.answers.get(row.number);
    const model = grouped ? groupNode(graph, row, answer, groups) : modelNode(graph, row, answer);
    model.weight += row.uses.length;
    model.members = (model.members ?? 0) + 1;
    addUses(graph, row, model, answer, keep, expand);
    if (!row.unresolved) addOrigin(graph, row, model, keep, grouped);
    addLevers(graph, row, model, answer, keep);
  }
  return graph;
}

// The most frequent values; null when all of them fit.
function topOf(values, limit = NODES_DRAWN) {
  const found = tally(values);
  if (found.size <= limit) return null;
  return new Set(
    [...found]
      .sort((a, b) => b[1] - a[1])
      .slice(0, limit - 1)
      .map(([value]) => value),
  );
}

function groupKey(row) {
  return `${row.makers[0]?.name ?? (row.unresolved ? "no name" : UNKNOWN)}|${suppose.answers.get(row.number).state}`;
}

function modelNode(graph, row, answer) {
  return graph.node(1, row.number, {
    title: lastPart(row.label),
    full: row.label,
    sub: join([STATES[answer.state].word, count(row.uses.length, "use")]),
    state: answer.state,
    order: STATE_ORDER.indexOf(answer.state) * 1e4 + row.number,
    press: () => openEvidence(row.number, "summary"),
    says: "Model",
  });
}

function groupNode(graph, row, answer, groups) {
  const known = !groups || groups.has(groupKey(row));
  const maker = row.makers[0]?.name ?? (row.unresolved ? "no name" : UNKNOWN);
  const key = known ? groupKey(row) : `rest|${answer.state}`;
  return graph.node(1, key, {
    title: known ? maker : "other makers",
    grouped: true,
    state: answer.state,
    order: STATE_ORDER.indexOf(answer.state) * 1e4 + row.number,
    says: "Group of models",
    press: () => {
      filters.state = answer.state;
      if (known && row.makers.length) filters.org = maker;
      refilter();
    },
  });
}

function addUses(graph, row, model, answer, keep, expand) {
  if (expand) {
    row.uses.slice(0, 12).forEach((use, index) => {
      const node = graph.node(0, index, {
        title: `${lastPart(use.place.path)}:${use.place.line}`,
        full: `${use.place.path}:${use.place.line}`,
        sub: join([use.service, use.environment === UNKNOWN ? "" : use.environment]),
        says: "Use",
      });
      graph.edge(node, model, row, "use", 1, answer.state);
    });
    if (row.uses.length > 12)
      graph.edge(
        graph.node(0, "more", { title: `and ${row.uses.length - 12} more uses`, says: "More" }),
        model,
        row,
        "use",
        1,
        answer.state,
      );
    return;
  }
  for (const [service, uses] of row.usesByService) {
    const shown = !keep.service || keep.service.has(service);
    const name = shown ? service || "no service" : "other services";
    const node = graph.node(0, name, {
      title: name,
      says: "Service",
      press: shown && service ? () => setFilter("service", service) : null,
    });
    node.weight += uses;
    graph.edge(node, model, row, "use", uses, answer.state);
  }
}

function addOrigin(graph, row, model, keep, grouped) {
  const nearest = unique(row.lineage.filter((edge) => edge.child === row.model).map((edge) => edge.base));
  const bases = grouped ? [] : nearest.map((base) => baseNode(graph, row, base));
  for (const base of bases) graph.edge(model, base, row, "base");
  for (const org of row.builders) {
    const node = orgNode(graph, org, keep);
    const from = org.how === "base" && bases.length === 1 ? bases[0] : model;
    graph.edge(from, node, row, org.how === "base" && from === model ? "base" : "built");
  }
  if (row.endpoint) graph.edge(model, orgNode(graph, row.endpoint, keep), row, "runs");
}

function baseNode(graph, row, base) {
  const further = unique(row.lineage.filter((edge) => edge.child === base).map((edge) => shortName(edge.base)));
  const relation = row.lineage.find((edge) => edge.base === base).relation;
  return graph.node(2, base, {
    title: lastPart(shortName(base)),
    full: shortName(base),
    sub: further.length ? `← ${further.map(lastPart).join(", ")}` : relation,
    says: "Built on",
  });
}

// Whose it is stands in a column of its own, so a box needs the last part of a name only.
function lastPart(label) {
  return label.includes("/") && !/[{}$\s]/.test(label) ? label.slice(label.lastIndexOf("/") + 1) : label;
}

function shortName(model) {
  return model.replace(/^pkg:huggingface\//, "").replace(/^(pkg|family):/, "");
}

function orgNode(graph, org, keep) {
  const shown = !keep.org || keep.org.has(org.name);
  const name = shown ? org.name : "others";
  return graph.node(3, name, {
    title: name,
    sub: shown ? org.country || "country unknown" : "",
    says: "Organisation",
    press: shown ? () => setFilter("org", org.name) : null,
  });
}

function addLevers(graph, row, model, answer, keep) {
  for (const lever of answer.levers) {
    const shown = !keep.lever || keep.lever.has(lever);
    const supposed = answer.supposed.includes(lever);
    const node = graph.node(4, shown ? lever : "other levers", {
      title: shown ? lever : "other levers",
      sub: supposed ? "supposed" : shortTitle(lever),
      says: "Lever",
      supposed,
      press: shown ? () => setFilter("lever", lever) : null,
    });
    graph.edge(model, node, row, "lever", 1, answer.state);
  }
}

function shortTitle(lever) {
  return leverTitles.get(lever) ?? "";
}
