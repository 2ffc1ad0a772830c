export { Client } from "./client.ts";
export { CallError, Connection, ConnectionLost, isRefusal } from "./connection.ts";
export { ClientClosed, InvalidMessage, OutboxFull, OutcomeUnknown, RoomEnded, RoomLeft } from "./errors.ts";
export { systemTimers } from "./timers.ts";
export { watch } from "./watch.ts";
//# sourceMappingURL=index.js.map
