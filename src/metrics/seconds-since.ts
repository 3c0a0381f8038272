/** 0 where it has not happened. */
export const secondsSince = (at: Date | null) => (at === null ? 0 : (Date.now() - at.getTime()) / 1_000);
