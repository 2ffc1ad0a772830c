/** Something in a database that is not as the server wrote it, and where. */
export interface Fault {
  readonly service?: string;
  readonly room_id?: string;
  readonly epoch?: string;
  readonly msg_id?: number;
  /** Where no room is concerned. */
  readonly table?: string;
  readonly what: string;
  readonly expected?: string | number;
  readonly found?: string | number;
}

/** A fault as its finder sees it; where it is in the database others know. */
export type Found = Omit<Fault, "service" | "room_id" | "epoch">;
