// The deployment view. Python draws the parts (deployment_html.py); this module makes the table a grid to walk in, and
// shows what the event in the chosen cell says.

const CHOOSE = "Choose a cell to read what the event did on the target.";
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

function render({ model, el }) {
  const news = h("p", { class: "cicd-unseen", role: "status" });
  const head = h("div");
  const grid = h("div");
  const about = h("div", { id: newId("about") });
  const title = h("p", { class: "cicd-detail-title" });
  const log = h("pre", { tabindex: "0", role: "group", hidden: true });
  const panel = h("div", { class: "cicd-detail", role: "group", "aria-label": "The chosen cell" }, title, about, log);
  const root = h("div", { class: "cicd cicd-view cicd-deployment", "data-lm-suppress-shortcuts": "true" });
  const replay = replayer(root, detail);
  root.append(head, news, replay.element, grid, panel);
  el.append(root);
  let chosen = null; // [row, column]

  const rows = () => [...grid.querySelectorAll("tbody tr")].map((row) => [...row.querySelectorAll("td")]);
  const cellAt = ([row, column]) => rows()[row]?.[column];

  /** Roles, one cell in the tab order, and the names of the headers for each cell. */
  function prepare() {
    const table = grid.querySelector("table");
    if (!table) return detail();
    table.setAttribute("role", "grid");
    grid.querySelector(".cicd-scroll").removeAttribute("tabindex"); // the cells scroll it
    rows().forEach((cells, row) =>
      cells.forEach((cell, column) => {
        cell.setAttribute("role", "gridcell");
        cell.place = [row, column];
      }),
    );
    return choose(chosen && cellAt(chosen) ? chosen : firstFailure());
  }

  function firstFailure() {
    const failed = grid.querySelector("td .cicd-bad");
    return failed ? failed.closest("td").place : null;
  }

  function choose(place) {
    chosen = place;
    rows()
      .flat()
      .forEach((cell) => {
        const here = place && cell === cellAt(place);
        cell.tabIndex = here || (!place && cell === cellAt([0, 0])) ? 0 : -1;
        cell.setAttribute("aria-selected", String(Boolean(here)));
        if (here) cell.setAttribute("aria-describedby", about.id);
        else cell.removeAttribute("aria-describedby");
      });
    detail();
  }

  /** What the chosen cell's event says, as far as it is known at the step of the replay. */
  function detail() {
    const cell = chosen && cellAt(chosen);
    panel.hidden = rows().length === 0;
    if (!cell) return put(CHOOSE, "", "");
    const mark = cell.querySelector("[data-item]");
    const event = grid.querySelectorAll("thead th")[chosen[1] + 1].textContent;
    const target = cell.closest("tr").querySelector("th span").textContent;
    if (!mark) return put(`${event} on ${target}`, "<p>This target has no such event.</p>", "");
    const done = replay.standing(mark.dataset.item) === SETTLED;
    const html = done ? (model.get("parts").details[chosen.join(".")] ?? "<p>CodeDeploy says nothing more of it.</p>") : "";
    const parts = h("div", { html });
    const text = parts.querySelector("pre");
    text?.remove();
    const state = mark.cloneNode(true);
    delete state.dataset.item;
    return put(`${event} on ${target} `, parts.innerHTML, text?.textContent ?? "", state);
  }

  function put(words, html, text, ...state) {
    title.replaceChildren(words, ...state);
    fill(about, html);
    log.hidden = text === "";
    log.setAttribute("aria-label", `Log: ${words}`);
    if (log.textContent === text) return;
    log.textContent = text;
    log.scrollTop = log.scrollHeight;
  }

  grid.addEventListener("click", (event) => {
    const cell = event.target.closest("td");
    if (!cell) return;
    choose(cell.place);
    cell.focus();
  });
  grid.addEventListener("focusin", (event) => {
    const cell = event.target.closest("td");
    if (cell && String(cell.place) !== String(chosen)) choose(cell.place);
  });
  grid.addEventListener("keydown", (event) => {
    const from = event.target.closest("td")?.place;
    if (!from) return;
    const to = next(event, from);
    if (!to || !cellAt(to)) return;
    event.preventDefault();
    cellAt(to).focus();
  });

  function next(event, [row, column]) {
    const last = rows()[row].length - 1;
    const far = event.ctrlKey;
    if (event.key === "Home") return [far ? 0 : row, 0];
    if (event.key === "End") return [far ? rows().length - 1 : row, last];
    const [down, right] = STEPS[event.key] ?? [0, 0];
    return down || right ? [row + down, column + right] : null;
  }

  function draw() {
    const parts = model.get("parts");
    const focused = grid.contains(document.activeElement) && chosen;
    fill(head, parts.head);
    if (fill(grid, parts.grid)) {
      prepare();
      if (focused) cellAt(chosen)?.focus({ preventScroll: true });
    } else detail();
    replay.load(model.get("replay") ?? {});
  }

  /** Tell those who listen how the deployment stands. */
  const tell = () => say(news, model.get("parts").news);

  function change() {
    draw();
    tell();
  }

  /** Scroll the grid, and not the page, to the chosen cell. */
  function reveal() {
    const cell = chosen && cellAt(chosen);
    if (!cell) return;
    const region = grid.querySelector(".cicd-scroll");
    const past = cell.getBoundingClientRect().right - region.getBoundingClientRect().right;
    if (past > 0) region.scrollLeft += past;
  }

  model.on("change:parts", change);
  model.on("change:replay", draw);
  draw();
  // Nothing can scroll, and nothing is listened to, before the view is in its place.
  const sized = new ResizeObserver(() => {
    if (!grid.clientWidth) return;
    sized.disconnect();
    reveal();
    if (model.get("watched")) tell();
  });
  sized.observe(grid);
  return () => {
    sized.disconnect();
    replay.pause();
    model.off("change:parts", change);
    model.off("change:replay", draw);
  };
}

export default { render };
