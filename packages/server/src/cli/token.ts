import type { Command } from "commander";
import { attempt, Failure } from "./failure.ts";
import { wholeNumber } from "./numbers.ts";
import { isoTime, lookOf, plain, remark, say, sayJson } from "./output.ts";
import type { Wish } from "./token-claims.ts";
import { spanOf } from "./when.ts";

interface Flags extends Wish {
  readonly config: string;
  readonly authenticator?: number;
  readonly kid?: string;
  readonly keyFile?: string;
  readonly json?: true;
}

const names = (text: string) => text.split(",").filter((name) => name !== "");

export function define(token: Command): void {
  token
    .command("make", { isDefault: true })
    .description("Sign a token that the configuration accepts, for trials and tests.")
    .requiredOption("--config <file>", "configuration with a jwt authenticator", process.env.ROOMLOG_CONFIG)
    .requiredOption("--user <name>", "whose token it is")
    .option("--rights <names>", "with commas between, in a claim of the profile claims", names)
    .option("--room <room>", "the rights hold in this room; LiveKit and Jitsi: the room to join")
    .option("--moderator", "LiveKit and Jitsi: with the rights of a moderator")
    .option("--expires <span>", "90s, 10m, 2h, 7d", spanOf, 3600)
    .option("--kid <name>", "the key of that name")
    .option(
      "--authenticator <number>",
      "which of the configuration's authenticators, from 0 on",
      wholeNumber(0),
    )
    .option("--key-file <file>", "private key, PEM, where the configuration has the public one")
    .option("--json", "as JSON, with what it says")
    .action((flags: Flags) => attempt(() => make(flags), flags.config));
  token
    .command("inspect")
    .description("Show what a token says, without asking whether it is good.")
    .argument("[token]", "from stdin when it is left out or -", "-")
    .action((text: string) => attempt(() => inspect(text)));
}

async function make(flags: Flags): Promise<void> {
  const { signedToken } = await import("./token-make.ts");
  const { token, claims } = await signedToken(flags);
  if (lookOf(flags) === "json") return sayJson({ token, claims });
  say(token);
  remark(`For ${plain(flags.user)}, until ${isoTime(Number(claims.exp) * 1e6)}. ROOMLOG_TOKEN takes it.`);
}

async function inspect(given: string): Promise<void> {
  const { text } = await import("node:stream/consumers");
  const token = (given === "-" ? await text(process.stdin) : given).trim();
  const { decodeJwt, decodeProtectedHeader } = await import("jose");
  try {
    const [header, claims] = [decodeProtectedHeader(token), decodeJwt(token)];
    const { exp } = claims;
    sayJson({ header, claims });
    if (exp !== undefined)
      remark(`${exp * 1000 > Date.now() ? "Good until" : "Ended at"} ${isoTime(exp * 1e6)}.`);
  } catch (cause) {
    throw new Failure("data", `that is no JSON Web Token: ${(cause as Error).message}`, { cause });
  }
}
