import { command, type DeadLetter, syntaxError } from "../../core/plugin.ts";
import { bodyOf, MAX_BYTES, type Outcome, type Parcel, post } from "./request.ts";
import type { Webhook } from "./webhook.ts";
import type { Webhooks } from "./webhooks.ts";

/** W7: one try. It comes out of order, and says so by the number of the letter. */
export const retry = (webhooks: Webhooks) =>
  command("core/webhook/retry", {
    acked: true,
    audited: ["letter"],
    async run({ data: { letter } }) {
      const [found] = await webhooks.deliveries.deadLetters({ before: letter + 1, limit: 1 });
      const webhook = found?.letter === letter ? webhooks.get(found.webhook) : undefined;
      if (!(found && webhook)) throw syntaxError("letter", "there is no such dead letter");
      const outcome = await webhook.retry((abort) => sendAll(found, { webhook, abort }, webhooks));
      return outcome.kind === "ok" ? { delivered: true } : { delivered: false, error: outcome.error };
    },
  });

interface Way {
  readonly webhook: Webhook;
  readonly abort: AbortController;
}

/** Request by request, until one fails. What was delivered is out of the letter. */
async function sendAll(letter: DeadLetter, { webhook, abort }: Way, all: Webhooks): Promise<Outcome> {
  const { settings } = webhook;
  const { service, clock, deliveries } = all.surroundings;
  for (let after = letter.from_id - 1; ; ) {
    const parcel = await pack(letter, after, all, settings.max_messages);
    const outcome = await post(settings, bodyOf(service.name, settings.name, parcel), { clock, abort });
    if (outcome.kind !== "ok") return outcome;
    after = parcel.messages.at(-1)?.msg_id ?? letter.to_id;
    await deliveries.drop({ letter: letter.letter, to_id: after });
    if (after >= letter.to_id) return outcome;
  }
}

/** What comes next of a letter: messages that are kept, and which are not. */
async function pack(
  { letter, room_id, epoch, to_id }: DeadLetter,
  after: number,
  { deliveries }: Webhooks,
  most: number,
): Promise<Parcel> {
  const limit = Math.max(1, Math.min(most, to_id - after));
  const read = await deliveries.read({ room_id, epoch, after, limit, max_bytes: MAX_BYTES });
  const messages = (read?.messages ?? []).filter(({ msg_id }) => msg_id <= to_id);
  const first = messages[0]?.msg_id ?? to_id + 1;
  const dropped = first > after + 1 ? { dropped: { from: after + 1, to: first - 1 } } : {};
  // The end of a life is a letter by itself.
  return { room_id, epoch, letter, messages, destroyed: after === to_id, ...dropped };
}
