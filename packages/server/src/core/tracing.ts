/** Follows commands for who wants to know where time goes (O4). */
export interface Tracing {
  /** A command of a service begins; what is given back is called with its answer, and the code if that is an error. */
  command(name: string, service: string): (code: number | undefined) => void;
}
