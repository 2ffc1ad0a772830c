import {
  type BehindQuery,
  type DeadLetter,
  type DeadLettersQuery,
  type DropDeadLetter,
  type KeptWebhook,
  MOST_DEAD_LETTERS,
  type MoveCursor,
  type RoomKey,
  type RoomsBehind,
  type SetWebhooks,
  type Undelivered,
  type UndeliveredQuery,
  type WebhookKey,
  type WebhooksQuery,
  type WebhookWrite,
} from "./store.ts";

/** A life of a room as far as webhooks look at it. */
interface Life extends RoomKey {
  readonly number: number;
  readonly epoch: string;
  readonly log: readonly { readonly msg_id: number; readonly timestmap: number }[];
  readonly last_id: number;
  readonly last_timestmap: number;
  readonly destroyed_at?: number;
}

interface Cursor {
  readonly delivered_id: number;
  readonly ended: boolean;
}

interface Webhook extends WebhookKey {
  readonly since: number;
  removed_at: number | undefined;
  /** By life. */
  readonly cursors: WeakMap<Life, Cursor>;
  letters: DeadLetter[];
}

/** How far webhooks have been told, beside the lives of a store in memory. */
export class MemoryWebhooks {
  /** In the order in which they began. */
  readonly #lives: ReadonlyMap<number, Life>;
  #webhooks: Webhook[] = [];
  #letters = 0;

  constructor(lives: ReadonlyMap<number, Life>) {
    this.#lives = lives;
  }

  apply(write: WebhookWrite): void {
    switch (write.kind) {
      case "set_webhooks":
        return this.#set(write);
      case "move_cursor":
        return this.#move(write);
      case "drop_dead_letter":
        return this.#dropLetter(write);
    }
  }

  /** Something happens in a life at `time`, behind `last_id`. What looks older than a webhook needs a cursor. */
  happened(life: Life, last_id: number, time: number): void {
    for (const { service, since, cursors } of this.#webhooks)
      if (service === life.service && since > time && !cursors.has(life))
        cursors.set(life, { delivered_id: last_id, ended: false });
  }

  all({ service }: WebhooksQuery): KeptWebhook[] {
    return this.#of(service)
      .map(({ webhook, since, removed_at, letters }) => ({
        webhook,
        since,
        ...(removed_at !== undefined && { removed_at }),
        dead_letters: letters.length,
      }))
      .sort((a, b) => Buffer.compare(Buffer.from(a.webhook), Buffer.from(b.webhook)));
  }

  roomsBehind({ prefix = "", from, most, ...key }: BehindQuery): RoomsBehind {
    const webhook = this.#find(key);
    if (!webhook) return { room_ids: [], next: undefined };
    const slice = [...this.#lives.values()].filter(({ number }) => number >= from);
    const room_ids = slice
      .slice(0, most)
      .filter((life) => life.room_id.startsWith(prefix) && isBehind(webhook, life))
      .map(({ room_id }) => room_id);
    return { room_ids, next: slice[most]?.number };
  }

  undelivered({ room_id, ...key }: UndeliveredQuery): Undelivered | undefined {
    const webhook = this.#find(key);
    const life =
      webhook && [...this.#lives.values()].find((one) => one.room_id === room_id && isBehind(webhook, one));
    if (!life) return undefined;
    const { epoch, last_id, destroyed_at } = life;
    const cursor = webhook.cursors.get(life);
    const first = life.log.find(({ timestmap }) => timestmap >= webhook.since);
    return {
      epoch,
      delivered_id: cursor?.delivered_id ?? (first ? first.msg_id - 1 : last_id),
      has_cursor: cursor !== undefined,
      last_id,
      ...(destroyed_at !== undefined && { destroyed_at }),
    };
  }

  deadLetters({
    service,
    webhook,
    before = Number.POSITIVE_INFINITY,
    limit,
  }: DeadLettersQuery): DeadLetter[] {
    return this.#of(service)
      .flatMap(({ letters }) => letters)
      .filter((one) => one.letter < before && (webhook === undefined || one.webhook === webhook))
      .sort((a, b) => b.letter - a.letter)
      .slice(0, limit);
  }

  #set({ service, webhooks, now, forget_before }: SetWebhooks): void {
    const isForgotten = (one: Webhook) =>
      one.service === service && one.removed_at !== undefined && one.removed_at < forget_before;
    this.#webhooks = this.#webhooks.filter((one) => !isForgotten(one));
    for (const one of this.#of(service))
      one.removed_at = webhooks.includes(one.webhook) ? undefined : (one.removed_at ?? now);
    for (const webhook of webhooks) if (!this.#find({ service, webhook })) this.#add(service, webhook, now);
  }

  /** What is there already and looks as if it came later is not for it. */
  #add(service: string, webhook: string, since: number): void {
    const cursors = new WeakMap<Life, Cursor>();
    for (const life of this.#lives.values())
      if (life.service === service && isNotBefore(since, life))
        cursors.set(life, { delivered_id: life.last_id, ended: life.destroyed_at !== undefined });
    this.#webhooks.push({ service, webhook, since, removed_at: undefined, cursors, letters: [] });
  }

  #move({ service, room_id, epoch, webhook: name, delivered_id, ended, dead }: MoveCursor): void {
    const webhook = this.#find({ service, webhook: name });
    if (!webhook) return;
    const key = { service, room_id, epoch };
    const life = [...this.#lives.values()].find((one) => isOf(key, one));
    const cursor = life && webhook.cursors.get(life);
    if (life)
      webhook.cursors.set(life, {
        delivered_id: Math.max(delivered_id, cursor?.delivered_id ?? 0),
        ended: ended || cursor?.ended === true,
      });
    if (!dead) return;
    const last = webhook.letters.findLast((letter) => isOf(key, letter));
    if (last && last.to_id + 1 === dead.from_id && dead.from_id <= dead.to_id) {
      webhook.letters = webhook.letters.with(webhook.letters.indexOf(last), {
        ...last,
        ...dead,
        from_id: last.from_id,
      });
      return;
    }
    const letter = { letter: ++this.#letters, service, webhook: name, room_id, epoch, ...dead };
    webhook.letters = [...webhook.letters, letter].slice(-MOST_DEAD_LETTERS);
  }

  #dropLetter({ service, letter, to_id }: DropDeadLetter): void {
    for (const webhook of this.#of(service))
      webhook.letters = webhook.letters
        .map((one) => (one.letter === letter ? { ...one, from_id: Math.max(one.from_id, to_id + 1) } : one))
        .filter((one) => one.letter !== letter || one.from_id <= one.to_id);
  }

  #of(service: string): Webhook[] {
    return this.#webhooks.filter((one) => one.service === service);
  }

  #find({ service, webhook }: WebhookKey): Webhook | undefined {
    return this.#of(service).find((one) => one.webhook === webhook);
  }
}

/** Whether something of a life has a time from `since` on. */
function isNotBefore(since: number, { last_timestmap, destroyed_at = 0 }: Life): boolean {
  return last_timestmap >= since || destroyed_at >= since;
}

function isBehind({ service, since, cursors }: Webhook, life: Life): boolean {
  if (life.service !== service) return false;
  const cursor = cursors.get(life);
  if (!cursor) return isNotBefore(since, life);
  return life.last_id > cursor.delivered_id || (life.destroyed_at !== undefined && !cursor.ended);
}

function isOf(key: RoomKey & { readonly epoch: string }, one: RoomKey & { readonly epoch: string }): boolean {
  return one.service === key.service && one.room_id === key.room_id && one.epoch === key.epoch;
}
