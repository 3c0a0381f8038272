import { ConsoleLogger, type LogLevel } from '@nestjs/common';

/** Warnings and errors only, all to stderr: stdout belongs to the story, or to its result as JSON. */
export class StderrLogger extends ConsoleLogger {
  constructor() {
    super({ logLevels: ['warn', 'error', 'fatal'] });
  }

  protected override printMessages(messages: unknown[], context?: string, logLevel?: LogLevel): void {
    super.printMessages(messages, context, logLevel, 'stderr');
  }
}
