// @ts-check

/** A way to get a service that this machine does not offer; the message says why, in a few words. */
export class Unavailable extends Error {}

/** No way was left. The message is for a person: print it, and no stack. */
export class SetupFailure extends Error {
  /**
   * @param {string} service
   * @param {{ name: string, answer: string }[]} tried
   * @param {string[]} remedies
   */
  static of(service, tried, remedies) {
    return new SetupFailure(
      [
        `${service} could not be set up. Tried, in this order:`,
        ...tried.map(({ name, answer }) => `  - ${name}: ${answer}`),
        'What you can do, any one of these:',
        ...remedies.map((remedy) => `  - ${remedy}`),
      ].join('\n'),
    );
  }
}
