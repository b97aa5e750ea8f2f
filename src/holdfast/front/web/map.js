// The map: services → models → what they were built on → whose → the levers that bite. It shows the filtered rows;
// many models are drawn in groups. An edge carries the rows it stands for, so that pointing at a node traces them.

const EDGES_CLEAR = 90; // past this the lines of use stay faint until a box is traced
const NODE = { height: 38, gap: 10, column: 150, space: 46, tightColumn: 124, tightSpace: 34, lane: 6 };

function drawMapSection() {
  byId("map").append(
    h("div", { class: "block-head" }, h("h2", { id: "map-title" }, "Map"), h("p", { class: "shown", id: "map-note" })),
    h(
      "p",
      { class: "muted small", id: "map-help" },
      "Who uses which model, what it was built on, whose that is, and which levers bite. Point at a box to trace it; press it to filter, or to open a model. The table holds the same facts.",
    ),
    h("div", {
      class: "map-scroll",
      id: "map-canvas",
      tabindex: "0",
      role: "group",
      "aria-label": "Map; scroll sideways on a narrow screen",
    }),
    h(
      "ul",
      { class: "legend", "aria-label": "Lines of the map" },
      legendLine("use", "uses, thicker for more"),
      legendLine("built", "built by"),
      legendLine("base", "built on"),
      legendLine("runs", "run by"),
      legendLine("lever", "bitten by a lever"),
    ),
  );
}

function legendLine(kind, words) {
  return h(
    "li",
    {},
    s(
      "svg",
      { width: 34, height: 10, "aria-hidden": "true" },
      s("path", { d: "M1 5H33", class: `edge edge--${kind}` }),
    ),
    words,
  );
}

function paintMap() {
  const shown = shownRows();
  byId("map-note").textContent =
    shown.length === rows.length ? "" : `${shown.length} of ${count(rows.length, "row")}, as filtered`;
  const canvas = byId("map-canvas");
  canvas.replaceChildren(
    shown.length ? drawMap(shown, { expand: false }) : h("p", { class: "empty" }, "Nothing to draw."),
  );
}

// --- where it is drawn --------------------------------------------------------------------------------------------

// Edges that pass a column run through a lane of their own there, so that none passes behind a box it does not touch.
function addLanes(graph, used) {
  const lanes = [];
  for (const edge of graph.edges.values()) {
    edge.via = [];
    for (const column of used.filter((c) => c > edge.from.column && c < edge.to.column)) {
      const lane = graph.node(column, `lane|${edge.from.id}|${edge.kind === "lever" ? "lever" : edge.to.column}`, {
        lane: true,
        height: NODE.lane,
        like: edge.from,
      });
      edge.via.push(lane);
      lanes.push(lane);
    }
  }
  return unique(lanes);
}

function layOut(graph, width, tight) {
  const used = [0, 1, 2, 3, 4].filter((column) => graph.columns[column].length);
  addLanes(graph, used);
  for (const model of graph.columns[1])
    if (model.grouped) model.sub = join([STATES[model.state].word, count(model.members, "model")]);
  for (const service of graph.columns[0]) if (service.says === "Service") service.sub = count(service.weight, "use");
  const space = tight ? NODE.tightSpace : NODE.space;
  const boxWidth = Math.max(
    tight ? NODE.tightColumn : NODE.column,
    Math.min(250, (width - space * (used.length - 1) - 4) / used.length),
  );
  stack(graph.columns[1].sort((a, b) => a.order - b.order));
  for (const column of used.filter((c) => c !== 1)) arrange(graph, column);
  centreModels(graph);
  for (const column of used.filter((c) => c !== 1)) arrange(graph, column);
  used.forEach((column, index) =>
    graph.columns[column].forEach((node) => {
      node.x = 2 + index * (boxWidth + space);
      node.width = boxWidth;
    }),
  );
  const bottom = Math.max(...[...graph.nodes.values()].map((node) => node.y + node.height));
  const top = Math.min(...[...graph.nodes.values()].map((node) => node.y));
  for (const node of graph.nodes.values()) node.y += 26 - top;
  return { used, boxWidth, space, width: used.length * (boxWidth + space) - space + 4, height: bottom - top + 34 };
}

function stack(nodes) {
  let y = 0;
  for (const node of nodes) {
    node.y = y;
    y += node.height + NODE.gap;
  }
}

const middle = (node) => node.y + node.height / 2;

// A column's boxes stand by the mean height of their neighbours, then are pushed apart, keeping the centre.
function arrange(graph, column) {
  const nodes = graph.columns[column];
  const ends = edgesByNode(graph);
  for (const node of nodes) {
    const near = (ends.get(node) ?? []).flatMap((edge) => neighbourHeights(edge, node));
    node.wish = node.lane ? middle(node.like) : near.length ? near.reduce((a, b) => a + b, 0) / near.length : 0;
  }
  nodes.sort((a, b) => a.wish - b.wish);
  let y = -Infinity;
  for (const node of nodes) {
    node.y = Math.max(node.wish - node.height / 2, y);
    y = node.y + node.height + (node.lane ? 4 : NODE.gap);
  }
  const drift = nodes.reduce((sum, node) => sum + middle(node) - node.wish, 0) / (nodes.length || 1);
  for (const node of nodes) node.y -= drift;
}

function edgesByNode(graph) {
  const ends = new Map();
  for (const edge of graph.edges.values()) {
    for (const node of [edge.from, edge.to]) ends.set(node, [...(ends.get(node) ?? []), edge]);
  }
  return ends;
}

function neighbourHeights(edge, node) {
  const other = edge.from === node ? edge.to : edge.to === node ? edge.from : null;
  return other?.y === undefined ? [] : [middle(other)];
}

function centreModels(graph) {
  const models = graph.columns[1];
  const others = Math.max(
    0,
    ...graph.columns
      .filter((_, column) => column !== 1)
      .map((nodes) => nodes.reduce((sum, n) => sum + n.height + (n.lane ? 4 : NODE.gap), 0)),
  );
  const own = models.reduce((sum, node) => sum + node.height + NODE.gap, 0);
  const extra = Math.min(26, Math.max(0, (others - own) / Math.max(1, models.length)));
  let y = 0;
  for (const node of models) {
    node.y = y;
    y += node.height + NODE.gap + extra;
  }
}

// --- drawing ------------------------------------------------------------------------------------------------------

const HEADINGS = ["Services", "Models", "Built on", "Whose", "Levers that bite"];

function drawMap(shown, { expand, width = byId("map-canvas").clientWidth || 1000 }) {
  const graph = buildGraph(shown, { expand });
  const size = layOut(graph, width, expand);
  const svg = s("svg", {
    class: graph.edges.size > EDGES_CLEAR ? "map is-dense" : "map",
    viewBox: `0 0 ${size.width} ${size.height}`,
    width: size.width,
    height: size.height,
    role: "group",
    "aria-label": describeMap(graph),
  });
  size.used.forEach((column, index) =>
    svg.append(
      s(
        "text",
        { x: 2 + index * (size.boxWidth + size.space), y: 14, class: "map-head" },
        expand && column === 0 ? "Uses" : HEADINGS[column],
      ),
    ),
  );
  const edges = [...graph.edges.values()].map((edge) => drawEdge(edge));
  const nodes = [...graph.nodes.values()].filter((node) => !node.lane).map((node) => drawNode(node));
  svg.append(s("g", { class: "edges" }, edges), s("g", { class: "nodes" }, nodes));
  trace(svg, graph, edges, nodes);
  return svg;
}

function describeMap(graph) {
  const named = (column, noun) => count(graph.columns[column].filter((node) => !node.lane).length, noun);
  return `Map of ${named(0, "user")}, ${named(1, "model or group")}, ${named(3, "organisation")} and ${named(4, "lever")}`;
}

function drawEdge(edge) {
  const points = [edge.from, ...edge.via, edge.to];
  let path = "";
  for (let index = 1; index < points.length; index += 1) {
    const [a, b] = [points[index - 1], points[index]];
    const aside = edge.kind === "runs" ? 4 : 0; // beside the line of who built it, not on it
    const [x1, y1, x2, y2] = [a.x + a.width, middle(a) + aside, b.x, middle(b) + aside];
    const bend = (x2 - x1) / 2;
    path += `${index === 1 ? `M${x1} ${y1}` : `L${x1} ${y1}`}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
  }
  const width = edge.kind === "use" ? Math.min(5, 1.2 + Math.log2(edge.weight) * 0.7) : 1.4;
  const node = s("path", {
    d: path,
    class: `edge edge--${edge.kind}${edge.state ? ` state--${edge.state}` : ""}`,
    "stroke-width": width.toFixed(2),
  });
  node.data = edge;
  return node;
}

function drawNode(node) {
  const isCode = (node.column === 1 && !node.grouped) || node.says === "Use";
  const words = join([node.full ?? node.title, node.sub], ", ");
  const fit = (text, size, indent) => cut(text, Math.floor((node.width - 10 - indent) / size));
  const group = s(
    "g",
    {
      class: `node node--${node.column}${node.state ? ` state--${node.state}` : ""}${node.supposed ? " is-supposed" : ""}${node.press ? " can-press" : ""}`,
      transform: `translate(${node.x} ${node.y})`,
      tabindex: "-1",
      role: node.press ? "button" : "img",
    },
    s("title", {}, `${node.says}: ${words}`),
    s("rect", { width: node.width, height: node.height, rx: 3 }),
    s(
      "text",
      { x: 10, y: node.sub ? 16 : 23, class: isCode ? "node-title is-code" : "node-title" },
      fit(node.title, isCode ? 6.9 : 7, 10),
    ),
    node.sub
      ? s("text", { x: node.state ? 24 : 10, y: 30, class: "node-sub" }, fit(node.sub, 6.1, node.state ? 24 : 10))
      : null,
    node.state
      ? s("use", { href: `#i-${node.state}`, x: 10, y: 21.5, width: 10, height: 10, class: "node-icon" })
      : null,
  );
  group.data = node;
  return group;
}

// Names differ at their end more than at their start, so the middle is cut.
function cut(text, chars) {
  if (text.length <= chars) return text;
  const tail = Math.floor(chars * 0.55);
  return `${text.slice(0, chars - tail - 1)}…${text.slice(text.length - tail)}`;
}

// Pointing at a box (or moving to it with the arrow keys) dims whatever shares no row with it.
function trace(svg, graph, edges, nodes) {
  const light = (node) => {
    svg.classList.toggle("is-tracing", Boolean(node));
    const touches = (other) => Boolean(node) && [...node.rows].some((row) => other.rows.has(row));
    for (const item of [...edges, ...nodes]) item.classList.toggle("is-lit", touches(item.data));
  };
  for (const item of nodes) {
    item.addEventListener("pointerenter", () => light(item.data));
    item.addEventListener("pointerleave", () => light(null));
    item.addEventListener("focus", () => light(item.data));
    item.addEventListener("blur", () => light(null));
    item.addEventListener("click", () => item.data.press?.());
  }
  const first = nodes.find((item) => item.data.column === 1) ?? nodes[0];
  if (first) first.setAttribute("tabindex", "0");
  svg.addEventListener("keydown", (event) => onMapKey(event, nodes));
}

function onMapKey(event, nodes) {
  const item = event.target.closest(".node");
  if (!item) return;
  if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    item.data.press?.();
    return;
  }
  const next = nextNode(item, event.key, nodes);
  if (!next) return;
  event.preventDefault();
  item.setAttribute("tabindex", "-1");
  next.setAttribute("tabindex", "0");
  next.focus();
}

function nextNode(item, key, nodes) {
  const here = item.data;
  const step = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[key];
  if (!step) return null;
  const candidates = nodes.filter(({ data }) =>
    step[0]
      ? Math.sign(data.x - here.x) === step[0]
      : data.column === here.column && Math.sign(data.y - here.y) === step[1],
  );
  const distance = ({ data }) => Math.abs(data.x - here.x) * 1e3 + Math.abs(data.y - here.y);
  return candidates.sort((a, b) => distance(a) - distance(b))[0] ?? null;
}
