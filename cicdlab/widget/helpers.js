// Shared by all widgets: esm() in assets.py puts this file in front of each widget's module.

/** Make an element: h("p", {class: "x", onclick: f}, "text", child). Values of false and null are left out. */
function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "html") element.innerHTML = value; // only HTML made by the course's own Python
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Replace an element's content, unless it is the same: a replaced element loses focus and selection. */
function fill(element, html) {
  if (element.shown === html) return false;
  element.shown = html;
  element.innerHTML = html; // only HTML made by the course's own Python
  return true;
}

/** Change what a live region says, when that is new: only then it is spoken. */
function say(region, words) {
  if (region.textContent !== words) region.textContent = words;
}

let idCount = 0;
/** An id for an element, used once on this page by this module. */
function newId(stem) {
  idCount += 1;
  return `cicd-${stem}-${idCount}`;
}
