// The build view. Python draws the parts (build_html.py), so that a reader without JavaScript sees the same; this module puts
// them in place, keeps the reader's place while they change, and leads to the line that failed.

function render({ model, el }) {
  const news = h("p", { class: "cicd-unseen", role: "status" });
  const head = h("div");
  const phases = h("div");
  const log = h("pre", { class: "cicd-log", tabindex: "0", role: "group" });
  const jump = h("button", { type: "button", onclick: () => showFailure().focus({ preventScroll: true }) });
  jump.textContent = "Go to the line that failed";
  const title = h("div", { class: "cicd-log-head" }, h("p", {}, "Log"), jump);
  el.append(h("div", { class: "cicd cicd-view cicd-build" }, head, news, phases, title, log));

  const failure = () => log.querySelector(".cicd-failing");

  /** Scroll the log, and not the page, to the failure; what led to it stands above it. */
  function showFailure() {
    const line = failure();
    const distance = line.getBoundingClientRect().top - log.getBoundingClientRect().top;
    log.scrollTop += distance - log.clientHeight * 0.7;
    return line;
  }

  function draw() {
    const parts = model.get("parts");
    const atEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 4;
    const place = log.scrollTop;
    const failed = failure() !== null;
    log.setAttribute("aria-label", `Log of ${parts.title}`);
    fill(head, parts.head);
    fill(phases, parts.phases);
    if (!fill(log, parts.log)) return;
    log.scrollTop = atEnd ? log.scrollHeight : place;
    jump.hidden = failure() === null;
    if (failure() && !failed) showFailure();
  }

  /** Tell those who listen how the build stands. */
  const tell = () => say(news, model.get("parts").news);

  function change() {
    draw();
    tell();
  }

  model.on("change:parts", change);
  draw();
  // Nothing can scroll, and nothing is listened to, before the view is in its place.
  const sized = new ResizeObserver(() => {
    if (!log.clientHeight) return;
    sized.disconnect();
    if (failure()) showFailure();
    else if (model.get("watched")) log.scrollTop = log.scrollHeight;
    if (model.get("watched")) tell();
  });
  sized.observe(log);
  return () => {
    sized.disconnect();
    model.off("change:parts", change);
  };
}

export default { render };
