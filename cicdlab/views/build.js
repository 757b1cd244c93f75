// The build view. Python draws the parts (html.py), so that a reader without JavaScript sees the same; this module puts
// them in place, keeps the log's place while they change, and leads to the line that failed.

function render({ model, el }) {
  const news = h("p", { class: "cicd-unseen", role: "status" });
  const head = h("div");
  const phases = h("div");
  const log = h("pre", { class: "cicd-log", tabindex: "0", role: "group" });
  const jump = h("button", { type: "button", onclick: () => toFailure(true) }, "Go to the line that failed");
  el.append(
    h("div", { class: "cicd cicd-build" }, head, news, phases, h("div", { class: "cicd-log-head" }, h("p", {}, "Log"), jump), log),
  );

  function toFailure(focus) {
    const line = log.querySelector(".cicd-failing");
    if (!line) return;
    // Only the log moves, not the page; what led to the failure stands above it.
    log.scrollTop += line.getBoundingClientRect().top - log.getBoundingClientRect().top - log.clientHeight * 0.7;
    if (focus) line.focus({ preventScroll: true });
  }

  function update() {
    const parts = model.get("parts");
    const atEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 4;
    const place = log.scrollTop;
    log.setAttribute("aria-label", `Log of ${parts.title}`);
    if (news.textContent !== parts.news) news.textContent = parts.news; // said aloud only when it is new
    head.innerHTML = parts.head; // HTML made and escaped by html.py
    phases.innerHTML = parts.phases;
    log.innerHTML = parts.log;
    log.scrollTop = atEnd ? log.scrollHeight : place;
    jump.hidden = !log.querySelector(".cicd-failing");
  }

  const change = () => {
    update();
    toFailure(false);
  };
  model.on("change:parts", change);
  update();
  // Nothing can scroll before the view has a size.
  const sized = new ResizeObserver(() => {
    if (!log.clientHeight) return;
    sized.disconnect();
    toFailure(false);
  });
  sized.observe(log);
  return () => {
    sized.disconnect();
    model.off("change:parts", change);
  };
}

export default { render };
