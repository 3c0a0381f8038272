import { type Fields, isFields, numberIn, READY_ID, textIn } from './child-messages.js';

type Command = (args: Fields) => Promise<Fields> | Fields;

/**
 * The child's side: says that it is up, then answers the bench's commands. `stop` ends it in order; a bench that is gone
 * ends it at once.
 */
export function serveCommands(ready: Fields, commands: Record<string, Command>, stop: () => Promise<void>): void {
  // The terminal's Ctrl-C reaches the whole group: the bench alone decides when its children end.
  process.on('SIGINT', () => undefined);
  process.on('disconnect', () => process.exit(1));
  process.on('message', (message: unknown) => {
    if (!isFields(message)) return;
    const id = numberIn(message, 'id');
    const name = textIn(message, 'command');
    if (name === 'stop') {
      void stop().finally(() => process.exit(0));
      return;
    }
    void answer(id, commands[name], isFields(message['args']) ? message['args'] : {});
  });
  process.send?.({ id: READY_ID, ...ready });
}

async function answer(id: number, command: Command | undefined, args: Fields): Promise<void> {
  try {
    if (!command) throw new Error('There is no such command');
    process.send?.({ ...(await command(args)), id });
  } catch (error) {
    process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}
