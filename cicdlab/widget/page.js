// Brings the widgets of a static page to life: the modules that JupyterLab runs, over a model without a kernel.

const PREFIX = "cicdlab.v1";

/** What anywidget gives a module as `model`, as far as the widgets use it. */
class PageModel {
  constructor({ state, keep }) {
    this.state = { ...state };
    this.keep = keep;
    this.listeners = {};
    this.saved = {};
    for (const name of keep) this.saved[name] = this.state[name] = read(name);
  }

  get(name) {
    return this.state[name];
  }

  set(name, value) {
    this.state[name] = value;
    for (const listener of this.listeners[`change:${name}`] ?? []) listener();
  }

  on(event, listener) {
    (this.listeners[event] ??= []).push(listener);
  }

  off(event, listener) {
    this.listeners[event] = (this.listeners[event] ?? []).filter((other) => other !== listener);
  }

  save_changes() {
    for (const name of this.keep) {
      write(name, this.saved[name], this.state[name]);
      this.saved[name] = this.state[name];
    }
  }
}

// One localStorage entry per record, and only changed ones are written: two pages, or two tabs, never overwrite each
// other's records.
function read(name) {
  const records = {};
  const start = `${PREFIX}.${name}.`;
  try {
    for (const key of Object.keys(localStorage).filter((key) => key.startsWith(start))) {
      try {
        records[key.slice(start.length)] = JSON.parse(localStorage.getItem(key));
      } catch {
        localStorage.removeItem(key); // not JSON: nobody can use it
      }
    }
  } catch {
    // Storage is switched off in this browser: the page works, and forgets.
  }
  return records;
}

function write(name, before, after) {
  try {
    for (const id of new Set([...Object.keys(before), ...Object.keys(after)])) {
      const key = `${PREFIX}.${name}.${id}`;
      if (!(id in after)) localStorage.removeItem(key);
      else if (after[id] !== before[id]) localStorage.setItem(key, JSON.stringify(after[id]));
    }
  } catch {
    // As above.
  }
}

async function mount(host) {
  // The query carries the build's digest: a new build is never mixed with modules from the browser's cache.
  const address = new URL(`${host.dataset.widget}.js${new URL(import.meta.url).search}`, import.meta.url);
  const module = await import(address);
  const model = new PageModel(JSON.parse(host.querySelector('script[type="application/json"]').textContent));
  const el = document.createElement("div");
  el.className = "cicd-mounted";
  await module.default.render({ model, el });
  host.querySelector(".cicd-fallback").remove();
  host.append(el);
}

for (const host of document.querySelectorAll(".cicd-widget")) mount(host);
