// Visits the page of the first set-up without a browser: its own program, over a real connection, with a stand-in
// for what a page has. Arguments: the page, its program, the link; name and password. Prints what a visitor sees.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [page, program, link, name, password] = process.argv.slice(2);
const elements = new Map();
for (const [, kind, id, more] of readFileSync(page, "utf8").matchAll(/<(\w+) id="([\w-]+)"([^>]*)>/g)) {
  const heard = new Map();
  elements.set(id, {
    kind,
    id,
    hidden: /\shidden\b/.test(more),
    value: "",
    textContent: "",
    focus: () => (document.activeElement = id),
    addEventListener: (event, does) => heard.set(event, does),
    happens: (event) => heard.get(event)({ preventDefault() {} }),
  });
}
const at = (id) => elements.get(id);
globalThis.document = { title: "", activeElement: "", getElementById: at };
globalThis.location = new URL(link);
globalThis.history = { replaceState: (_state, _title, path) => (globalThis.location = new URL(path, link)) };
globalThis.window = { addEventListener() {} };

let cookie = "";
const ask = globalThis.fetch;
globalThis.fetch = async (path, request) => {
  const headers = { ...request.headers, Cookie: cookie, Origin: location.origin };
  const answer = await ask(new URL(path, link), { ...request, headers });
  cookie = answer.headers.getSetCookie()[0]?.split(";")[0] ?? cookie;
  return answer;
};

const deadline = Date.now() + 20_000;
async function until(seen, what) {
  while (!seen()) {
    if (Date.now() > deadline) {
      throw new Error(`in vain: ${what}`);
    }
    await new Promise((again) => setTimeout(again, 5));
  }
}
const shown = () => [...elements.values()].filter((one) => !one.hidden).map((one) => one.id);

const seen = [];
const note = () =>
  seen.push({
    shown: shown(),
    trouble: at("trouble").hidden ? null : at("trouble").textContent,
    focus: document.activeElement,
    address: location.href,
  });

await import(pathToFileURL(program));
await until(() => ["first-user", "done", "made"].some((id) => !at(id).hidden), "a page");
note();
if (!at("first-user").hidden) {
  const code = at("code").value;
  at("name").value = name;
  at("password").value = password;
  at("code").value = "another";
  at("first-user").happens("submit");
  await until(() => !at("trouble").hidden && !at("create").disabled, "a refusal");
  note();
  at("code").value = code;
  at("first-user").happens("submit");
  await until(() => !at("made").hidden, "a user");
  note();
  at("make-token").happens("click");
  await until(() => !at("token-place").hidden, "a token");
  note();
}
const texts = Object.fromEntries(["who", "token", "add", "scan"].map((id) => [id, at(id).textContent]));
console.log(JSON.stringify({ seen, ...texts }));
