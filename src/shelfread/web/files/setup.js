// The page of the first set-up: makes the first user, then a token, and says what to do next.
// The code of the link stands behind # in the address, which a browser keeps to itself.

const api = "/api/v1";
const at = (id) => document.getElementById(id);

class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.title || `The server answered ${status}.`);
    this.status = status;
  }
}

async function ask(method, path, body) {
  const request = { method, headers: {}, credentials: "same-origin" };
  if (body !== undefined) {
    request.headers["Content-Type"] = "application/json";
    request.body = JSON.stringify(body);
  }
  let answer;
  try {
    answer = await fetch(api + path, request);
  } catch {
    throw new Error("The server does not answer. Is it still running?");
  }
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) {
    throw new Refused(answer.status, told);
  }
  return told;
}

function complain(error) {
  const text = error.message;
  at("trouble").textContent = text.charAt(0).toUpperCase() + text.slice(1);
  at("trouble").hidden = false;
  at("trouble").focus();
}

function show(id) {
  for (const part of ["first-user", "made", "done"]) {
    at(part).hidden = part !== id;
  }
}

// While `work` goes on, its button cannot be pressed again.
async function pressed(button, work) {
  at("trouble").hidden = true;
  button.disabled = true;
  try {
    await work();
  } catch (error) {
    complain(error);
  } finally {
    button.disabled = false;
  }
}

function takeCode() {
  const code = location.hash.slice(1);
  at("code-field").hidden = code !== "";
  at("code").value = code;
}

function tell(secret) {
  const url = location.origin + api;
  at("add").textContent = [
    `auth='Authorization: Bearer ${secret || "shelfread_..."}'`,
    `curl -sS -H "$auth" -H 'Content-Type: application/json' ${url}/libraries \\`,
    `    -d '{"name": "Music", "kind": "music", "paths": ["/srv/music"]}'`,
  ].join("\n");
  at("scan").textContent = [
    `curl -sS -H "$auth" -X POST ${url}/libraries/1/scan`,
    `curl -sSN -H "$auth" ${url}/events`,
  ].join("\n");
}

function welcome(me) {
  at("who").textContent = me.name;
  tell();
  show("made");
  document.title = "Shelfread is set up";
  at("made-title").focus();
}

async function makeUser() {
  const wanted = { secret: at("code").value.trim(), name: at("name").value, password: at("password").value };
  let me;
  try {
    me = await ask("POST", "/setup", wanted);
  } catch (error) {
    if (error.status === 410) {
      show("done");
      return;
    }
    if (error.status === 403) {
      // The code is another one: it can be typed, too.
      at("code-field").hidden = false;
    }
    throw error;
  }
  at("password").value = "";
  // The code is used up, and need not stay in the history.
  history.replaceState(null, "", location.pathname);
  welcome(me);
}

async function makeToken() {
  const token = await ask("POST", "/tokens", { name: "command line", scope: "admin" });
  at("token").textContent = token.secret;
  at("token-place").hidden = false;
  at("make-token").hidden = true;
  tell(token.secret);
  at("token-place").focus();
}

async function begin() {
  takeCode();
  window.addEventListener("hashchange", takeCode);
  at("show").addEventListener("change", () => {
    at("password").type = at("show").checked ? "text" : "password";
  });
  at("first-user").addEventListener("submit", (event) => {
    event.preventDefault();
    pressed(at("create"), makeUser);
  });
  at("make-token").addEventListener("click", () => pressed(at("make-token"), makeToken));
  const { done } = await ask("GET", "/setup");
  if (!done) {
    show("first-user");
    at(at("code").value ? "name" : "code").focus();
    return;
  }
  // Who comes back to the page is perhaps still logged in.
  const me = await ask("GET", "/me").catch(() => null);
  if (me !== null && me.scope === "admin") {
    welcome(me);
  } else {
    show("done");
  }
}

begin().catch(complain);
