// Steps through a finished run. Python computed the frames (replay.py); this changes what the view has drawn: the status
// of each [data-item], the words of each [data-text]; [data-after] appears when its item is done, [data-final] at the end.

const GOES_ON = 1;
const SETTLED = 2;
const SHORTEST = 300; // milliseconds for a frame
const LONGEST = 1200;
const WHOLE = 15_000; // for all frames, if that is possible
const ICONS = {
  play: '<path d="M4 2.5v11l9-5.5z"/>',
  pause: '<path d="M4 2.5h3v11H4zM9 2.5h3v11H9z"/>',
  back: '<path d="M12 2.5v11L5 8zM3 2.5h1.75v11H3z"/>',
  forward: '<path d="M4 2.5v11L11 8zM11.25 2.5H13v11h-1.75z"/>',
};
const icon = (name) => `<svg viewBox="0 0 16 16" aria-hidden="true" focusable="false">${ICONS[name]}</svg>`;

/**
 * The controls of a view's replay, and what they do to the view.
 * root: the view's element; changed(): called after each step.
 */
function replayer(root, changed = () => {}) {
  let replay = {};
  let frames = [];
  let place = 0;
  let marks = [];
  let timer = null;
  let touched = false;

  const button = (name, label, onclick) =>
    h("button", { type: "button", title: label, "aria-label": label, html: icon(name), onclick });
  const back = button("back", "Step back", () => step(place - 1));
  const forward = button("forward", "Step forward", () => step(place + 1));
  const play = h("button", { type: "button", class: "cicd-play", onclick: () => (timer === null ? start() : pause()) });
  const slider = h("input", { type: "range", min: "0", step: "1", "aria-label": "Step of the run" });
  slider.addEventListener("input", () => step(Number(slider.value)));
  const clock = h("span", { class: "cicd-clock" });
  const said = h("p", { class: "cicd-said", "aria-live": "polite" });
  const element = h("div", { class: "cicd-replay", role: "group", "aria-label": "Replay of the recorded run", hidden: true });
  element.append(h("div", { class: "cicd-steps" }, back, play, forward, slider, clock), said);

  const atEnd = () => place === frames.length - 1;

  function step(to) {
    pause();
    go(to);
  }

  function go(to) {
    touched = true;
    place = Math.max(0, Math.min(frames.length - 1, to));
    draw();
  }

  function start() {
    if (atEnd()) go(0);
    const pace = Math.max(SHORTEST, Math.min(LONGEST, WHOLE / frames.length));
    said.setAttribute("aria-live", "off"); // nobody can listen as fast as that
    timer = setInterval(() => {
      go(place + 1);
      if (atEnd()) pause();
    }, pace);
    label();
  }

  function pause() {
    clearInterval(timer);
    timer = null;
    said.setAttribute("aria-live", "polite");
    label();
  }

  function label() {
    fill(play, timer === null ? `${icon("play")} Play` : `${icon("pause")} Pause`);
  }

  function draw() {
    const end = atEnd();
    const texts = {};
    marks = [...replay.first];
    for (const frame of frames.slice(0, place + 1)) {
      for (let at = 0; at < frame.set.length; at += 2) marks[frame.set[at]] = frame.set[at + 1];
      Object.assign(texts, frame.texts);
    }
    root.classList.toggle("cicd-replaying", !end);
    for (const mark of root.querySelectorAll("[data-item]")) show(mark, end ? null : replay.looks[marks[mark.dataset.item]]);
    for (const text of root.querySelectorAll("[data-text]")) write(text, end ? null : texts[text.dataset.text]);
    for (const part of root.querySelectorAll("[data-final]")) part.hidden = !end;
    for (const part of root.querySelectorAll("[data-after]")) part.hidden = standing(part.dataset.after) !== SETTLED;
    tell();
    changed();
  }

  /** Give a mark a look, or the one that Python drew. */
  function show(mark, look) {
    const [sign, words] = mark.childNodes;
    mark.drawn ??= [sign.textContent, words.textContent, mark.className];
    const [newSign, newWords, className] = look ? [look[0], ` ${look[1]}`, `cicd-state cicd-${look[2]}`] : mark.drawn;
    if (mark.className === className && words.textContent === newWords) return;
    sign.textContent = newSign;
    words.textContent = newWords;
    mark.className = className;
  }

  function write(element, text) {
    element.drawn ??= element.textContent;
    element.textContent = text ?? element.drawn;
  }

  function tell() {
    const { at, after, say } = frames[place];
    slider.value = String(place);
    slider.setAttribute("aria-valuetext", `${place + 1} of ${frames.length}, after ${after}`);
    slider.style.setProperty("--cicd-part", `${(100 * place) / (frames.length - 1)}%`);
    clock.textContent = `${at} · +${after}`;
    // A button that vanished or could not be pressed any more would take the focus with it.
    back.setAttribute("aria-disabled", String(place === 0));
    forward.setAttribute("aria-disabled", String(atEnd()));
    said.textContent = touched ? say : `A recorded run: play it, or go through its ${frames.length} steps.`;
  }

  /** Whether an item waits, goes on or is settled at this step; settled when there is nothing to replay. */
  function standing(item) {
    return frames.length && !atEnd() ? (replay.looks[marks[item]]?.[3] ?? SETTLED) : SETTLED;
  }

  /** Take a run; an empty one has no controls. */
  function load(run) {
    replay = run;
    frames = run.frames ?? [];
    element.hidden = frames.length === 0;
    touched = false;
    if (timer !== null) pause();
    if (!frames.length) return;
    slider.max = String(frames.length - 1);
    place = frames.length - 1;
    label();
    draw();
  }

  return { element, load, standing, pause };
}
