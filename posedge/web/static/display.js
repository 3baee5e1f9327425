// The customers' display. It holds a token that may do nothing but read what this display shows.

const $ = (query, root = document) => root.querySelector(query);
const KEY = "posedge-display";
const AGAIN_MS = 2000;
const SILENT_MS = 40000; // the box says something every 15 s: after this the line is dead
const AWAY_MS = 5000; // a restart of the box is no news to a customer

// Pairing: by hand, or by a one-time code behind the address's #, which is dropped at once.

async function enter(code) {
  const answer = await fetch("/v1/pair", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ code }),
  });
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(said.detail ?? `The box answered ${answer.status}`);
  if (!said.scopes.includes("display")) throw new Error("This code is not for a display: open a window with the scope display");
  localStorage.setItem(KEY, said.token);
}

function pairing() {
  const form = $("#pairing form");
  const submit = async (code) => {
    const said = $(".said", form);
    said.textContent = "";
    try {
      await enter(code);
      start();
    } catch (error) {
      said.textContent = error.message;
    }
  };
  form.onsubmit = (event) => {
    event.preventDefault();
    submit(form.code.value);
  };
  turn("pairing");
  form.code.focus();
  const given = new URLSearchParams(location.hash.slice(1)).get("pair");
  if (!given) return;
  history.replaceState(null, "", location.pathname);
  submit(given);
}

function turn(page) {
  $("#pairing").hidden = page !== "pairing";
  $("#show").hidden = page !== "show";
  document.body.dataset.stage = page === "show" ? "idle" : "start";
}

// Events, by fetch: EventSource cannot bear a token.

async function listen(token, told) {
  const away = new AbortController();
  let timer;
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(() => away.abort(), SILENT_MS);
  };
  alive();
  try {
    const headers = { Authorization: `Bearer ${token}` };
    const answer = await fetch("/v1/display/events", { headers, signal: away.signal, cache: "no-store" });
    if (answer.status === 401 || answer.status === 403) return "refused";
    if (!answer.ok) return "away";
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return "away";
      alive();
      const parts = (rest + value).split("\n\n");
      rest = parts.pop();
      for (const part of parts) {
        const data = part.split("\n").find((line) => line.startsWith("data: "));
        if (data) told(JSON.parse(data.slice(6)));
      }
    }
  } catch {
    return "away";
  } finally {
    clearTimeout(timer);
    away.abort();
  }
}

async function start() {
  turn("show");
  let sign;
  for (;;) {
    const token = localStorage.getItem(KEY);
    if (!token) return pairing();
    const why = await listen(token, (showing) => {
      clearTimeout(sign);
      sign = undefined;
      $("#away").hidden = true;
      show(showing);
    });
    if (why === "refused") {
      localStorage.removeItem(KEY);
      return pairing();
    }
    sign ??= setTimeout(() => { $("#away").hidden = false; }, AWAY_MS);
    await new Promise((done) => setTimeout(done, AGAIN_MS));
  }
}

// Showing.

function money({ minor, currency }, bare = false) {
  const options = { style: "currency", currency };
  const form = new Intl.NumberFormat(navigator.language, options);
  const digits = form.resolvedOptions().maximumFractionDigits; // of ISO 4217: none for JPY
  const value = minor / 10 ** digits;
  if (!bare) return form.format(value);
  return new Intl.NumberFormat(navigator.language, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

function element(tag, name, text) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text !== undefined) made.textContent = text;
  return made;
}

function row(item) {
  const line = element("li");
  const what = element("div", "what");
  what.append(element("b", "", item.title));
  if (item.detail) what.append(element("span", "", item.detail));
  line.append(what, element("data", "", money(item.amount, true)));
  return line;
}

function sum(name, amount) {
  return [element("dt", "", name), element("dd", "", money(amount))];
}

function words({ stage, prompt, text, words: said }) {
  if (stage === "text") return text;
  if (prompt) return [prompt];
  return stage === "idle" ? said.welcome : [];
}

function show(showing) {
  const list = $("#items ol");
  document.body.dataset.stage = showing.stage;
  document.body.classList.toggle("empty", showing.items.length === 0);
  list.replaceChildren(...showing.items.map(row));
  list.lastElementChild?.scrollIntoView({ block: "end" });
  $("#prompt").replaceChildren(...words(showing).map((text) => element("span", "", text)));
  const sums = [];
  if (showing.total) sums.push(...sum(showing.words.total, showing.total));
  if (showing.change) sums.push(...sum(showing.words.change, showing.change));
  $("#sums").replaceChildren(...sums);
}

if (localStorage.getItem(KEY)) start();
else pairing();
window.addEventListener("hashchange", () => location.reload());
