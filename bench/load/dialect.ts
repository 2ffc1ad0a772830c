/** What a client is told. */
export interface Handlers {
  /** A send is acknowledged. Acks come in the order of the sends. */
  acked?(): void;
  /** A message of a room has come; it is somewhere in `bytes[start, end)`, as JSON. */
  delivered?(bytes: Buffer, start: number, end: number): void;
  /** A page has come. */
  paged?(length: number): void;
}

/** How a subscriber answers events, where the system wants that: one write a read, one write each, or not at all. */
export type Answers = "batched" | "single" | "none";

export interface ClientOptions extends Handlers {
  readonly user: string;
  readonly answers?: Answers;
}

/** A connection of a user. What `send` and `page` ask leaves with `flush`, or at the end of a read. */
export interface Client {
  create(room: string): Promise<void>;
  /** Resolves when every later message of the room will come. */
  subscribe(room: string): Promise<void>;
  send(room: string): void;
  /** Asks for 50 messages: those before an id, or the newest. */
  page(room: string, before?: number): void;
  flush(): void;
  end(): void;
}

/** How the clients of a system speak. */
export type Dialect = (url: string, options: ClientOptions) => Promise<Client>;

export const PAGE = 50;
