import type {
  EntryOp,
  MessageLog,
  MessageStamp,
  Retention,
  RoomAccess,
  RoomInfo,
  RoomRole,
} from "@roomlog/protocol";

/**
 * What keeps the rooms and their logs. The store is the truth: a message exists when `commit` has made it
 * durable, ids come from the room's own counter inside the same transaction, and reads see durable writes only.
 * A driver may be naive; `ManagedStore` gives it group commit, init once, close once and the final failure.
 */
export interface Store {
  /** Opens or creates; takes the store for this process alone. Rejects with a `StoreError`. */
  open(): Promise<void>;
  /** Resolves with the cause when the driver can serve no longer, though nobody closed it. */
  readonly lost?: Promise<unknown> | undefined;
  /** Makes all writes durable in one transaction, in their order. A rejection is final: nothing is known of them. */
  commit(writes: readonly Write[]): Promise<Written[]>;
  /** How long the last commit waited for the disk, in milliseconds; undefined where nothing is waited for. */
  readonly sync_ms?: number | undefined;
  /** The living room. */
  room(key: RoomKey): Promise<Room | undefined>;
  /** Rooms that exist, ascending by `room_id` in code point order; without their meta data, which may be large. */
  rooms(query: RoomQuery): Promise<ListedRoom[]>;
  /** How much there is of a service. */
  usage(query: UsageQuery): Promise<Usage>;
  /** A life of a room; without `epoch` the living one. Undefined when there is no such life. */
  life(key: LifeKey): Promise<Life | undefined>;
  /** What a life of a room says about who may do what in it, in general and of one user; undefined without such a life. */
  standing(
    query: StandingQuery,
  ): Promise<{ readonly access?: RoomAccess; readonly standing: Standing } | undefined>;
  /** Who has a role in the living rooms of a service, or is muted there. A slice of all. */
  standings(query: StandingsQuery): Promise<Standings>;
  /** All versions of the schemas of a life of a room, by type and version (M24); undefined when there is no such life. */
  schemas(query: LifeKey): Promise<SchemaVersion[] | undefined>;
  /** The newest versions of the schemas of the living rooms of a service. A slice of all. */
  newestSchemas(query: NewestSchemasQuery): Promise<NewestSchemas>;
  /** The ended lives of a room id whose logs are kept, the newest first (M12). */
  endedLives(query: LivesQuery): Promise<Life[]>;
  /** A page of a log (M8); undefined when there is no such life. Its cost does not grow with the log. */
  messages(query: MessageQuery): Promise<Page | undefined>;
  /** The same page as text: what readers get without a look at each message. */
  pageText(query: PageTextQuery): Promise<PageText | undefined>;
  /** The digest of a log up to an entry (M23); undefined when there is no such life. */
  digest(query: DigestQuery): Promise<LogDigest | undefined>;
  /** Lives from which a `trim` with the same bounds would drop something now (M13). Looks at a slice of all lives. */
  overdue(query: OverdueQuery): Promise<Overdue>;
  /** What a `trim` would drop, a slice of it; undefined when there is no such life. Changes nothing. */
  trimmable(query: TrimmableQuery): Promise<Trimmed | undefined>;
  /** The webhooks of a service that are remembered (W4), by name. */
  webhooks(query: WebhooksQuery): Promise<KeptWebhook[]>;
  /** Rooms of which a webhook has something to be told, each once or more. Looks at a slice of all lives. */
  roomsBehind(query: BehindQuery): Promise<RoomsBehind>;
  /** The first life of a room of which a webhook has something to be told; undefined when it is level. */
  undelivered(query: UndeliveredQuery): Promise<Undelivered | undefined>;
  /** How far users have read the living room, ascending by `user_id` in code point order (M19); undefined without one. */
  marks(query: MarksQuery): Promise<Mark[] | undefined>;
  /** The living rooms in which a user has a mark, ascending by `room_id` in code point order (M20). */
  markedRooms(query: MarkedRoomsQuery): Promise<string[]>;
  /** What a user has not read in those of the rooms that live, in their order (M20). Costs the same however much that is. */
  unread(query: UnreadQuery): Promise<Unread[]>;
  /** What webhooks of a service could not be told (W6), the newest first. */
  deadLetters(query: DeadLettersQuery): Promise<DeadLetter[]>;
  /** Lives in which a user has written something (M21). Looks at a slice of all lives. */
  authored(query: AuthoredQuery): Promise<Authored>;
  /** What an `erase` would erase, a slice of it; undefined when there is no such life. Changes nothing. */
  erasable(query: ErasableQuery): Promise<Erasable | undefined>;
  /** Erasures of a service, the newest first (M21). */
  erasures(query: ErasuresQuery): Promise<Erasure[]>;
  /**
   * Takes what was erased out of where it may still lie in files, a slice of them: from `from`, 0 to begin, to where the
   * next one begins; undefined behind the last one. A file that somebody else reads just now is tried again with the same `from`.
   */
  scrub(from: number): Promise<number | undefined>;
  /** Gives a slice of the space of what was dropped back to the disk; whether there is more to give. */
  tidy(): Promise<boolean>;
  /** Ends after running calls have. */
  close(): Promise<void>;
}

export interface RoomKey {
  readonly service: string;
  readonly room_id: string;
}

/** A life of a room id (M12). */
export interface LifeKey extends RoomKey {
  /** Without it the living one is meant. */
  readonly epoch?: string | undefined;
}

export type Write =
  | CreateRoom
  | UpdateRoom
  | ChangeAccess
  | SetRole
  | SetMute
  | SetSince
  | SetSchema
  | DestroyRoom
  | Append
  | SetMark
  | Trim
  | SetSearch
  | IndexMessages
  | SetHold
  | ErasureWrite
  | WebhookWrite;

export type ErasureWrite = BeginErasure | Erase | EndErasure;

export type WebhookWrite = SetWebhooks | MoveCursor | DropDeadLetter;

/** Starts a new life of `room_id`; refused with `room_exists` while it has one. */
export interface CreateRoom extends RoomKey {
  readonly kind: "create_room";
  /** Names this life of the room (M12). */
  readonly epoch: string;
  readonly info: RoomInfo;
  /** µs since 1970 */
  readonly created_at: number;
  /** Gets the role of that name (R8). */
  readonly owner?: string;
}

/** Replaces the room's own retention; undefined takes it away (M13). Refused with `room_not_found`. */
export interface UpdateRoom extends RoomKey {
  readonly kind: "update_room";
  readonly retention: Retention | undefined;
}

/** Changes who may come into the room and what holds there; the rest stays (R10). Refused with `room_not_found`. */
export interface ChangeAccess extends RoomKey {
  readonly kind: "change_access";
  readonly change: RoomAccess;
}

/** Gives a user a role in the room, or takes it away (R8, R9). Refused with `room_not_found`. */
export interface SetRole extends RoomKey {
  readonly kind: "set_role";
  readonly user_id: string;
  readonly role: RoomRole | undefined;
  /** µs since 1970; without it for good. */
  readonly until?: number | undefined;
}

/** Takes a user's voice in the room, or gives it back (R9). Refused with `room_not_found`. */
export interface SetMute extends RoomKey {
  readonly kind: "set_mute";
  readonly user_id: string;
  readonly muted: boolean;
  /** µs since 1970; without it for good. */
  readonly until?: number | undefined;
}

/** Keeps where the room's log begins for a user: behind its newest message, the first time (R11). Refused with `room_not_found`. */
export interface SetSince extends RoomKey {
  readonly kind: "set_since";
  readonly user_id: string;
}

/** A new version of the schema of a type of messages; it holds for what is stored from then on (M24). Refused with `room_not_found`, also when `epoch` is not the living one. */
export interface SetSchema extends RoomKey {
  readonly kind: "set_schema";
  readonly epoch: string;
  readonly type: string;
  /** One more than the type's newest in this life. */
  readonly version: number;
  /** JSON text; undefined: the type has none any more. */
  readonly schema: string | undefined;
  readonly user_id: string;
  /** µs since 1970 */
  readonly at: number;
}

/** A version of the schema of a type, as a room keeps it (M24). */
export interface SchemaVersion extends Pick<SetSchema, "type" | "version" | "user_id" | "at"> {
  /** The id of the first message that it holds for, should there be one. */
  readonly from_id: number;
  /** JSON text; absent when the type has none from there on. */
  readonly schema?: string;
}

/** What a room says of a user. Times are µs since 1970; without one it is for good. */
export interface Standing {
  readonly role?: RoomRole;
  readonly role_until?: number;
  readonly muted?: true;
  readonly muted_until?: number;
  /** The first message he may read without the right to all of them (R11). */
  readonly since_id?: number;
}

/**
 * Ends the room's life. Its log stays readable under its epoch when `keep_log`; otherwise it cannot be read from now
 * on, and `trim` removes it piece by piece. Refused with `room_not_found`, also when `epoch` is not the living one.
 */
export interface DestroyRoom extends LifeKey {
  readonly kind: "destroy_room";
  /** µs since 1970 */
  readonly destroyed_at: number;
  readonly keep_log: boolean;
}

/**
 * Gives the entry the next id of the room: a message, or an edit or a deletion of one. A second one of the same life,
 * user and `client_msg_id` stores nothing and is answered `duplicate` (M9). Refused with `room_not_found`;
 * `epoch_not_found` when `epoch` is not the living one; `message_not_found` when `ref` has not been stored yet, or for a
 * change is no message that is kept and has not been deleted; `not_author` when it is somebody else's; `too_many_edits`; `log_full` (M3).
 */
export interface Append extends LifeKey {
  readonly kind: "append";
  readonly user_id: string;
  readonly session_id: string;
  /** Names the send among those of its user (M9). */
  readonly client_msg_id?: string | undefined;
  /** µs since 1970; the store raises it to the room's newest when it is lower (M3). */
  readonly timestmap: number;
  /** The text of a JSON object, kept byte by byte (M7): of a deletion with the reason, if there is one. */
  readonly msg: string;
  /** The message that it changes, or refers to (M15, M16). */
  readonly ref?: number | undefined;
  /** What it does to the message `ref`. */
  readonly change?:
    | {
        readonly op: EntryOp;
        /** Also when that is somebody else's. */
        readonly any: boolean;
        /** Edits of the message that are kept, this one among them; without it any number. */
        readonly most_edits?: number | undefined;
      }
    | undefined;
  /** Users whom it concerns, each once; never of a change (M20). */
  readonly mentions?: readonly string[] | undefined;
  /** The salt that its body is committed to with, or the commitment itself, hex (M23). The store draws a salt without it. */
  readonly seal?: string | undefined;
  /** Whether it is answered with what proves it (M23). */
  readonly prove?: boolean | undefined;
}

/**
 * A user has read the living room up to a message; a mark never goes back (M19). Refused with `room_not_found`;
 * `epoch_not_found` when `epoch` is not the living one; `message_not_found` when it has not been stored yet;
 * `too_many_marks`. Who sends has read up to his message when he has a mark and nothing unread stood before it.
 */
export interface SetMark extends LifeKey {
  readonly kind: "set_mark";
  readonly user_id: string;
  readonly msg_id: number;
}

/** What may stay of a log. Of the service's bounds and the room's own the stricter one counts (M13). */
export interface Bounds {
  /** Of the service. */
  readonly retention: Retention;
  /** Against which `max_age` is measured; µs since 1970. */
  readonly now: number;
  /** Names of sends (`client_msg_id`) are forgotten when their message is gone and older than this, or its room ended; µs. */
  readonly names_before: number;
}

/**
 * Drops messages from the low end of a log, a slice of what has to go: all below `before`, or what the bounds do not
 * allow to stay, or everything of a log that is not kept. An ended life of which nothing is left is forgotten, if it
 * is not kept or ended before its `max_age`. Refused with `epoch_not_found`, `on_hold`.
 */
export interface Trim extends RoomKey {
  readonly kind: "trim";
  readonly epoch: string;
  /** Only ids less than this; then the bounds do not matter. */
  readonly before?: number;
  readonly bounds: Bounds;
  /** Most messages of the slice. */
  readonly most: number;
}

/** Says whether what a service stores is indexed from now on, until the store is closed (M18). What is indexed already stays. */
export interface SetSearch {
  readonly kind: "set_search";
  readonly service: string;
  readonly on: boolean;
}

/** Indexes a slice of what a service stored without an index (M18): answered `indexed`. Searches are exact without it, and slower. */
export interface IndexMessages {
  readonly kind: "index_messages";
  readonly service: string;
  /** Where the last slice ended; 0 to begin. */
  readonly from: number;
  /** Messages to index, and lives to look at. */
  readonly most: number;
}

/** Puts a room on hold, or one life of it: nothing is removed from its log (M22). Without `hold` it ends. */
export interface SetHold extends LifeKey {
  readonly kind: "set_hold";
  readonly hold: Hold | undefined;
}

/** Why nothing may be removed from a log (M22). */
export interface Hold {
  readonly reason?: string;
  /** µs since 1970 */
  readonly since: number;
  /** Who said so. */
  readonly by: string;
}

/** Begins the erasure of a user (M21), or goes on with one that is not complete: then answered with its receipt. */
export interface BeginErasure {
  readonly kind: "begin_erasure";
  readonly service: string;
  readonly user_id: string;
  /** Names it, when it is a new one. */
  readonly receipt: string;
  readonly by: string;
}

/**
 * Erases what a user wrote in a log, a slice of it, and counts it in the receipt: the bodies of his entries, and of all edits
 * and deletions of his messages. On hold nothing is changed. His names of sends that are old go too. Refused with
 * `epoch_not_found`.
 */
export interface Erase extends ErasableQuery {
  readonly kind: "erase";
  readonly receipt: string;
  /** Names of his sends (`client_msg_id`) that are older are forgotten; µs since 1970. */
  readonly names_before: number;
}

/** An erasure is complete; answered with its receipt. */
export interface EndErasure {
  readonly kind: "end_erasure";
  readonly service: string;
  readonly receipt: string;
  /** µs since 1970 */
  readonly at: number;
}

/**
 * Says which webhooks a service has (W4). A new one begins with what is written from now on, whatever the clocks say. One
 * that is not named any more keeps its cursors; when it is not named, or named again, after it was away since before
 * `forget_before`, they and its dead letters are gone.
 */
export interface SetWebhooks {
  readonly kind: "set_webhooks";
  readonly service: string;
  readonly webhooks: readonly string[];
  /** µs since 1970 */
  readonly now: number;
  /** µs since 1970 */
  readonly forget_before: number;
}

/** Moves a webhook's cursor on a log, never back. What is not there any more, life or webhook, is passed over. */
export interface MoveCursor extends RoomKey {
  readonly kind: "move_cursor";
  readonly webhook: string;
  readonly epoch: string;
  readonly delivered_id: number;
  /** Whether the end of the life was told too. */
  readonly ended: boolean;
  /** What could not be delivered, up to the new place of the cursor. Messages join a letter that ends where they begin. */
  readonly dead?: Pick<DeadLetter, "from_id" | "to_id" | "error" | "at">;
}

/** Takes what stands up to `to_id` out of a dead letter; a letter without anything is gone. */
export interface DropDeadLetter {
  readonly kind: "drop_dead_letter";
  readonly service: string;
  readonly letter: number;
  readonly to_id: number;
}

/** What proves an entry (M23), hex. */
export interface Proof {
  /** The salt of the body as it was sent; the commitment to it once the body was erased. */
  readonly seal: string;
  /** Of the log up to the entry. */
  readonly digest: string;
}

/** What became of a write, in the order of the writes. */
export type Written =
  | { readonly kind: "done" }
  | {
      readonly kind: "appended";
      readonly epoch: string;
      readonly msg_id: number;
      readonly timestmap: number;
      /** When it was asked for. */
      readonly proof?: Proof;
      /** It changes a message of somebody else. */
      readonly others?: true;
    }
  | { readonly kind: "duplicate"; readonly msg_id: number }
  /** `moved`: whether it stood further back. */
  | { readonly kind: "marked"; readonly moved: boolean }
  | ({ readonly kind: "trimmed" } & Trimmed)
  /** `next`: where the next slice begins; undefined after the last one. */
  | { readonly kind: "indexed"; readonly next: number | undefined }
  | ({ readonly kind: "erased" } & Erased)
  | { readonly kind: "erasure"; readonly erasure: Erasure }
  | { readonly kind: "refused"; readonly reason: Refusal };

export type Refusal =
  | "room_exists"
  | "room_not_found"
  | "epoch_not_found"
  | "message_not_found"
  | "on_hold"
  | "not_author"
  | "too_many_edits"
  | "log_full"
  | "too_many_marks";

/** What was dropped, or would be. */
export interface Trimmed {
  /** Of the log afterwards; `last_id + 1` when nothing is left. */
  readonly first_id: number;
  readonly messages: number;
  /** UTF-8 bytes of their `msg`. */
  readonly bytes: number;
  /** Whether more has to go. */
  readonly more: boolean;
}

export interface Room {
  readonly room_id: string;
  readonly epoch: string;
  readonly info: RoomInfo;
  /** Of the oldest message that is kept; `last_id + 1` without one. */
  readonly first_id: number;
  /** Of the newest message there ever was; 0 without one. */
  readonly last_id: number;
}

/** A life of a room as its log shows it (M12). Times are µs since 1970. */
export interface Life {
  readonly epoch: string;
  readonly created_at: number;
  /** Absent while the room lives. */
  readonly destroyed_at?: number;
  readonly first_id: number;
  readonly last_id: number;
  /** Messages that are kept: `last_id - first_id + 1`. */
  readonly count: number;
  /** UTF-8 bytes of their `msg`. */
  readonly bytes: number;
  /** Of the first and the last message that is kept; absent without any. */
  readonly first_time?: number;
  readonly last_time?: number;
  /** Absent when it is on none (M22). */
  readonly hold?: Hold;
}

/** A room as lists show it. */
export interface ListedRoom {
  readonly room_id: string;
  readonly epoch: string;
  readonly class: RoomInfo["class"];
  /** Seconds; absent when the room was created without. */
  readonly timeout?: number;
  readonly access?: RoomAccess;
}

export interface RoomQuery {
  readonly service: string;
  /** Only ids greater than this. */
  readonly after?: string;
  readonly prefix?: string;
  readonly limit: number;
}

export interface StandingQuery extends LifeKey {
  readonly user_id: string;
}

export interface StandingsQuery {
  readonly service: string;
  /** Where the last slice ended; 0 to begin. */
  readonly from: number;
  readonly most: number;
}

export interface Standings {
  readonly standings: readonly {
    readonly room_id: string;
    readonly user_id: string;
    readonly standing: Omit<Standing, "since_id">;
  }[];
  /** Where the next slice begins; undefined after the last one. */
  readonly next: number | undefined;
}

export interface NewestSchemasQuery {
  readonly service: string;
  /** Where the last slice ended; 0 to begin. */
  readonly from: number;
  readonly most: number;
}

export interface NewestSchemas {
  readonly schemas: readonly (Pick<SchemaVersion, "type" | "version" | "schema"> & {
    readonly room_id: string;
  })[];
  /** Where the next slice begins; undefined after the last one. */
  readonly next: number | undefined;
}

export interface UsageQuery {
  readonly service: string;
}

export interface Usage {
  /** Living ones. */
  readonly rooms: number;
  /** UTF-8 bytes of `msg` of all messages that are stored, also of lives that have ended. */
  readonly bytes: number;
}

export interface LivesQuery extends RoomKey {
  /** Only lives that began before that of this epoch. */
  readonly before?: string;
  readonly limit: number;
}

/** All that is given has to hold. */
export interface MessageQuery extends LifeKey {
  /** Only ids greater than this. */
  readonly after?: number;
  /** Only ids less than this. */
  readonly before?: number;
  /** Only times from this on; µs since 1970. */
  readonly from_time?: number;
  /** Only times before this; µs since 1970. */
  readonly to_time?: number;
  readonly user_id?: string;
  readonly session_id?: string;
  /** Only messages that refer to this one (M16). */
  readonly ref?: number;
  /** Also how many messages refer to each (M16). */
  readonly refs?: boolean;
  /** Also all wordings of edited messages; of deleted ones only with `all` (M15). */
  readonly versions?: "kept" | "all";
  /** Entries as they were sent, whatever edits have made of them; what was deleted only with `all` (M26). */
  readonly as_sent?: "kept" | "all";
  /** The text of a filter (M17) that was found good. */
  readonly where?: string;
  /**
   * The text of a filter on all that is read (M17): on messages, on each of their `versions` as the message read with it, and on
   * those that `around` and `ranked.after` name. What else is asked for is looked for behind it, message by message, so that no answer depends on what it does not let through.
   */
  readonly view?: string;
  /** Messages that `where` and `view` examine at most; without it all that there are. */
  readonly max_scan?: number;
  readonly search?: Search;
  /** A message that is kept: the page is what stands around it, as much on both sides as far as there is something (M18). */
  readonly around?: number;
  /** Also the digest of the log up to each entry, and what proves its body (M23). */
  readonly digest?: boolean;
  /** From which end of the range the page is taken, and how it is sorted. */
  readonly order: "asc" | "desc";
  readonly limit: number;
  /** UTF-8 bytes of the messages' texts (`text-bytes.ts`) that the page may hold; the first message comes however large it is. */
  readonly max_bytes: number;
}

/** Full text (M18). */
export interface Search {
  /** As docs/search.md explains it; without a word nothing is found. */
  readonly text: string;
  /** The best first, in place of the order by id; with `after` what stands behind that message. */
  readonly ranked?: { readonly after?: number };
  /** Messages that may be gone through because they are not indexed; when there are more, the page is `unready`. */
  readonly most_unindexed?: number;
}

export interface Page {
  /** Of the life that was read. */
  readonly epoch: string;
  /** Of the log when the page was read. */
  readonly first_id: number;
  readonly messages: readonly Message[];
  /** Whether `max_bytes` cut the page short. */
  readonly cut: boolean;
  /** The last message that was examined, when `max_scan` ended the page. */
  readonly read_to?: number;
  /** `around` names no message that is kept and let through by `view`, or `ranked.after` none that is found. */
  readonly missing?: true;
  /** Nothing was read: more than `most_unindexed` messages are not indexed. */
  readonly unready?: true;
}

export interface DigestQuery extends LifeKey {
  /** The id of an entry; without it the newest there ever was. */
  readonly at?: number | undefined;
}

export interface LogDigest {
  readonly epoch: string;
  readonly msg_id: number;
  /** Hex; undefined when the entry is not kept. That of the one before the first that is kept is known. */
  readonly digest: string | undefined;
}

export interface PageTextQuery extends MessageQuery {
  /** What the time of a message is called. */
  readonly time_field: string;
}

/** A page as everyone sees it. */
export interface PageText extends Omit<Page, "messages"> {
  /** The JSON text of a list of messages, each as `messageText` writes it (M2). */
  readonly text: string;
  /** Of messages. */
  readonly count: number;
}

/** An entry of a log as readers see it now (M15). */
export interface Message extends MessageStamp {
  /** The text of a JSON object: as it was sent, or as the newest edit has it; `{}` once it was deleted. */
  readonly msg: string;
  readonly log?: MessageLog;
}

export interface OverdueQuery {
  readonly service: string;
  readonly bounds: Bounds;
  /** Where the last slice ended; 0 to begin. */
  readonly from: number;
  /** Lives to look at. */
  readonly most: number;
}

export interface Overdue {
  readonly lives: readonly { readonly room_id: string; readonly epoch: string }[];
  /** Where the next slice begins; undefined after the last one. */
  readonly next: number | undefined;
}

export interface TrimmableQuery extends Omit<Trim, "kind"> {
  /** In place of the room's own retention. */
  readonly own?: Retention;
  /** What earlier slices have counted already. */
  readonly counted: { readonly messages: number; readonly bytes: number };
}

export interface AuthoredQuery {
  readonly service: string;
  readonly user_id: string;
  /** Where the last slice ended; 0 to begin. */
  readonly from: number;
  /** Lives to look at. */
  readonly most: number;
}

export interface Authored {
  readonly lives: readonly { readonly room_id: string; readonly epoch: string }[];
  /** Where the next slice begins; undefined after the last one. */
  readonly next: number | undefined;
}

/** Where a slice of an erasure begins: at a message, behind what changed it up to `change`. */
export interface ErasePlace {
  readonly msg_id: number;
  readonly change: number;
}

export interface ErasableQuery extends RoomKey {
  readonly epoch: string;
  readonly user_id: string;
  readonly from: ErasePlace;
  /** Most entries of the slice. */
  readonly most: number;
}

/** A slice of what can be erased of a log. */
export interface Erasable {
  /** Entries that are not erased yet. */
  readonly messages: number;
  /** UTF-8 bytes that are gone afterwards. */
  readonly bytes: number;
  /** Whether the log is on hold: nothing is erased then, and the rest is not looked at (M22). */
  readonly held: boolean;
  /** Where the next slice begins; undefined after the last one. */
  readonly next: ErasePlace | undefined;
}

/** What a slice has erased. */
export interface Erased extends Erasable {
  /** Entries that read differently now, ascending: those erased, and what they had changed. */
  readonly msg_ids: readonly number[];
}

export interface ErasuresQuery {
  readonly service: string;
  /** Only erasures before the one with this receipt. */
  readonly before?: string;
  readonly limit: number;
}

/** An erasure and what it has done so far (M21). */
export interface Erasure {
  readonly receipt: string;
  readonly user_id: string;
  readonly by: string;
  /** When it was complete; µs since 1970. Absent until then. */
  readonly at?: number;
  /** In which something was erased. */
  readonly rooms: number;
  readonly messages: number;
  readonly bytes: number;
  /** Ids of rooms that were on hold, ascending by code points. */
  readonly held: readonly string[];
}

export interface WebhooksQuery {
  readonly service: string;
}

/** A webhook that a service has or had (W4). Times are µs since 1970. */
export interface KeptWebhook {
  readonly webhook: string;
  /** From when on it is told what is written. */
  readonly since: number;
  /** Since when the service does not have it any more. */
  readonly removed_at?: number;
  readonly dead_letters: number;
}

/** A webhook of a service. */
export interface WebhookKey {
  readonly service: string;
  readonly webhook: string;
}

export interface BehindQuery extends WebhookKey {
  /** Only rooms whose ids begin so. */
  readonly prefix?: string;
  /** Where the last slice ended; 0 to begin. */
  readonly from: number;
  /** Lives to look at. */
  readonly most: number;
}

export interface RoomsBehind {
  readonly room_ids: readonly string[];
  /** Where the next slice begins; undefined after the last one. */
  readonly next: number | undefined;
}

export interface UndeliveredQuery extends WebhookKey {
  readonly room_id: string;
}

/** A life of which a webhook has something to be told: what follows `delivered_id`, or its end. */
export interface Undelivered {
  readonly epoch: string;
  readonly delivered_id: number;
  /** Whether the cursor stands in the store; otherwise it was found by the time from which on the webhook is told. */
  readonly has_cursor: boolean;
  /** Of the newest message there ever was; 0 without one. */
  readonly last_id: number;
  /** µs since 1970; absent while the room lives. */
  readonly destroyed_at?: number;
}

export interface MarksQuery extends RoomKey {
  /** Only users greater than this. */
  readonly after?: string;
  readonly limit: number;
}

/** How far a user has read (M19). */
export interface Mark {
  readonly user_id: string;
  readonly msg_id: number;
}

export interface MarkedRoomsQuery {
  readonly service: string;
  readonly user_id: string;
  /** Only ids greater than this. */
  readonly after?: string;
  readonly limit: number;
}

export interface UnreadQuery {
  readonly service: string;
  readonly user_id: string;
  /** `all`: whether he may also read what was sent before he came (R11). */
  readonly rooms: readonly { readonly room_id: string; readonly all: boolean }[];
}

/** What a user has not read of a living room (M20). */
export interface Unread {
  readonly room_id: string;
  readonly epoch: string;
  /** Messages that are kept and that he may read behind his mark; edits and deletions do not count. */
  readonly unread: number;
  /** How many of them mention him and were not deleted; counted up to `MOST_MENTIONS`. */
  readonly mentions: number;
  /** Of the newest message he has read; 0 without a mark. */
  readonly mark: number;
  readonly last_id: number;
}

/** The greatest id of a log (M3): what 32 bits hold, but for one number that stands for all that are greater. */
export const MOST_ID = 0xffff_fffe;

/** Marks that a life of a room has at most (M19). */
export const MOST_MARKS = 10_000;

/** A message with more bytes counts as several of `max_scan`, since it takes as long to examine. */
export const ONE_SCANNED = 4096;

/** Most mentions that are counted (M20). */
export const MOST_MENTIONS = 1000;

export interface DeadLettersQuery {
  readonly service: string;
  readonly webhook?: string;
  /** Only letters with a smaller number. */
  readonly before?: number;
  readonly limit: number;
}

/** A stretch of a log that a webhook was not told (W6). Of the end of a life alone, `from_id` is `to_id + 1`. */
export interface DeadLetter extends RoomKey {
  /** Its number. Later ones have greater ones. */
  readonly letter: number;
  readonly webhook: string;
  readonly epoch: string;
  readonly from_id: number;
  readonly to_id: number;
  /** Of the last attempt. */
  readonly error: string;
  /** When it was given up; µs since 1970. */
  readonly at: number;
}

/** As many dead letters of a webhook are kept, and some that a driver has not got round to yet; then the oldest go. */
export const MOST_DEAD_LETTERS = 10_000;

/** Why a store does not open. The message says what to do. */
export class StoreError extends Error {
  readonly reason: "in_use" | "newer_schema" | "older_schema" | "old_library" | "unavailable";

  constructor(reason: StoreError["reason"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "StoreError";
    this.reason = reason;
  }
}
