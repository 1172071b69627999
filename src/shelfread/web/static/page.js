// The one program of all pages: what makes them live. Every page works without it.
//
// [data-part=x]        a part of the page; the server renders it alone when asked with "X-Part: x"
//   [data-on=jobs]     it is asked for again when a job changes its state
//   [data-on=progress] also while a job goes on, every few seconds
// [data-job=id]        numbers of a job, written straight from what the event stream says:
//   [data-count=found] [data-of] [data-bar] [data-state] [data-step] [data-path] [data-rate] [data-left]
// form[data-confirm]   is asked about first      form[data-typed] its part "results" is asked for while one types
// [data-reveal=id]     shows a password          [data-open=id]   opens a dialog
// [data-hash]          a field that takes what stands behind # in the address
// [data-row]           a row that j and k go through
// [data-key=x]         a link that is followed, or a field that is gone to, by a key

const root = document.documentElement;
root.classList.add("live");
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const numbers = new Intl.NumberFormat("en-GB");
const grouped = (value) => numbers.format(value).replaceAll(",", "\u202f");

// Times in the reader's zone

const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const ago = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const spans = [[31_536_000, "year"], [2_592_000, "month"], [86_400, "day"], [3_600, "hour"], [60, "minute"]];

function since(moment) {
  const seconds = (moment - Date.now()) / 1000;
  const found = spans.find(([size]) => Math.abs(seconds) >= size);
  if (found) return ago.format(Math.round(seconds / found[0]), found[1]);
  return seconds > 0.5 ? `in ${Math.round(seconds)} s` : seconds > -10 ? "just now" : "less than a minute ago";
}

function tellTimes(within = document) {
  for (const one of all("time[data-time]", within)) {
    const [moment, how] = [new Date(one.dateTime), one.dataset.time];
    if (Number.isNaN(moment.getTime())) continue;
    const over = how === "until" && moment <= Date.now() && "as soon as a worker is free";
    const text = over || (how === "day" ? day.format(moment) : how === "at" ? full.format(moment) : since(moment));
    if (one.textContent !== text) one.textContent = text;
    one.title = full.format(moment);
  }
}

function lasting(seconds) {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}

// Parts

const shown = new Map(); // what the server said last of each part

function put(part, made) {
  const text = made.innerHTML; // of the template: what it holds has none itself
  if (shown.get(part) === text) return;
  shown.set(part, text);
  const held = document.activeElement?.closest(`[data-part="${CSS.escape(part.dataset.part)}"]`) === part;
  const focus = held ? document.activeElement : null;
  const place = focus && all("a, button, input, select, summary", part).indexOf(focus);
  const open = new Map(all("details[id]", part).map((one) => [one.id, one.open]));
  const ticked = new Set(all("input[type=checkbox]:checked", part).map((one) => one.value));
  const fresh = document.importNode(made.content, true);
  tellTimes(fresh);
  part.replaceChildren(fresh);
  for (const [id, state] of open) document.getElementById(id)?.toggleAttribute("open", state);
  for (const box of all("input[type=checkbox]", part)) if (ticked.has(box.value)) box.checked = true;
  if (focus) {
    const same = focus.id && document.getElementById(focus.id);
    (same || all("a, button, input, select, summary", part)[place])?.focus({ preventScroll: true });
  }
}

let heard = ""; // the last news: who heard the same shares what the server renders

async function renew(names, address = location.href) {
  const headers = { "X-Part": names.sort().join(","), Accept: "text/html", ...(heard && { "X-Heard": heard }) };
  const answer = await fetch(address, { headers });
  if (answer.redirected && new URL(answer.url).pathname === "/login") return location.reload();
  if (!answer.ok) return;
  const box = document.createElement("template");
  box.innerHTML = await answer.text();
  for (const made of all("template[data-part]", box.content)) {
    const part = document.querySelector(`[data-part="${CSS.escape(made.dataset.part)}"]`);
    if (part) put(part, made);
  }
}

const waiting = new Set();
let timer = 0;
let last = 0;

// Several pages that hear the same news do not all ask in the same moment.
function soon(kinds) {
  for (const part of all("[data-part][data-on]")) {
    const on = part.dataset.on.split(" ");
    if (kinds.some((kind) => on.includes(kind))) waiting.add(part.dataset.part);
  }
  if (timer || !waiting.size || document.hidden) return;
  const pause = Math.max(150, last + 1000 - performance.now()) + Math.random() * 250;
  timer = setTimeout(async () => {
    const names = [...waiting];
    waiting.clear();
    last = performance.now();
    try {
      await renew(names);
    } catch {
      names.forEach((name) => waiting.add(name));
    } finally {
      timer = 0;
      if (waiting.size) soon([]);
    }
  }, pause);
}

// Numbers of jobs

const outcomes = ["added", "updated", "moved", "restored", "unchanged", "failed", "skipped"];
const hidden = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g; // as `plain` has it
const paces = new Map(); // where each job was a moment ago

function pace(id, processed) {
  const now = performance.now();
  const before = paces.get(id) ?? { now, processed, rate: null };
  const passed = (now - before.now) / 1000;
  if (passed < 1 && paces.has(id)) return before.rate;
  const rate = passed ? (processed - before.processed) / passed : null;
  const smooth = before.rate === null || rate === null ? rate : before.rate * 0.6 + rate * 0.4;
  paces.set(id, { now, processed, rate: smooth });
  return smooth;
}

function write(box, selector, text) {
  for (const one of all(selector, box)) if (one.textContent !== text) one.textContent = text;
}

function tellStep(step, from, done, total) {
  const bar = step.querySelector("progress");
  const counted = from === 0 && step.dataset.step === "reading" && total;
  step.className = from < 0 ? "over" : from > 0 ? "ahead" : "now";
  step.ariaCurrent = from === 0 ? "step" : null;
  bar.max = counted ? total : 1;
  if (from === 0 && !counted) bar.removeAttribute("value");
  else bar.value = counted ? done : from < 0 ? 1 : 0;
}

function tellJob(said) {
  const processed = outcomes.reduce((sum, name) => sum + (said[`items_${name}`] ?? 0), 0);
  const rate = pace(said.job_id, processed);
  const counts = { processed, total: said.items_total };
  for (const name of ["found", "removed", ...outcomes]) counts[name] = said[`items_${name}`];
  const known = said.items_total && said.phase !== "discovering";
  const left = known && rate > 0 ? (said.items_total - processed) / rate : null;
  for (const box of all(`[data-job="${CSS.escape(said.job_id)}"]`)) {
    for (const [name, value] of Object.entries(counts)) {
      if (value !== null && value !== undefined) write(box, `[data-count="${name}"]`, grouped(value));
    }
    for (const bar of all("[data-bar]", box)) {
      if (!known) continue;
      bar.max = said.items_total;
      bar.value = processed;
    }
    for (const one of all("[data-of]", box)) one.hidden = !known;
    // Cancelling says more than how far it is.
    const state = all("[data-state].running", box).find((one) => one.textContent !== "cancelling");
    if (state) write(box, "[data-state]", said.phase === "discovering" ? "discovering" : "running");
    write(box, "[data-rate]", rate > 0 ? ` · ${grouped(Math.round(rate))} a second` : "");
    write(box, "[data-left]", left === null ? "" : ` · about ${lasting(left)} left`);
    if (said.current_path) write(box, "[data-path]", said.current_path.replace(hidden, "\ufffd"));
    const steps = all("[data-step]", box);
    const now = steps.findIndex((one) => one.dataset.step === said.phase);
    if (now >= 0) steps.forEach((one, number) => tellStep(one, number - now, known && processed, said.items_total));
  }
}

// The stream: only while somebody looks

let stream = null;
let slow = 0;

function listen() {
  const address = document.body.dataset.events;
  if (!address || stream || document.hidden) return;
  stream = new EventSource(address);
  const offline = document.querySelector("[data-offline]");
  const states = ["jobs", "progress"];
  stream.onopen = () => { if (offline) offline.hidden = true; };
  stream.onerror = () => {
    if (offline) offline.hidden = false;
    if (stream?.readyState === EventSource.CLOSED) {
      stream = null;
      setTimeout(listen, 5000);
    }
  };
  const kinds = { snapshot: states, job: states, removed: states, log: ["log"], problem: ["log"] };
  for (const [name, on] of Object.entries(kinds)) {
    stream.addEventListener(name, (event) => {
      heard = event.lastEventId;
      soon(on);
    });
  }
  stream.addEventListener("progress", (event) => {
    tellJob(JSON.parse(event.data));
    if (performance.now() - slow > 4000) {
      slow = performance.now();
      soon(["progress"]);
    }
  });
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    stream?.close();
    stream = null;
  } else {
    listen();
  }
});

// Forms

document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
});

let typing = 0;
document.addEventListener("input", (event) => {
  const form = event.target.closest?.("form[data-typed]");
  if (!form || !event.target.matches("input[type=search], select")) return;
  clearTimeout(typing);
  typing = setTimeout(() => {
    const said = new URLSearchParams(new FormData(form));
    for (const [name, value] of [...said]) if (!value) said.delete(name);
    const address = `${form.getAttribute("action") ?? location.pathname}?${said}`;
    history.replaceState(null, "", address);
    renew(["results"], address);
  }, 180);
});

document.addEventListener("change", (event) => {
  const { reveal, all: group } = event.target.dataset;
  if (reveal) document.getElementById(reveal).type = event.target.checked ? "text" : "password";
  if (group) for (const box of all(`input[name="${group}"]`)) box.checked = event.target.checked;
});

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open]");
  if (opener) document.getElementById(opener.dataset.open).showModal();
  for (const menu of all("details[data-menu][open]")) if (!menu.contains(event.target)) menu.open = false;
});

// Keys

const places = { l: "/", b: "/browse", j: "/jobs", p: "/problems", s: "/system" };
let went = -Infinity;

function step(by) {
  const rows = all("[data-row]");
  const here = rows.findIndex((row) => row.contains(document.activeElement));
  const next = rows[Math.min(Math.max(here + by, 0), rows.length - 1)];
  (next?.matches("a") ? next : next?.querySelector("a, button"))?.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") for (const menu of all("details[data-menu][open]")) menu.open = false;
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.target.matches("input:not([type=checkbox], [type=radio]), textarea, select")) return;
  const going = performance.now() - went < 1500 && document.body.dataset.events;
  went = event.key === "g" ? performance.now() : -Infinity;
  const keyed = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (going && places[event.key]) location.href = places[event.key];
  else if (keyed) keyed.matches("a") ? keyed.click() : keyed.focus();
  else if (event.key === "?") document.getElementById("keys")?.showModal();
  else if (event.key === "j") step(1);
  else if (event.key === "k") step(-1);
  else if (event.key === "t") {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    document.querySelector(`[data-theme-form] [value=${dark ? "light" : "dark"}]`)?.click();
  } else return;
  event.preventDefault();
});

// The code of a set-up link stands behind #, where no server sees it.
const code = document.querySelector("[data-hash]");
if (code && location.hash.length > 1) {
  code.value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  code.closest("[data-hash-field]")?.setAttribute("hidden", "");
}
// Who chooses colours comes back to it: what stands behind # goes along where a server sends one on.
const colours = code && document.querySelector("[data-theme-form]");
colours?.addEventListener("submit", () => colours.setAttribute("action", `/theme#${code.value}`));

for (const part of all("[data-part]")) shown.set(part, part.innerHTML);
tellTimes();
setInterval(tellTimes, 1_000); // those that are soon count down
listen();
