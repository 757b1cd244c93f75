// The quiz: questions with a verdict and a reason for every option.
// An answer is always a list of places (see key() in sheet.py); a record is {hash, answer, right}.

const HINTS = {
  single: "Choose one.",
  multiple: "Choose all that apply.",
  order: "Put these in order, the first at the top.",
  match: "Choose the partner of each.",
};

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/** A mark that says in words, shape and colour what holds. */
function mark(verdict, words) {
  const sign = { right: "✓", wrong: "✗", missed: "✓", none: "–" }[verdict];
  return h("span", { class: `cicd-mark cicd-${verdict}` }, h("span", { "aria-hidden": "true" }, `${sign} `), words);
}

/** Where an option's mark and reason appear after the answer. */
function reason(option) {
  const element = h("div", { class: "cicd-why", id: newId("why"), hidden: true });
  return {
    element,
    show(verdict, words) {
      element.replaceChildren(mark(verdict, words), " ", h("span", { html: option.why }));
      element.hidden = false;
    },
    hide() {
      element.hidden = true;
      element.replaceChildren();
    },
  };
}

// Each kind of question is {body, answer(), show(answer or null)}: its element, what is chosen (null: not complete yet),
// and how to show an answer that has been given, or none.

function choices(question) {
  const type = question.kind === "single" ? "radio" : "checkbox";
  const name = newId("choice");
  const rows = question.options.map((option) => {
    const why = reason(option);
    const input = h("input", { type, name, id: newId("option") });
    const label = h("label", { for: input.id, html: option.html });
    return { input, why, element: h("div", { class: "cicd-option" }, input, label, why.element) };
  });
  return {
    body: h("div", { class: "cicd-options" }, ...rows.map((row) => row.element)),
    answer() {
      const chosen = [...rows.keys()].filter((place) => rows[place].input.checked);
      return chosen.length ? chosen : null;
    },
    show(answer) {
      rows.forEach(({ input, why, element }, place) => {
        input.disabled = answer !== null;
        input.checked = answer !== null && answer.includes(place);
        if (answer === null) {
          why.hide();
          input.removeAttribute("aria-describedby");
          delete element.dataset.verdict;
          return;
        }
        const right = question.key.includes(place);
        const [verdict, words] = right
          ? input.checked ? ["right", "Right."] : ["missed", "Not chosen, but right."]
          : input.checked ? ["wrong", "Wrong."] : ["none", "Not chosen, and wrong."];
        element.dataset.verdict = verdict;
        why.show(verdict, words);
        input.setAttribute("aria-describedby", why.element.id);
      });
    },
  };
}

function ordering(question) {
  let order = [...question.options.keys()];
  const spoken = h("p", { class: "cicd-unseen", role: "status" });
  const list = h("ol", { class: "cicd-order" });
  const rows = question.options.map((option, place) => {
    const why = reason(option);
    const button = (step, sign, word) =>
      h("button", { type: "button", "aria-label": `Move ${option.name} ${word}`, onclick: () => move(place, step) }, sign);
    const up = button(-1, "↑", "up");
    const down = button(1, "↓", "down");
    const element = h("li", { class: "cicd-option" }, h("span", { class: "cicd-text", html: option.html }),
      h("span", { class: "cicd-moves" }, up, down), why.element);
    return { element, why, up, down };
  });

  function arrange() {
    list.append(...order.map((place) => rows[place].element));
  }

  function move(place, step) {
    const from = order.indexOf(place);
    const to = from + step;
    const { name } = question.options[place];
    if (to < 0 || to >= order.length) {
      spoken.textContent = `${name} is already ${step < 0 ? "first" : "last"}.`;
      return;
    }
    order.splice(to, 0, ...order.splice(from, 1));
    arrange();
    (step < 0 ? rows[place].up : rows[place].down).focus();
    spoken.textContent = `${name} is now number ${to + 1} of ${order.length}.`;
  }

  arrange();
  return {
    body: h("div", {}, list, spoken),
    answer: () => [...order],
    show(answer) {
      if (answer !== null) order = [...answer];
      arrange();
      spoken.textContent = "";
      rows.forEach(({ element, why, up, down }, place) => {
        up.hidden = down.hidden = answer !== null;
        if (answer === null) {
          why.hide();
          delete element.dataset.verdict;
          return;
        }
        const right = question.key.indexOf(place);
        const verdict = order[right] === place ? "right" : "wrong";
        element.dataset.verdict = verdict;
        why.show(verdict, verdict === "right" ? "Right place." : `Wrong place: it is number ${right + 1}.`);
      });
    },
  };
}

function matching(question) {
  const rows = question.options.map((option) => {
    const why = reason(option);
    const select = h("select", { id: newId("partner") }, h("option", { value: "" }, "Choose…"),
      ...question.partners.map((partner, place) => h("option", { value: place }, partner)));
    const label = h("label", { for: select.id, html: option.html });
    return { select, why, element: h("div", { class: "cicd-option cicd-pair" }, label, select, why.element) };
  });
  return {
    body: h("div", { class: "cicd-options" }, ...rows.map((row) => row.element),
      h("p", { class: "cicd-on-paper" }, `To choose from: ${question.partners.join("; ")}.`)),
    answer: () => (rows.every(({ select }) => select.value !== "") ? rows.map(({ select }) => Number(select.value)) : null),
    show(answer) {
      rows.forEach(({ select, why, element }, place) => {
        select.disabled = answer !== null;
        select.value = answer === null ? "" : answer[place];
        if (answer === null) {
          why.hide();
          select.removeAttribute("aria-describedby");
          delete element.dataset.verdict;
          return;
        }
        const verdict = answer[place] === question.key[place] ? "right" : "wrong";
        element.dataset.verdict = verdict;
        why.show(verdict, verdict === "right" ? "Right." : `Wrong: ${question.partners[question.key[place]]}.`);
        select.setAttribute("aria-describedby", why.element.id);
      });
    },
  };
}

const KINDS = { single: choices, multiple: choices, order: ordering, match: matching };

/** One question with its button, verdict and sources; `save(record or null)` is called when it is answered or tried again. */
function ask(question, number, count, save) {
  const kind = KINDS[question.kind](question);
  let record = null;

  const verdict = h("p", { class: "cicd-verdict", role: "status" });
  const button = h("button", { class: "cicd-primary" });
  const sources = h("p", { class: "cicd-sources", hidden: true }, "Read more: ");
  question.sources.forEach(({ url, name }, place) => {
    // In JupyterLab a link without a target would replace JupyterLab.
    const target = "jpThemeName" in document.body.dataset && "_blank";
    sources.append(place ? ", " : "", h("a", { href: url, target, rel: "noopener" }, name));
  });
  sources.append(` (checked ${question.checked})`);

  const element = h("form", { class: "cicd-question", "data-question": question.id, onsubmit: submit },
    h("fieldset", {},
      h("legend", {}, h("span", { class: "cicd-number" }, `Question ${number} of ${count}`), " ",
        h("span", { html: question.stem })),
      question.detail && h("div", { html: question.detail }),
      h("p", { class: "cicd-hint" }, HINTS[question.kind]),
      kind.body),
    verdict, sources, h("p", { class: "cicd-actions" }, button));

  function submit(event) {
    event.preventDefault();
    if (record !== null) {
      save(null);
      first().focus();
      return;
    }
    const answer = kind.answer();
    if (answer === null) {
      verdict.textContent = question.kind === "match" ? "Choose a partner for each first." : "Choose an answer first.";
      return;
    }
    save({ hash: question.hash, answer, right: same(answer, question.key) });
    button.focus(); // the control that had the focus may just have been switched off
  }

  const first = () => element.querySelector("input:enabled, select:enabled, .cicd-moves button");

  function show(next) {
    record = next;
    kind.show(record && record.answer);
    sources.hidden = record === null;
    button.textContent = record === null ? "Check answer" : "Try again";
    button.classList.toggle("cicd-primary", record === null);
    element.dataset.verdict = record === null ? "open" : record.right ? "right" : "wrong";
    if (record === null) verdict.textContent = "";
    else if (record.right) verdict.replaceChildren(mark("right", "Right."));
    else verdict.replaceChildren(mark("wrong", "Not right. The reasons say why; then try again."));
  }

  show(null);
  return { element, show, focus: () => first().focus() };
}

/** The stored record of a question, unless there is none, it is damaged, or the question has changed since. */
function valid(record, question) {
  if (!record || record.hash !== question.hash || !Array.isArray(record.answer)) return null;
  return { hash: record.hash, answer: record.answer, right: same(record.answer, question.key) };
}

function render({ model, el }) {
  const { title, questions } = model.get("sheet");
  const current = (question) => valid(model.get("answers")[question.id], question);
  const shown = new Map();

  function save(changes) {
    const answers = { ...model.get("answers"), ...changes };
    for (const id of Object.keys(changes)) if (changes[id] === null) delete answers[id];
    model.set("answers", answers);
    model.save_changes();
    refresh();
  }

  const asked = questions.map((question, place) =>
    ask(question, place + 1, questions.length, (record) => save({ [question.id]: record })));

  const notice = h("p", { class: "cicd-notice", role: "status" });
  const score = h("p", { class: "cicd-score" });
  const retry = h("button", { type: "button", onclick: again }, "Retry the wrong ones");
  const reset = h("button", { type: "button", onclick: clear }, "Start over");

  function again() {
    const wrong = questions.filter((question) => current(question)?.right === false);
    save(Object.fromEntries(wrong.map(({ id }) => [id, null])));
    asked[questions.indexOf(wrong[0])].focus();
  }

  function clear() {
    save(Object.fromEntries(questions.map(({ id }) => [id, null])));
    asked[0].focus();
  }

  function refresh() {
    let right = 0;
    let wrong = 0;
    questions.forEach((question, place) => {
      const record = current(question);
      if (record) record.right ? (right += 1) : (wrong += 1);
      const text = JSON.stringify(record);
      if (shown.get(question.id) !== text) asked[place].show(record);
      shown.set(question.id, text);
    });
    const open = questions.length - right - wrong;
    score.textContent = `${right} of ${questions.length} right${wrong ? `, ${wrong} wrong` : ""}${open ? `, ${open} open` : ""}`;
    retry.hidden = wrong === 0;
    reset.hidden = right + wrong === 0;
    notice.textContent = model.get("notice") ?? "";
    notice.hidden = notice.textContent === "";
  }

  el.append(h("section", { class: "cicd cicd-quiz", "aria-label": `Quiz: ${title}` },
    h("p", { class: "cicd-title" }, title), notice, ...asked.map(({ element }) => element),
    h("div", { class: "cicd-footer" }, score, retry, reset)));
  refresh();
  model.on("change:answers", refresh);
  model.on("change:notice", refresh);
  return () => {
    model.off("change:answers", refresh);
    model.off("change:notice", refresh);
  };
}

export default { render };
