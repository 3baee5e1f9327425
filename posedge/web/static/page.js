// The technician's page. The server renders the board; this keeps it current and sends the forms.

const $ = (query, root = document) => root.querySelector(query);
const REFRESH_MS = 5000; // what no event announces: uptime, sizes, the relay's cursor
const CALM_MS = 400; // several events in a burst ask for one new board

async function ask(method, path, body) {
  const answer = await fetch(path, {
    method,
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (answer.ok) return answer;
  if (answer.status === 401) location.reload(); // the session has ended
  const problem = await answer.json().catch(() => ({}));
  throw new Error(problem.detail ?? `The box answered ${answer.status}`);
}

function local(root) {
  for (const each of root.querySelectorAll("time[datetime]")) {
    const when = new Date(each.dateTime);
    if (!Number.isNaN(when.valueOf())) {
      each.textContent = when.toLocaleTimeString("en-GB");
      each.title = when.toLocaleString();
    }
  }
}

function says(form, text, bad = false) {
  const place = $(".said", form) ?? $(".said", form.parentElement);
  place.textContent = text;
  place.classList.toggle("bad", bad);
}

async function submit(form, work) {
  const button = $("button[type=submit]", form);
  button.disabled = true;
  says(form, "");
  try {
    says(form, (await work()) ?? "");
  } catch (error) {
    says(form, error.message, true);
  } finally {
    button.disabled = false;
  }
}

// Signing in: by hand, or by a one-time code behind the address's #, which never leaves the browser
// in a request line and is dropped from the address at once.

async function enter(code) {
  await ask("POST", "/page/session", { code });
  location.replace("/");
}

function signIn(form) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(form, () => enter(form.code.value));
  });
  const useAddress = () => {
    const given = fromAddress();
    if (!given) return;
    form.code.value = given;
    submit(form, () => enter(given));
  };
  window.addEventListener("hashchange", useAddress);
  useAddress();
}

function fromAddress() {
  const given = new URLSearchParams(location.hash.slice(1)).get("pair");
  if (given) history.replaceState(null, "", location.pathname);
  return given;
}

// The board: parts that changed are replaced, except where somebody is typing.

let pending;

function soon(delay = CALM_MS) {
  pending ??= setTimeout(refresh, delay);
}

async function refresh() {
  pending = undefined;
  try {
    const text = await (await ask("GET", "/page/board")).text();
    const fresh = document.createElement("template");
    fresh.innerHTML = text;
    patch(fresh.content);
  } catch {
    // the live sign says that the box is away; the next turn tries again
  }
}

function patch(fresh) {
  for (const part of fresh.querySelectorAll("[data-part]")) {
    local(part);
    const shown = $(`[data-part="${part.dataset.part}"]`);
    if (!busy(shown) && shown.outerHTML !== part.outerHTML) shown.replaceWith(part);
  }
}

function busy(part) {
  return $("details[open], :focus, button:disabled", part) || $(".said:not(:empty)", part);
}

// A bundle for whoever helps from far away: saved as the box names it.

async function support() {
  const answer = await ask("POST", "/page/support", {});
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await answer.blob());
  link.download = answer.headers.get("content-disposition").match(/filename="(.+)"/)[1];
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  return `Saved as ${link.download}: no card data is in it, and no password.`;
}

// Events.

const kg = (grams) => (grams == null ? "–" : (grams / 1000).toFixed(3));

function money({ minor, currency }) {
  const form = new Intl.NumberFormat("en", { style: "currency", currency });
  const digits = form.resolvedOptions().maximumFractionDigits; // of ISO 4217: none for JPY
  return `${(minor / 10 ** digits).toFixed(digits)} ${currency}`;
}

const STATES = {
  STABLE_WEIGHT: "stable", ZERO: "empty", UNSTABLE: "moving", OVERWEIGHT: "too heavy",
  UNDER_ZERO: "below zero", NOT_READY: "no reading",
};
const WORDS = {
  scan: (e) => [e.text, [e.symbology, e.device].filter(Boolean).join(" · ")],
  "scan-discarded": (e) => ["Scan lost", e.message],
  swipe: (e) => [e.track_2 ?? e.track_1 ?? "Card swiped", e.device],
  "msr-rejected": (e) => ["Card refused", e.message],
  tap: (e) => [e.payment ? "payment card, not read" : `card ${e.uid ?? "without number"}`, e.device],
  weight: (e) => [e.weight_g == null ? STATES[e.state] : `${kg(e.weight_g)} kg`, e.device],
  printer: (e) => [e.error ?? (e.cover_open ? "Cover open" : `Paper ${e.paper}`), e.device],
  drawer: (e) => [e.open ? "Drawer open" : "Drawer closed", e.device],
  "drawer-account": (e) => [
    `Drawer ${e.what.replace("_", " ")} by ${e.by}`, e.why ?? e.reason ?? e.sale?.slice(-12) ?? e.drawer,
  ],
  device: (e) => [`${e.name} ${e.state === "ONLINE" ? "ready" : "away"}`, e.reason ?? e.kind],
  payment: (e) => [`${money(e.amount)} ${e.state.replaceAll("_", " ")}`, e.terminal],
  "payment-progress": (e) => [e.text, "shown by the terminal"],
  sale: (e) => [`Sale ${e.state.replaceAll("_", " ")}`, e.sale.slice(-12)],
  print: (e) => [`Print ${e.state}`, e.reason ?? e.printer ?? e.job.slice(-12)],
  receipt: (e) => [`Receipt ${e.state}`, e.reason ?? e.sale.slice(-12)],
  relay: (e) => [e.online ? "Headquarters on line" : "Headquarters away", e.reason ?? ""],
};

function row(event) {
  const line = document.createElement("li");
  const when = document.createElement("time");
  const text = document.createElement("div");
  const what = document.createElement("b");
  const more = document.createElement("span");
  when.dateTime = event.time;
  const [first, second] = WORDS[event.type]?.(event) ?? [event.type, ""];
  what.textContent = first;
  more.textContent = second ? ` ${second}` : "";
  text.append(what, more);
  line.append(when, text);
  local(line);
  return line;
}

function weigh(event) {
  const scale = document.querySelector(`[data-scale="${CSS.escape(event.device)}"]`);
  if (!scale) return soon();
  $("output", scale).textContent = kg(event.weight_g);
  $(".sub b", scale).textContent = STATES[event.state] ?? event.state;
}

function listen(page) {
  const live = $("#live");
  const list = $("#events");
  const source = new EventSource(`/page/events?after=${page.dataset.after}`);
  const sign = (state, text) => Object.assign(live, { textContent: text }).dataset.state = state;
  let quiet = false;
  const show = (message) => {
    const event = JSON.parse(message.data);
    const line = row(event);
    if (quiet) line.classList.add("new");
    list.prepend(line);
    while (list.children.length > Number(page.dataset.shown)) list.lastChild.remove();
    if (event.type === "weight") weigh(event);
    else soon();
  };
  for (const type of page.dataset.types.split(" ")) source.addEventListener(type, show);
  source.addEventListener("gap", () => soon());
  source.addEventListener("open", () => {
    sign("good", "live");
    setTimeout(() => { quiet = true; }, 1000); // what was there before is not new
    soon();
  });
  source.addEventListener("error", () => {
    sign("bad", "reconnecting");
    if (source.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 3000);
  });
  setInterval(soon, REFRESH_MS);
  setInterval(() => $("[data-checking]") && soon(0), CHECKING_MS);
}

// Forms.

async function resolve(form) {
  const said = Object.fromEntries(new FormData(form));
  const body = { approved: said.approved === "yes", who: said.who, why: said.why, evidence: said.evidence };
  await ask("POST", `/page/payments/${encodeURIComponent(form.dataset.resolve)}/resolve`, body);
  form.closest("details").open = false;
  soon(0);
}

async function endCase(form) {
  await ask("POST", `/page/cases/${encodeURIComponent(form.dataset.case)}/resolve`, Object.fromEntries(new FormData(form)));
  form.closest("details").open = false;
  soon(0);
}

const DAYS = {
  agreed: "Closed. It agrees with the journal.", different: "Closed. It differs: see the cases.",
  uncompared: "Closed. It gave nothing to compare.", failed: "Not closed.", unknown: "Nobody knows: see the case.",
};

async function endDay(form) {
  says(form, "The terminal is at it. This may take minutes …");
  const answer = await ask("POST", `/page/terminals/${encodeURIComponent(form.dataset.day)}/end-of-day`, {});
  const { state, text } = await answer.json();
  setTimeout(() => { says(form, ""); soon(0); }, 8000);
  return state === "failed" ? `${DAYS.failed} ${text}` : DAYS[state];
}

async function declare(form) {
  const path = `/page/terminals/${encodeURIComponent(form.dataset.slip)}/slip`;
  await ask("POST", path, Object.fromEntries(new FormData(form)));
  form.closest("details").open = false;
  document.activeElement?.blur(); // a part with the focus in it is not replaced
  soon();
}

const CHECKING_MS = 1000; // somebody stands at the terminal and waits for the next word

async function check(form) {
  const said = new FormData(form);
  const body = { real_money: said.has("real_money"), confirm: said.get("confirm") ?? "" };
  await ask("POST", `/page/terminals/${encodeURIComponent(form.dataset.check)}/check`, body);
  const details = form.closest("details");
  if (details) details.open = false;
  document.activeElement?.blur(); // a part with the focus in it is not replaced
  soon(0);
}

async function stopCheck(form) {
  await ask("POST", `/page/terminals/${encodeURIComponent(form.dataset.stop)}/check/stop`, {});
  document.activeElement?.blur();
  soon(0);
}

async function test(form) {
  const answer = await ask("POST", `/page/devices/${encodeURIComponent(form.dataset.test)}/test`, {});
  const said = (await answer.json()).text;
  setTimeout(() => says(form, ""), 8000);
  return said;
}

const ENDS = { enter: "Enter", tab: "Tab", none: "nothing", auto: "Tab and Enter" };

async function learn(form) {
  says(form, "Waiting for the scan …");
  const answer = await ask("POST", `/page/devices/${encodeURIComponent(form.dataset.learn)}/learn`, {});
  const { layout, ending, gs, mode, remarks } = await answer.json();
  const keyboard = mode === "alt" ? "types by number (ALT mode)" : `types as a ${layout} keyboard`;
  const separator = gs ? `, ${gs} for GS` : "";
  return [`Learnt: it ${keyboard}, ${ENDS[ending]} behind each code${separator}.`, ...remarks].join(" ");
}

async function pair(form) {
  const answer = await ask("POST", "/page/pair/window", Object.fromEntries(new FormData(form)));
  const { code, expires, name } = await answer.json();
  const shown = $(".access .code");
  shown.textContent = code;
  shown.hidden = false;
  return `Good once, for ${name}, until ${new Date(expires).toLocaleTimeString("en-GB")}.`;
}

function work(page) {
  fromAddress(); // already in: the code is not used up, and not left in the address
  local(document);
  page.addEventListener("submit", (event) => {
    event.preventDefault();
    const form = event.target;
    if (form.dataset.resolve) submit(form, () => resolve(form));
    else if (form.dataset.case) submit(form, () => endCase(form));
    else if (form.dataset.day) submit(form, () => endDay(form));
    else if (form.dataset.slip) submit(form, () => declare(form));
    else if (form.dataset.check) submit(form, () => check(form));
    else if (form.dataset.stop) submit(form, () => stopCheck(form));
    else if (form.dataset.test) submit(form, () => test(form));
    else if (form.dataset.learn) submit(form, () => learn(form));
    else if ("support" in form.dataset) submit(form, support);
    else submit(form, () => pair(form));
  });
  $("#leave").addEventListener("click", async () => {
    await ask("DELETE", "/page/session");
    location.replace("/");
  });
  listen(page);
}

if ($("#login")) signIn($("#login"));
if ($("#page")) work($("#page"));
