import type { Fuzzer } from "../frame/fuzzer.ts";
import { commands } from "./commands.ts";
import { handshake } from "./handshake.ts";
import { http } from "./http.ts";
import { jsonGate } from "./json-gate.ts";
import { names } from "./names.ts";
import { rawFrames } from "./raw-frames.ts";
import { roundTrip } from "./round-trip.ts";
import { subscriptions } from "./subscriptions.ts";

export const fuzzers: readonly Fuzzer[] = [
  jsonGate,
  names,
  roundTrip,
  commands,
  rawFrames,
  handshake,
  http,
  subscriptions,
];
