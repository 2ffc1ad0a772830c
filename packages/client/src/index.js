export { Client } from "./client.js";
export { CallError, Connection, ConnectionLost, isRefusal, } from "./connection.js";
export { ClientClosed, InvalidMessage, OutboxFull, OutcomeUnknown, RoomEnded, RoomLeft, } from "./errors.js";
export { systemTimers } from "./timers.js";
export { watch } from "./watch.js";
//# sourceMappingURL=index.js.map