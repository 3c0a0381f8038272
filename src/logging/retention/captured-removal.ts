/** Fields of a try with bodies, wherever it stands: only whether there is one is read. */
export interface TriedBodies {
  readonly startedAt: Date;
  readonly request?: { readonly body?: { readonly removedAt?: Date } | null } | null;
  readonly response?: { readonly body?: { readonly removedAt?: Date } | null } | null;
}

/** What has to be read of a try to know which bodies it has. */
export const bodiesProjection = (prefix = '') => ({
  [`${prefix}startedAt`]: 1,
  [`${prefix}request.body.sizeBytes`]: 1,
  [`${prefix}request.body.removedAt`]: 1,
  [`${prefix}response.body.sizeBytes`]: 1,
  [`${prefix}response.body.removedAt`]: 1,
});

/** The update that removes the texts of a try; `null` where it has none left. */
export function removalOf(attempt: TriedBodies, removedAt: Date, prefix = '') {
  const places = (['request', 'response'] as const).flatMap((side) => {
    const body = attempt[side]?.body;
    return body && !body.removedAt ? [`${prefix}${side}.body`] : [];
  });
  if (places.length === 0) return null;
  return {
    $set: Object.fromEntries(
      places.flatMap((place) => [
        [`${place}.text`, null],
        [`${place}.removedAt`, removedAt],
      ]),
    ),
    $unset: Object.fromEntries(places.map((place) => [`${place}.payload`, ''])),
  };
}
