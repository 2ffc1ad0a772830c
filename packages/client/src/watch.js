/** Asks a server that is silent, and gives the connection up when it stays so. Returns what ends the watch. */
export function watch(connection, timers, silent_ms) {
  let stop = () => {};
  let received = -1;
  let isAsked = false;
  const look = () => {
    stop = timers.after(silent_ms, look);
    const isSilent = connection.received === received;
    received = connection.received;
    if (isSilent && isAsked) return connection.drop("the server does not answer");
    isAsked = isSilent;
    if (isSilent) connection.call("core/core/ping", {}).catch(() => {});
  };
  look();
  return () => stop();
}
//# sourceMappingURL=watch.js.map
