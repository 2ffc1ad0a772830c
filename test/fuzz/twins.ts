import type { Patch } from "../fault/frame/twins.ts";
import { SECRET } from "./frame/config.ts";

/** A planted fault and what its fuzzer has to say about it: a fuzzer that does not find it proves nothing. */
interface Planted {
  readonly fuzzer: string;
  readonly patches: readonly Patch[];
  readonly found: RegExp;
}

const usual = "core/usual-request.js";

export const twins: Readonly<Record<string, Planted>> = {
  "takes numbers with leading zeros": {
    fuzzer: "json-gate",
    patches: [
      {
        file: usual,
        from: "i === first || (text.charCodeAt(first) === ZERO && i > first + 1)",
        to: "i === first",
      },
    ],
    found: /takes what is not JSON/,
  },
  "takes a quote behind two backslashes for an escaped one": {
    fuzzer: "json-gate",
    patches: [{ file: "core/json-text.js", from: "if (escapes % 2 === 0)", to: "if (escapes === 0)" }],
    found: /JSON|member|text/,
  },
  "lets a control character into names": {
    fuzzer: "names",
    patches: [{ file: "names.js", from: "\\u007f-\\u009f", to: "\\u0080-\\u009f" }],
    found: /isLabel is not false/,
  },
  "writes messages anew": {
    fuzzer: "round-trip",
    patches: [
      {
        file: "core/json-text.js",
        from: "if (isFreeOf(text, names))",
        to: "text = JSON.stringify(JSON.parse(text)); if (isFreeOf(text, names))",
      },
    ],
    found: /sent .*, got/s,
  },
  "echoes a tid with another text": {
    fuzzer: "commands",
    patches: [
      {
        file: "core/inbound.js",
        from: 'return copyOf(memberText(text, "tid"));',
        to: "return JSON.stringify(tid);",
      },
    ],
    found: /waited/,
  },
  "forgets rights": {
    fuzzer: "commands",
    patches: [
      { file: "core/dispatcher.js", from: "if (!isAllowed)", to: "if (false)" },
      { file: "core/room-rights.js", from: "if (code === undefined)", to: "if (true)" },
    ],
    found: /without the right/,
  },
  "takes what is not UTF-8": {
    fuzzer: "raw-frames",
    patches: [
      { file: "transport/text-frames.js", from: "if (isUtf8(bytes.subarray(start, end)))", to: "if (true)" },
    ],
    found: /expected to be closed with 1007/,
  },
  "forgets what came with a frame that is not whole": {
    fuzzer: "raw-frames",
    patches: [{ file: "transport/text-frames.js", from: "Buffer.concat([this.#rest, chunk])", to: "chunk" }],
    found: /expected|waited|ended|closed/,
  },
  "lets everybody in": {
    fuzzer: "handshake",
    patches: [
      {
        file: "http/entrances.js",
        from: "entrances.find((one) => baseOf(one.path) === base)",
        to: "entrances[0]",
      },
    ],
    found: /101, but the path is/,
  },
  "takes who says nothing for somebody": {
    fuzzer: "http",
    patches: [
      {
        file: "http/credentials.js",
        from: "return isOpenMode ? { user: NOBODY } : undefined;",
        to: `return { user: "few", password: "${SECRET}" };`,
      },
    ],
    found: /without credentials/,
  },
  "calls what is no JSON an error of its own": {
    fuzzer: "http",
    patches: [
      {
        file: "http/body.js",
        from: 'throw faulty("body", `no JSON',
        to: 'throw error; throw faulty("body", `no JSON',
      },
    ],
    found: /answered 500|reports an error/,
  },
  "merges bodies in the order of their subscriptions": {
    fuzzer: "subscriptions",
    patches: [{ file: "core/hub.js", from: "namedFields(a.mask) - namedFields(b.mask) || ", to: "" }],
    found: /expected .*, got/s,
  },
};
