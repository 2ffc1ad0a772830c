/**
 * What a run does, as plain data: made by `arbitraries.ts`, kept in `regressions.ts`. Numbers count back from where a
 * log or a list stands when the step begins, so that most of them mean something, also after other steps were left out.
 */

/** The rooms of a run. */
export const roomNames = ["a", "b"] as const;
export type RoomName = (typeof roomNames)[number];

/** Which life of a room: by its epoch, `"last"`, or a name that no life has. */
export type EpochChoice = "living" | "ended" | "last" | "nobody";

/** Where to go on: behind the message that stands `back` before the newest (a negative one: beyond it), or where the connection of this place stood. */
export interface FromChoice {
  readonly after?: number | "seen";
  readonly epoch?: EpochChoice;
}

/** Filters (M17); `filters.ts` has them. */
export const filterNames = [
  "padded",
  "bare",
  "open",
  "others",
  "votes",
  "late_words",
  "edited",
  "open_or_gone",
] as const;
export type FilterName = (typeof filterNames)[number];

/** Types of messages (M24). The service has a schema for votes. */
export const typeNames = ["vote", "chat"] as const;
type TypeName = (typeof typeNames)[number];

/** What a room asks of the member `option` of a type of messages (M24). */
export interface SchemaChoice {
  readonly needed?: true;
  readonly is: "integer" | "string" | "two or more" | "one or three" | "absent";
}

/** What a message says beside a number of its own. */
export interface BodyChoice {
  readonly size?: "big" | "too_big";
  readonly words?: readonly string[];
  /** The words stand somewhere inside. */
  readonly deep?: true;
  readonly type?: TypeName;
  readonly option?: number | string;
  readonly open?: true;
}

/** A part of a search (M18): words one behind the other, of the last one perhaps only how it begins. */
export interface SoughtChoice {
  readonly words: readonly string[];
  readonly begun?: true;
}

/** What is asked of a log; ids and times as above. */
export interface PageChoice {
  readonly after?: number;
  readonly before?: number;
  readonly from_time?: number;
  readonly to_time?: number;
  readonly limit?: number;
  readonly order?: "asc" | "desc" | "rank";
  readonly user?: UserName;
  readonly own?: true;
  readonly where?: FilterName;
  readonly search?: readonly SoughtChoice[];
  readonly around?: number;
  readonly rank_after?: number;
  readonly epoch?: EpochChoice;
  readonly ref?: number;
  readonly refs?: true;
  readonly versions?: true;
}

/** `people.ts` says who may what. */
export const userNames = ["ann", "bob", "eve"] as const;
export type UserName = (typeof userNames)[number];

/** Kinds of E2 subscriptions; those without a room hear both. */
export const patternNames = [
  "everything",
  "room",
  "messages",
  "all_messages",
  "endings",
  "any_class",
] as const;
export type PatternName = (typeof patternNames)[number];

/** One frame of a client. */
export type Op =
  | {
      readonly do: "send";
      readonly room: RoomName;
      readonly body?: BodyChoice;
      readonly name?: "k1" | "k2";
      readonly epoch?: EpochChoice;
      /** So far before the newest one. */
      readonly ref?: number;
      readonly mention?: UserName;
    }
  | {
      readonly do: "edit" | "remove";
      readonly room: RoomName;
      readonly back: number;
      readonly body?: BodyChoice;
      readonly name?: "k1" | "k2";
      readonly epoch?: EpochChoice;
    }
  | { readonly do: "get"; readonly room: RoomName; readonly page: PageChoice }
  | {
      readonly do: "subscribe";
      readonly room: RoomName;
      readonly from: FromChoice;
      readonly where?: FilterName;
    }
  | { readonly do: "join"; readonly room: RoomName; readonly from: FromChoice }
  | { readonly do: "unsubscribe" | "leave" | "create" | "destroy"; readonly room: RoomName }
  | { readonly do: "listen" | "mute"; readonly pattern: PatternName; readonly room: RoomName }
  | { readonly do: "info"; readonly room: RoomName; readonly epoch?: EpochChoice }
  | {
      readonly do: "epochs";
      readonly room: RoomName;
      readonly before?: EpochChoice;
      readonly limit?: number;
    }
  | {
      readonly do: "purge";
      readonly room: RoomName;
      readonly before?: number;
      readonly epoch?: EpochChoice;
      readonly dry?: true;
    }
  | { readonly do: "retain"; readonly room: RoomName; readonly messages?: number }
  | { readonly do: "hold"; readonly room: RoomName; readonly on: boolean }
  /** M24; null takes it away. */
  | {
      readonly do: "schema";
      readonly room: RoomName;
      readonly type: TypeName;
      readonly schema: SchemaChoice | null;
    }
  | {
      readonly do: "schemas";
      readonly room: RoomName;
      readonly type?: TypeName;
      readonly versions?: true;
      readonly epoch?: EpochChoice;
    }
  /** Up to the message that stands so far before the newest one. */
  | { readonly do: "mark"; readonly room: RoomName; readonly back: number; readonly epoch?: EpochChoice }
  | { readonly do: "marks" | "unread"; readonly room: RoomName }
  | { readonly do: "status" | "typing"; readonly room: RoomName }
  /** Answers that many events, the oldest or the newest of the unanswered ones. */
  | { readonly do: "answer"; readonly count: number; readonly newest?: true }
  /** `{"ack"}` for the oldest unanswered event: it stays unanswered (M11). */
  | { readonly do: "ack" };

/** Frames that one connection sends in one write. `at` counts the connections that are there and read. */
export interface Part {
  readonly at: number;
  readonly ops: readonly Op[];
}

type Cut = "close" | "destroy";

export type Step =
  /** Connects and logs in; `again` with the session id of the last connection that this user has lost. */
  | { readonly kind: "connect"; readonly user: UserName; readonly again?: true }
  /** Connections send at once; with `cut` the first of them ends behind its frames, answered or not. */
  | { readonly kind: "volley"; readonly parts: readonly Part[]; readonly cut?: Cut }
  /** Answers everything until nothing more comes. */
  | { readonly kind: "drain"; readonly at: number }
  | { readonly kind: "drop"; readonly at: number; readonly how: Cut }
  /** Does not read its socket; until it reads again. */
  | { readonly kind: "pause"; readonly at: number }
  | { readonly kind: "resume" }
  | { readonly kind: "tick"; readonly seconds: number }
  /**
   * Somebody who has no part in the run fills a log up to the last message but a few of the first chunk of the index of
   * words, and drops what need not be kept; where nobody listens.
   */
  | { readonly kind: "fill"; readonly room: RoomName }
  /** Somebody who has no part in the run has all that the user wrote erased. */
  | { readonly kind: "erase"; readonly user: UserName }
  /** Stops the server, `turns` of the event loop behind the frames of `parts`, and starts it on the same data. */
  | {
      readonly kind: "restart";
      readonly parts: readonly Part[];
      readonly turns: number;
      readonly alone?: true;
    };
