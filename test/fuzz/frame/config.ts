import { rightsByName } from "@roomlog/protocol/rights";
import type { ConfigInput } from "roomlog";

/** The password of every user here; nothing that the server says or logs may have it in it. */
export const SECRET = "canary-7f3a";

/** Its hash, made so cheap that a login costs next to nothing. */
const HASH = "$argon2id$v=19$m=8,t=1,p=1$QIV9+qTfIcb95iX2HzpbYw$LSgyJItW9HexKbMfCyaZcDKzcNvSxVySFXZoc1bGK4M";

/** What the user `few` may. */
export const FEW_RIGHTS: readonly string[] = ["msglog_get", "room_read", "subscribe"];

/** Where the server is reached, so that other paths are refused. */
export const PATH = "/fuzz";

/** Rates that no fuzzer reaches: what they refuse (Q3) is tested elsewhere. */
const MANY = { requests: 1e6, requests_burst: 1e7, bytes: 1e9, bytes_burst: 1e10 };

export const config: ConfigInput = {
  log_level: "debug",
  users: [
    {
      name: "every",
      password: HASH,
      rights: ["*", ...rightsByName],
    },
    { name: "few", password: HASH, rights: [...FEW_RIGHTS] },
    { name: "calm", password: HASH, rights: ["callback"] },
  ],
  limits: {
    login_failures: 2,
    ping_seconds: 0,
    answer_seconds: 3,
    holder_answer_seconds: 1,
    rates: { login: MANY, connection: MANY, user: MANY, address: MANY },
    handshakes_per_address: 10_000,
    sessions_per_user: 10_000,
  },
  services: { main: { listeners: [{ path: PATH }], core: { callback_seconds: 0.2, log_rate: 1e6 } } },
};
