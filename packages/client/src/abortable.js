/** The outcome of `promise`, or the reason of `signal` when that comes first. */
export function abortable(promise, signal) {
  if (!signal) return promise;
  const aborted = Promise.withResolvers();
  const abort = () => aborted.reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort);
  return Promise.race([promise, aborted.promise]).finally(() => signal.removeEventListener("abort", abort));
}
//# sourceMappingURL=abortable.js.map
