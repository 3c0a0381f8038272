/** Of the 16 MiB that MongoDB takes as one command, which is a document like any other. */
const COMMAND_BYTES = 12 * 1_048_576;

/** In order, in as few commands as will be taken; `bytesOf`: at least what one of them takes as BSON. */
export function inCommands<T>(items: readonly T[], bytesOf: (item: T) => number): T[][] {
  const commands: T[][] = [];
  let roomBytes = 0;
  for (const item of items) {
    const bytes = bytesOf(item);
    if (bytes > roomBytes) {
      commands.push([]);
      roomBytes = COMMAND_BYTES;
    }
    commands.at(-1)?.push(item);
    roomBytes -= bytes;
  }
  return commands;
}
