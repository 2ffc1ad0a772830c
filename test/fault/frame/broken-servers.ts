import type { Patch } from "./twins.ts";

/**
 * Faults that a server could have, as changes of its built modules. One whose text is not there any more stops the
 * program: find what it has become, and break that.
 */

const writer = "store/sqlite/writer.js";
const log = "core/log.js";
const changes = "store/sqlite/changes.js";
const cursors = "core/cursors.js";
const rooms = "core/rooms.js";
const sse = "http/events.js";
const lane = "services/webhooks/lane.js";
const erasures = "store/sqlite/erasures.js";
/** Where the writer begins. */
const START = "this.#commit = db.transaction(";

/** What is done when a commit has failed. */
const FAILURE = `catch (cause) {
            this.#failure ??= { cause, reported: false };
            return undefined;`;
const COMMIT = "return this.#commit.immediate(writes);";
const APPENDED = "settle({ msg_id, ...(others && { others }) });";

/** Answers batches, and commits them together a little later. */
const ackBeforeCommit = [
  {
    file: writer,
    from: COMMIT,
    to: `if (!this.#db.inTransaction) {
            if (writes.some(({ kind }) => kind !== "append")) return this.#commit.immediate(writes);
            this.#db.exec("BEGIN IMMEDIATE");
            setTimeout(() => this.#db.inTransaction && this.#db.exec("COMMIT"), 100);
        }
        return this.#applyAll(writes);`,
  },
  // Work on the files needs to be outside of a transaction.
  ...["return scrub(this.#db, from);", "return giveBack(this.#db);"].map((from) => ({
    file: writer,
    from,
    to: `if (this.#db.inTransaction) this.#db.exec("COMMIT"); ${from}`,
  })),
];

export const broken = {
  /** A change of a message is stored, and now and then not found by who reads the message. */
  changesForgotten: [
    {
      file: changes,
      from: "this.#mark.run(msg_id, room_key, ref);",
      to: "if (msg_id % 2) this.#mark.run(msg_id, room_key, ref);",
    },
  ],
  editsOutliveDeletion: [{ file: changes, from: "this.#markEdits.run(msg_id, room_key, ref);", to: "" }],
  ackBeforeCommit,
  /** Tells everybody of a batch before it is durable, and the senders afterwards. */
  eventBeforeCommit: [
    ...ackBeforeCommit,
    { file: log, from: APPENDED, to: "setTimeout(settle, 200, { msg_id });" },
  ],
  /** Answers a retry while the first try waits for a slow disk. */
  retryBeforeCommit: [
    {
      file: writer,
      from: COMMIT,
      to: `Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20); ${COMMIT}`,
    },
    {
      file: log,
      from: "const timestmap = clock.wall();",
      to: `const timestmap = clock.wall();
        const room = room_id, key = \`\${room} \${sent.user_id} \${sent.client_msg_id}\`;
        const waiting = (this.waiting ??= new Map()), last = (this.last ??= new Map()), ids = (this.ids ??= new Map());
        if (ids.has(key)) return void setImmediate(settle, { msg_id: ids.get(key), duplicate: true });
        waiting.set(room, (waiting.get(room) ?? 0) + 1);
        if (last.has(room)) ids.set(key, last.get(room) + waiting.get(room));`,
    },
    {
      file: log,
      from: "rooms.touch(room_id);",
      to: `rooms.touch(room);
            waiting.set(room, waiting.get(room) - 1);
            ids.delete(key);
            if (outcome.kind === "appended") last.set(room, outcome.msg_id);`,
    },
  ],
  /** Stores a retry again. */
  noIdempotency: [
    {
      file: writer,
      from: `if (changes === 0)
                return this.#duplicate(room_key, user_id, client_msg_id);`,
      to: "",
    },
  ],
  /** Knows the names of sends only until it ends. */
  namesForgotten: [
    {
      file: writer,
      from: START,
      to: `db.exec("DELETE FROM client_msg_ids"); ${START}`,
    },
  ],
  /** Goes on one message too late, or too early. */
  resumeSkips: [{ file: cursors, from: "recovered ? after + 1 :", to: "recovered ? after + 2 :" }],
  resumeRepeats: [{ file: cursors, from: "recovered ? after + 1 :", to: "recovered ? Math.max(1, after) :" }],
  /** Forgets what is told while it looks up where to go on. */
  noSeam: [{ file: rooms, from: "Math.max(room.last_id, watched.told)", to: "room.last_id" }],
  /** The value that most guides to SQLite suggest: a commit does not wait for the disk. */
  synchronousNormal: [
    { file: "store/sqlite/file.js", from: "synchronous = full", to: "synchronous = normal" },
    { file: "store/sqlite/file.js", from: "synchronous !== 2", to: "synchronous !== 1" },
  ],
  /** A commit that failed is unknown to its senders, and the next one is tried. */
  goesOnAfterFailure: [{ file: "store/managed.js", from: FAILURE, to: "catch { return undefined;" }],
  /** A commit that failed is tried again: the fsync that is tried again succeeds. */
  triesAgain: [
    { file: "store/managed.js", from: FAILURE, to: "catch { return await this.#tryCommit(writes);" },
  ],
  /** Takes a pause of its own for one of its clients. */
  pauseIsSilence: [
    {
      file: "core/service.js",
      from: "const isLate = now - this.#sweptAt > LATE_SWEEP_MS;",
      to: `const isLate = false;
        if (now - this.#sweptAt > 5000) this.closeAll(4001, "not answered");`,
    },
  ],
  /** Leaves a message out of each chunk that it indexes. */
  searchSkips: [
    {
      file: "store/sqlite/search-index.js",
      from: "this.#put(room_key, from + 1, to);",
      to: "this.#put(room_key, from + 2, to);",
    },
  ],
  /** Takes all that there is for indexed when it starts. */
  tailForgotten: [
    {
      file: writer,
      from: START,
      to: `db.exec("INSERT OR REPLACE INTO search_ids SELECT room_key, last_id FROM rooms"); ${START}`,
    },
  ],
  /** Knows how far users have read only until it ends. */
  marksForgotten: [{ file: writer, from: START, to: `db.exec("DELETE FROM marks"); ${START}` }],
  /** Counts edits and deletions among the messages. */
  changesUnread: [
    {
      file: "store/sqlite/marks-reader.js",
      from: "unread: last_id - after - changes",
      to: "unread: last_id - after",
    },
  ],
  /** Has what it erases again when it starts. */
  erasedComesBack: [
    {
      file: erasures,
      from: "this.#erase.run(commitment, room_key, msg_id);",
      to: "this.keep.run(room_key, msg_id); this.#erase.run(commitment, room_key, msg_id);",
    },
    {
      file: erasures,
      from: "this.#toErase = new ToErase(db);",
      to: `this.#toErase = new ToErase(db);
        db.exec(\`CREATE TABLE IF NOT EXISTS was AS SELECT room_key AS r, msg_id AS m, msg AS text FROM messages WHERE 0;
            UPDATE messages SET erased = NULL, msg = (SELECT text FROM was WHERE r = room_key AND m = msg_id)
            WHERE (room_key, msg_id) IN (SELECT r, m FROM was) AND msg_id % 8 = 0;\`);
        this.keep = db.prepare("INSERT INTO was SELECT room_key, msg_id, msg FROM messages WHERE room_key = ? AND msg_id = ?");`,
    },
  ],
  /** Answers an erasure, and leaves every fifth body. */
  erasesInPart: [
    {
      file: erasures,
      from: "for (const { msg_id } of entries)",
      to: "for (const { msg_id } of entries.filter(({ msg_id }) => msg_id % 5))",
    },
  ],
  /** Leaves in the files what nobody reads any more. */
  erasedStaysInFiles: [{ file: "services/msglog/eraser.js", from: "await this.#scrub();", to: "{}" }],
  /** Goes on with an erasure that was cut short as with another one. */
  erasureForgotten: [
    {
      file: writer,
      from: START,
      to: `db.exec(\`DELETE FROM erasure_rooms WHERE erasure_key IN (SELECT erasure_key FROM erasures WHERE at IS NULL);
            DELETE FROM erasures WHERE at IS NULL\`); ${START}`,
    },
  ],
  /** Takes the time of day as it comes. */
  timeNotRaised: [
    { file: writer, from: "Math.max(counter.last_timestmap, write.timestmap)", to: "write.timestmap" },
  ],
  /** Measures how long something takes by the time of day. */
  timersByTheWall: [
    {
      file: "core/clock.js",
      from: "monotonic: () => performance.now(),",
      to: "monotonic: () => Date.now(),",
    },
  ],
  /** Sends events however many are unanswered. */
  noWindow: [{ file: "core/session.js", from: "this.#unanswered.events + events > window", to: "false" }],
  /** Forgets messages that a connection could not take at once. */
  lagIsLost: [
    { file: "core/feed.js", from: "if (place.stretch)", to: "if (place.stretch) return; if (false)" },
  ],
  /** Begins a stream that goes on with what comes from now on (H7). */
  sseForgetsId: [{ file: sse, from: '(last !== "" &&', to: "(false &&" }],
  /** Goes on one message too late. */
  sseIdTooLate: [
    { file: sse, from: "after: numberIn(last)", to: "after: Number(last) + (Number(last) > 0)" },
  ],
  /** Waits for answers for ever. */
  neverClosed: [{ file: "core/session.js", from: "if (this.#isOverdue(now))", to: "if (false)" }],
  /** Takes what it sends for delivered. */
  cursorBeforeAnswer: [
    {
      file: lane,
      from: "const outcome = await post(",
      to: `this.#place = { epoch: parcel.epoch, delivered_id: endOf(parcel), ended: parcel.destroyed };
        await this.keep();
        const outcome = await post(`,
    },
  ],
  /** Takes a connection that breaks for an answer. */
  noAnswerIsYes: [
    {
      file: "services/webhooks/request.js",
      from: 'return { kind: "failed", error: inWords(error),',
      to: 'return { kind: "ok",',
    },
  ],
  /** A look for rooms takes also those that are being told. */
  twoAtOnce: [
    { file: "services/webhooks/webhook.js", from: "if (!this.#lanes.has(room_id))", to: "if (true)" },
  ],
  /** Knows how far a webhook is only until it ends. */
  cursorNotKept: [{ file: lane, from: "if (!place)", to: "if (true)" }],
} satisfies Record<string, readonly Patch[]>;
