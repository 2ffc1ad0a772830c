/** The parameter that says behind which message the next page of an order begins (M8, M18). */
export const goesOn = { asc: "after", desc: "before", rank: "rank_after" } as const;
