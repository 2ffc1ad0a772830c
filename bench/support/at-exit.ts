const tasks = new Set<() => void>();

process.on("exit", () => {
  for (const task of tasks) task();
});

/** Does something when this process ends; what it gives back takes that off the list. */
export function atExit(task: () => void): () => void {
  tasks.add(task);
  return () => void tasks.delete(task);
}
