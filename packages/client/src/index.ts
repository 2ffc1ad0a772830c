export { CallError, Client, type ClientOptions, type Closed, ConnectionLost } from "./client.ts";
