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

// Commands: settled at the box, so the answer is the box's.

const ANSWER_MS = 60_000;

async function told(answer) {
  if (answer.ok) return answer.json();
  const problem = await answer.json().catch(() => ({}));
  throw new Error(problem.detail ?? `headquarters answered ${answer.status}`);
}

function wish(form) {
  const { approved, token, ...args } = Object.fromEntries(new FormData(form));
  const [noun, id] = form.dataset.subject.split(/\/(.*)/);
  args[noun] = id;
  if (noun === "payment") args.approved = approved === "yes";
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const name = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return { token, command: { id: name, verb: `resolve-${noun}`, args } };
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
  if (state.status === "successful") return "The box has it.";
  throw new Error(`${state.status}: ${state.code ?? "no answer yet, see the last commands"}`);
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
    form.closest("details").open = false;
  } catch (error) {
    said.textContent = error.message;
  } finally {
    button.disabled = false;
  }
});

localTimes();
refresh();
