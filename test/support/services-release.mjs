/** @type {() => Promise<unknown>} */
let release = async () => undefined;

/** @param {() => Promise<unknown>} given by the set-up, for the teardown: jest runs both in one process */
export function keepRelease(given) {
  release = given;
}

export const releaseServices = () => release();
