// Elements made from text and never from markup: nothing in a report can become an element, a handler or a script.

const SVG = "http://www.w3.org/2000/svg";

function h(tag, props, ...kids) {
  return fill(document.createElement(tag), props, kids);
}

function s(tag, props, ...kids) {
  return fill(document.createElementNS(SVG, tag), props, kids);
}

function fill(node, props, kids) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === false || value === undefined || value === null) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  append(node, kids);
  return node;
}

function append(node, kids) {
  for (const kid of kids.flat(Infinity)) {
    if (kid === null || kid === undefined || kid === false || kid === "") continue;
    node.append(kid instanceof Node ? kid : document.createTextNode(String(kid)));
  }
}

function icon(name) {
  return s("svg", { class: "icon", "aria-hidden": "true", focusable: "false" }, s("use", { href: `#i-${name}` }));
}

function count(number, noun) {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

function unique(items) {
  return [...new Set(items)];
}

function join(parts, mark = " · ") {
  return parts.filter(Boolean).join(mark);
}

// Dates are not broken at their dashes.
function dated(text) {
  return text.split(/(\d{4}-\d{2}-\d{2})/).map((part, at) => (at % 2 ? h("span", { class: "nowrap" }, part) : part));
}

// Only web addresses become links; whatever else a source gives stays text.
function webAddress(text) {
  return /^https?:\/\/[^\s]+$/i.test(text ?? "") ? text : null;
}
