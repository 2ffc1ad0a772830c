export { CallError, type Closed, Connection, ConnectionLost, type ConnectionOptions } from "./connection.ts";
