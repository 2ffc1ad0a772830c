type Undo = () => void;

const pending: Undo[] = [];

/** Undoes something however this program ends, save by SIGKILL; the newest first. Returns what takes that back. */
export function atExit(undo: Undo): () => void {
  if (pending.length === 0) process.once("exit", undoAll);
  pending.push(undo);
  return () => {
    const at = pending.indexOf(undo);
    if (at >= 0) pending.splice(at, 1);
  };
}

function undoAll(): void {
  for (const undo of pending.splice(0).toReversed()) attempt(undo);
}

/** One that fails must not keep the others from being undone. */
function attempt(undo: Undo): void {
  try {
    undo();
  } catch (error) {
    console.error(String(error));
    process.exitCode ||= 1;
  }
}
