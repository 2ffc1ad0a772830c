import type Database from "better-sqlite3";
import type {
  BehindQuery,
  DeadLetter,
  DeadLettersQuery,
  KeptWebhook,
  RoomsBehind,
  Undelivered,
  UndeliveredQuery,
  WebhookKey,
  WebhooksQuery,
} from "../store.ts";
import { IN_SLICE, type LifeSlice, LifeSlices } from "./life-slices.ts";
import { Times } from "./times.ts";

interface WebhookRow {
  readonly webhook_key: number;
  readonly webhook: string;
  readonly since: number;
  readonly removed_at: number | null;
  readonly dead_letters: number;
}

interface LifeRow {
  readonly room_key: number;
  readonly epoch: string;
  readonly first_id: number;
  readonly last_id: number;
  readonly destroyed_at: number | null;
  /** Null without a cursor. */
  readonly delivered_id: number | null;
}

/** A webhook's parameters of `IS_BEHIND`. */
type Webhook = Pick<WebhookRow, "webhook_key" | "since">;

type Parameters = Webhook & LifeSlice & { readonly prefix: string };

/** Lives and where a webhook stands in them. Without a cursor it is told what is not older than itself. */
const LIVES = `
  rooms LEFT JOIN webhook_cursors AS cursor
  ON cursor.room_key = rooms.room_key AND cursor.webhook_key = :webhook_key`;
const IS_BEHIND = `
  CASE WHEN cursor.room_key IS NULL THEN last_timestmap >= :since OR ifnull(destroyed_at >= :since, 0)
  ELSE last_id > delivered_id OR (destroyed_at IS NOT NULL AND NOT ended) END`;

/** Reads how far webhooks have been told (W4–W6). */
export class WebhooksReader {
  readonly #webhooks: Database.Statement<[string], WebhookRow>;
  readonly #webhook: Database.Statement<[string, string], Webhook>;
  readonly #slices: LifeSlices;
  readonly #behind: Database.Statement<[Parameters], string>;
  readonly #undelivered: Database.Statement<
    [Webhook & { readonly service: string; readonly room_id: string }],
    LifeRow
  >;
  readonly #times: Times;
  readonly #letters: Database.Statement<[string, string | null, number, number], DeadLetter>;

  constructor(db: Database.Database) {
    this.#webhooks = db.prepare(
      `SELECT webhook_key, webhook, since, removed_at,
         (SELECT count(*) FROM dead_letters WHERE dead_letters.webhook_key = webhooks.webhook_key) AS dead_letters
       FROM webhooks WHERE service = ? ORDER BY webhook`,
    );
    this.#webhook = db.prepare("SELECT webhook_key, since FROM webhooks WHERE service = ? AND webhook = ?");
    this.#slices = new LifeSlices(db);
    this.#behind = db
      .prepare<[Parameters], string>(
        `SELECT room_id FROM ${LIVES}
         WHERE ${IN_SLICE} AND substr(room_id, 1, length(:prefix)) = :prefix AND ${IS_BEHIND}
         ORDER BY rooms.room_key`,
      )
      .pluck();
    this.#undelivered = db.prepare(
      `SELECT rooms.room_key, epoch, first_id, last_id, destroyed_at, delivered_id FROM ${LIVES}
       WHERE service = :service AND room_id = :room_id AND ${IS_BEHIND}
       ORDER BY rooms.room_key LIMIT 1`,
    );
    this.#times = new Times(db);
    this.#letters = db.prepare(
      `SELECT letter, service, webhook, room_id, epoch, from_id, to_id, error, at
       FROM dead_letters JOIN webhooks USING (webhook_key)
       WHERE service = ? AND webhook = ifnull(?, webhook) AND letter < ? ORDER BY letter DESC LIMIT ?`,
    );
  }

  all({ service }: WebhooksQuery): KeptWebhook[] {
    return this.#webhooks.all(service).map(({ webhook, since, removed_at, dead_letters }) => ({
      webhook,
      since,
      ...(removed_at !== null && { removed_at }),
      dead_letters,
    }));
  }

  /** Looks at `most` lives of all services. */
  roomsBehind({ webhook, prefix = "", ...asked }: BehindQuery): RoomsBehind {
    const found = this.#find({ service: asked.service, webhook });
    if (!found) return { room_ids: [], next: undefined };
    const { slice, next } = this.#slices.at(asked);
    return { room_ids: this.#behind.all({ ...found, ...slice, prefix }), next };
  }

  undelivered({ service, webhook, room_id }: UndeliveredQuery): Undelivered | undefined {
    const found = this.#find({ service, webhook });
    const life = found && this.#undelivered.get({ ...found, service, room_id });
    if (!life) return undefined;
    const { epoch, last_id, destroyed_at } = life;
    return {
      epoch,
      delivered_id: life.delivered_id ?? this.#before(life, found.since),
      has_cursor: life.delivered_id !== null,
      last_id,
      ...(destroyed_at !== null && { destroyed_at }),
    };
  }

  deadLetters({ service, webhook, before, limit }: DeadLettersQuery): DeadLetter[] {
    return this.#letters.all(service, webhook ?? null, before ?? Number.MAX_SAFE_INTEGER, limit);
  }

  #find({ service, webhook }: WebhookKey): Webhook | undefined {
    return this.#webhook.get(service, webhook);
  }

  /** The newest id below the messages from `since` on. */
  #before({ room_key, first_id, last_id }: LifeRow, since: number): number {
    return this.#times.firstSince(since, room_key, { low: first_id, high: last_id }) - 1;
  }
}
