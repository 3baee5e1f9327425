// Keeps the board current: the server renders it, this fetches it again every two seconds, except
// while somebody is about to settle something on it.

const REFRESH_MS = 2000;
const board = document.getElementById("board");
const live = document.getElementById("live");

function sign(state, text) {
  live.dataset.state = state;
  if (live.textContent !== text) live.textContent = text;
}

function localTimes() {
  for (const each of board.querySelectorAll("time[datetime]")) {
    const when = new Date(each.dateTime);
    if (Number.isNaN(when.valueOf())) continue;
    each.textContent = when.toLocaleTimeString("en-GB");
    each.title = when.toLocaleString();
  }
}

let shown = "";

async function refresh() {
  try {
    const answer = await fetch("/board", { signal: AbortSignal.timeout(10_000) });
    if (!answer.ok) throw new Error(`headquarters answered ${answer.status}`);
    const text = await answer.text();
    if (text !== shown && !board.querySelector("details[open]")) {
      shown = text;
      board.innerHTML = text;
      localTimes();
    }
    sign("good", "live");
  } catch {
    sign("bad", "reconnecting");
  }
  setTimeout(refresh, REFRESH_MS);
}

// Commands: settled, or ended and compared, at the box, so the answer is the box's.

const ANSWER_MS = 60_000;

async function told(answer) {
  if (answer.ok) return answer.json();
  const problem = await answer.json().catch(() => ({}));
  throw new Error(problem.detail ?? `headquarters answered ${answer.status}`);
}

function resolving(subject, { approved, ...args }) {
  const [noun, id] = subject.split(/\/(.*)/);
  args[noun] = id;
  if (noun === "payment") args.approved = approved === "yes";
  return { verb: `resolve-${noun}`, args };
}

function ending({ who, terminal, totals, currency, of }) {
  const args = terminal ? { terminal } : {};
  if (totals.trim()) args.slip = of ? { who, totals, currency, of } : { who, totals, currency };
  else args.who = who;
  return { verb: "reconcile", args };
}

function wish(form) {
  const { token, ...given } = Object.fromEntries(new FormData(form));
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const id = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const { subject } = form.dataset;
  return { token, command: { id, ...(subject ? resolving(subject, given) : ending(given)) } };
}

// A day's end says how it went, a refusal why; both in words for the one who asked.
function words({ status, code, data }) {
  const { state, text, message } = JSON.parse(data ?? "{}");
  if (status === "successful") return state && text ? `${state}: ${text}` : "The box has it.";
  throw new Error(`${status}: ${message ?? code ?? "no answer yet, see the last commands"}`);
}

async function settle(form) {
  const { token, command } = wish(form);
  let state = await told(await fetch(`/v1/boxes/${encodeURIComponent(form.dataset.box)}/commands`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
    body: JSON.stringify(command),
  }));
  const until = Date.now() + ANSWER_MS;
  while (["sending", "sent", "accepted", "executing"].includes(state.status) && Date.now() < until) {
    await new Promise((done) => { setTimeout(done, 500); });
    state = await told(await fetch(`/v1/commands/${command.id}`));
  }
  return words(state);
}

board.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const said = form.querySelector(".said");
  const button = form.querySelector("button");
  button.disabled = true;
  said.textContent = "Asking the box …";
  try {
    said.textContent = await settle(form);
    form.closest("details").open = "day" in form.dataset; // which has an answer to be read
  } catch (error) {
    said.textContent = error.message;
  } finally {
    button.disabled = false;
  }
});

localTimes();
refresh();
