// Keeps the board current: the server renders it, this fetches it again every two seconds.

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
    if (text !== shown) {
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

localTimes();
refresh();
