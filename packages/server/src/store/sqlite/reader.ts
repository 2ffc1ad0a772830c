import { MAX_ROOM_ID } from "@roomlog/protocol";
import type Database from "better-sqlite3";
import type {
  Authored,
  AuthoredQuery,
  BehindQuery,
  DeadLetter,
  DeadLettersQuery,
  DigestQuery,
  Erasable,
  ErasableQuery,
  Erasure,
  ErasuresQuery,
  KeptWebhook,
  Life,
  LifeKey,
  ListedRoom,
  LivesQuery,
  LogDigest,
  Mark,
  MarkedRoomsQuery,
  MarksQuery,
  MessageQuery,
  NewestSchemas,
  NewestSchemasQuery,
  Overdue,
  OverdueQuery,
  Page,
  PageText,
  PageTextQuery,
  Room,
  RoomKey,
  RoomQuery,
  RoomsBehind,
  SchemaVersion,
  StandingQuery,
  Standings,
  StandingsQuery,
  TrimmableQuery,
  Trimmed,
  Undelivered,
  UndeliveredQuery,
  Unread,
  UnreadQuery,
  Usage,
  UsageQuery,
  WebhooksQuery,
} from "../store.ts";
import { Digests } from "./digests.ts";
import { ErasuresReader } from "./erasures-reader.ts";
import { openForReading } from "./file.ts";
import { MarksReader } from "./marks-reader.ts";
import { OverdueLives } from "./overdue.ts";
import { Pages } from "./pages.ts";
import {
  LIFE,
  LISTED,
  type LifeRow,
  type ListedRow,
  lifeOf,
  listedOf,
  OF_USER,
  type OfUserRow,
  ofUser,
  ROOM,
  type RoomRow,
  roomOf,
  STANDING,
  type StandingRow,
  standingOf,
} from "./rows.ts";
import { SchemasReader } from "./schemas.ts";
import { Trimmable } from "./trimmable.ts";
import { WebhooksReader } from "./webhooks-reader.ts";
import { serve } from "./worker-calls.ts";

/** Behind a prefix, greater than whatever else may follow it. */
const ABOVE_ANY_ROOM_ID = "\u{10ffff}".repeat(MAX_ROOM_ID + 1);

const OF_ROOM_ID = "FROM rooms WHERE service = ? AND room_id = ?";
const ENDED = `SELECT ${LIFE} ${OF_ROOM_ID} AND destroyed_at IS NOT NULL AND kept`;

interface NumberedStanding extends StandingRow {
  readonly standing_key: number;
  readonly room_id: string;
  readonly user_id: string;
}

/** The connection that reads, in a thread of its own, so that a long page never delays a send. */
class Reader {
  readonly #db: Database.Database;
  readonly #pages: Pages;
  readonly #digests: Digests;
  readonly #overdue: OverdueLives;
  readonly #trimmable: Trimmable;
  readonly #webhooks: WebhooksReader;
  readonly #erasures: ErasuresReader;
  readonly #schemas: SchemasReader;
  readonly #marks: MarksReader;
  readonly #room: Database.Statement<[string, string], RoomRow>;
  readonly #rooms: Database.Statement<[string, string, string, string, string, number], ListedRow>;
  readonly #ofUser: Database.Statement<[string, string, string], OfUserRow>;
  readonly #ofUserInLife: Database.Statement<[string, string, string, string], OfUserRow>;
  readonly #standings: Database.Statement<[number, string, number], NumberedStanding>;
  readonly #usage: Database.Statement<[string], Usage>;
  readonly #livingLife: Database.Statement<[string, string], LifeRow>;
  readonly #lifeByEpoch: Database.Statement<[string, string, string], LifeRow>;
  readonly #endedLives: Database.Statement<[string, string, number], LifeRow>;
  readonly #endedLivesBefore: Database.Statement<[string, string, string, string, string, number], LifeRow>;

  constructor(directory: string) {
    this.#db = openForReading(directory);
    this.#pages = new Pages(this.#db);
    this.#digests = new Digests(this.#db);
    this.#overdue = new OverdueLives(this.#db);
    this.#trimmable = new Trimmable(this.#db);
    this.#webhooks = new WebhooksReader(this.#db);
    this.#erasures = new ErasuresReader(this.#db);
    this.#schemas = new SchemasReader(this.#db);
    this.#marks = new MarksReader(this.#db);
    this.#room = this.#db.prepare(`SELECT ${ROOM} ${OF_ROOM_ID} AND destroyed_at IS NULL`);
    this.#rooms = this.#db.prepare(
      `SELECT ${LISTED} FROM rooms
       WHERE service = ? AND destroyed_at IS NULL AND room_id >= max(?, ?) AND +room_id > ? AND room_id < ?
       ORDER BY room_id LIMIT ?`,
    );
    this.#ofUser = this.#db.prepare(`${OF_USER} AND destroyed_at IS NULL`);
    this.#ofUserInLife = this.#db.prepare(`${OF_USER} AND epoch = ? AND kept`);
    this.#standings = this.#db.prepare(
      `SELECT standing_key, room_id, user_id, ${STANDING} FROM standings CROSS JOIN rooms USING (room_key)
       WHERE standing_key >= ? AND service = ? AND destroyed_at IS NULL
         AND (role IS NOT NULL OR muted IS NOT NULL)
       ORDER BY standing_key LIMIT ?`,
    );
    this.#usage = this.#db.prepare(
      `SELECT count(*) FILTER (WHERE destroyed_at IS NULL) AS rooms, ifnull(sum(bytes), 0) AS bytes
       FROM rooms WHERE service = ?`,
    );
    this.#livingLife = this.#db.prepare(`SELECT ${LIFE} ${OF_ROOM_ID} AND destroyed_at IS NULL`);
    this.#lifeByEpoch = this.#db.prepare(`SELECT ${LIFE} ${OF_ROOM_ID} AND epoch = ? AND kept`);
    this.#endedLives = this.#db.prepare(`${ENDED} ORDER BY room_key DESC LIMIT ?`);
    this.#endedLivesBefore = this.#db.prepare(
      `${ENDED} AND room_key < (SELECT room_key ${OF_ROOM_ID} AND epoch = ? AND kept)
       ORDER BY room_key DESC LIMIT ?`,
    );
  }

  room({ service, room_id }: RoomKey): Room | undefined {
    const row = this.#room.get(service, room_id);
    return row && roomOf(row);
  }

  rooms({ service, after = "", prefix = "", limit }: RoomQuery): ListedRoom[] {
    return this.#rooms.all(service, after, prefix, after, prefix + ABOVE_ANY_ROOM_ID, limit).map(listedOf);
  }

  usage({ service }: UsageQuery): Usage {
    return this.#usage.get(service) as Usage;
  }

  life({ service, room_id, epoch }: LifeKey): Life | undefined {
    const row =
      epoch === undefined
        ? this.#livingLife.get(service, room_id)
        : this.#lifeByEpoch.get(service, room_id, epoch);
    return row && lifeOf(row);
  }

  standing({ service, room_id, epoch, user_id }: StandingQuery) {
    const row =
      epoch === undefined
        ? this.#ofUser.get(user_id, service, room_id)
        : this.#ofUserInLife.get(user_id, service, room_id, epoch);
    return row && ofUser(row);
  }

  standings({ service, from, most }: StandingsQuery): Standings {
    const rows = this.#standings.all(from, service, most + 1);
    const standings = rows
      .slice(0, most)
      .map(({ room_id, user_id, ...row }) => ({ room_id, user_id, standing: standingOf(row) }));
    return { standings, next: rows[most]?.standing_key };
  }

  schemas(query: LifeKey): SchemaVersion[] | undefined {
    return this.#schemas.all(query);
  }

  newestSchemas(query: NewestSchemasQuery): NewestSchemas {
    return this.#schemas.newest(query);
  }

  endedLives({ service, room_id, before, limit }: LivesQuery): Life[] {
    const rows =
      before === undefined
        ? this.#endedLives.all(service, room_id, limit)
        : this.#endedLivesBefore.all(service, room_id, service, room_id, before, limit);
    return rows.map(lifeOf);
  }

  messages(query: MessageQuery): Page | undefined {
    return this.#pages.page(query);
  }

  pageText(query: PageTextQuery): PageText | undefined {
    return this.#pages.text(query);
  }

  digest(query: DigestQuery): LogDigest | undefined {
    return this.#digests.digest(query);
  }

  overdue(query: OverdueQuery): Overdue {
    return this.#overdue.find(query);
  }

  webhooks(query: WebhooksQuery): KeptWebhook[] {
    return this.#webhooks.all(query);
  }

  roomsBehind(query: BehindQuery): RoomsBehind {
    return this.#webhooks.roomsBehind(query);
  }

  undelivered(query: UndeliveredQuery): Undelivered | undefined {
    return this.#webhooks.undelivered(query);
  }

  deadLetters(query: DeadLettersQuery): DeadLetter[] {
    return this.#webhooks.deadLetters(query);
  }

  authored(query: AuthoredQuery): Authored {
    return this.#erasures.authored(query);
  }

  erasable(query: ErasableQuery): Erasable | undefined {
    return this.#erasures.erasable(query);
  }

  erasures(query: ErasuresQuery): Erasure[] {
    return this.#erasures.erasures(query);
  }

  marks(query: MarksQuery): Mark[] | undefined {
    return this.#marks.all(query);
  }

  markedRooms(query: MarkedRoomsQuery): string[] {
    return this.#marks.rooms(query);
  }

  unread(query: UnreadQuery): Unread[] {
    return this.#marks.unread(query);
  }

  trimmable(query: TrimmableQuery): Trimmed | undefined {
    return this.#trimmable.count(query);
  }

  close(): void {
    this.#db.close();
  }
}

serve((directory: string) => new Reader(directory));

export { Reader };
