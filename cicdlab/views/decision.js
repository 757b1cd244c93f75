// The decision view does not change: Python draws it (decision_html.py), and this module puts it in its place.

function render({ model, el }) {
  el.append(...h("div", { html: model.get("picture") }).children);
}

export default { render };
