// The pipeline view. Python draws the parts (pipeline_html.py); this module asks for approvals where a kernel can give
// them, and replays the execution.

const NOTEBOOK = "Approving or rejecting needs the notebook: run this cell in JupyterLab.";
const SENT = "Sent. The notebook answers as soon as it is free.";

function render({ model, el }) {
  const news = h("p", { class: "cicd-unseen", role: "status" });
  const notice = h("p", { class: "cicd-notice", role: "status", tabindex: "-1" });
  const head = h("div");
  const stages = h("div");
  const root = h("div", { class: "cicd cicd-view cicd-pipeline", "data-lm-suppress-shortcuts": "true" });
  const replay = replayer(root);
  root.append(head, news, replay.element, notice, stages);
  el.append(root);
  const forms = new Map(); // by place: what somebody has typed outlives a new drawing

  /** What a reader needs to approve or reject an action. */
  function form(place) {
    const [stage, action] = place.split("\n");
    const comment = h("input", { type: "text", id: newId("comment"), maxlength: "512", autocomplete: "off" });
    const send = (status) => {
      if (approve.disabled) return;
      lock(true);
      model.send({ kind: "approval", stage, action, status, comment: comment.value });
      notice.textContent = SENT;
    };
    const approve = h("button", { type: "submit", class: "cicd-primary", "aria-label": `Approve ${action}` }, "Approve");
    const reject = h("button", { type: "button", "aria-label": `Reject ${action}` }, "Reject");
    reject.addEventListener("click", () => send("Rejected"));
    const element = h("form", { class: "cicd-ask", "aria-label": `Approval of ${action}` });
    element.append(h("label", { for: comment.id }, "Comment"), comment, h("div", {}, approve, reject));
    element.addEventListener("submit", (event) => {
      event.preventDefault();
      send("Approved");
    });
    const lock = (locked) => {
      approve.disabled = reject.disabled = locked;
    };
    return { element, lock };
  }

  function ask() {
    const places = new Set();
    for (const host of stages.querySelectorAll("[data-approval]")) {
      const place = host.dataset.approval;
      places.add(place);
      if (typeof model.send !== "function") host.textContent = NOTEBOOK;
      else {
        if (!forms.has(place)) forms.set(place, form(place));
        host.replaceChildren(forms.get(place).element);
      }
    }
    for (const place of forms.keys()) if (!places.has(place)) forms.delete(place);
  }

  function draw() {
    const parts = model.get("parts");
    const focused = stages.contains(document.activeElement) ? document.activeElement : null;
    fill(head, parts.head);
    if (fill(stages, parts.stages)) ask();
    if (focused && document.activeElement !== focused) (focused.isConnected ? focused : notice).focus();
    replay.load(model.get("replay") ?? {});
  }

  /** Tell those who listen how the execution stands. */
  const tell = () => say(news, model.get("parts").news);

  function change() {
    draw();
    tell();
  }

  function answer() {
    const words = model.get("notice") ?? "";
    if (!words) return;
    notice.textContent = words;
    for (const { lock } of forms.values()) lock(false);
  }

  model.on("change:parts", change);
  model.on("change:replay", draw);
  model.on("change:notice", answer);
  draw();
  answer();
  const soon = model.get("watched") ? setTimeout(tell) : null; // nothing is listened to before it is in its place
  return () => {
    clearTimeout(soon);
    replay.pause();
    model.off("change:parts", change);
    model.off("change:replay", draw);
    model.off("change:notice", answer);
  };
}

export default { render };
