// Asking the server. What is under way is dropped when the next question comes; but one that has
// only just begun is let finish, so that something is seen while a slider moves.

const PATIENCE = 200; // ms that a question is let, when the next has come

/** A way to ask one thing at a time: ask(asked, each) and drop(). `each` gets every answer. */
function makeAsker(path) {
  let under = null, next = null, timer = 0;

  function begin() {
    clearTimeout(timer);
    const [asked, each] = next, mine = { control: new AbortController(), begun: performance.now() };
    if (under) under.control.abort();
    [under, next] = [mine, null];
    const tell = (answer) => {
      if (under !== mine) return;
      mine.answered = true;
      each(answer);
      if (next) begin();
    };
    readLines(path, asked, mine.control.signal, tell).catch((error) => {
      if (error.name !== "AbortError") tell({ lost: true });
    }).finally(() => {
      if (under !== mine) return;
      under = null;
      if (next) begin();
      else each({ ended: true });
    });
  }

  return {
    ask(asked, each) {
      next = [asked, each];
      if (!under || under.answered) begin();
      else {
        clearTimeout(timer);
        timer = setTimeout(begin, Math.max(0, PATIENCE - (performance.now() - under.begun)));
      }
    },
    drop() {
      clearTimeout(timer);
      if (under) under.control.abort();
      [under, next] = [null, null];
    },
  };
}

/** Send a question, and tell each line of the answer as it comes. */
async function readLines(path, asked, signal, tell) {
  const answer = await fetch(path, { method: "POST", body: JSON.stringify(asked), signal,
    headers: { "Content-Type": "application/json" } });
  if (!answer.ok) {
    tell({ refused: { "": (await answer.text()).trim() } });
    return;
  }
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let begun = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (begun + value).split("\n");
    begun = lines.pop();
    for (const text of lines) tell(JSON.parse(text));
  }
}
