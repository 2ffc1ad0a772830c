/** The outcome of `promise`, or the reason of `signal` when that comes first. */
export declare function abortable<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T>;
