import { EventEmitter } from 'node:events';

/** Migrations are called with the database and nothing else: this is how they say how far they are. */
const progress = new EventEmitter<{ line: [string] }>();

export const reportProgress = (line: string): void => void progress.emit('line', line);

export const onProgress = (listener: (line: string) => void): void => void progress.on('line', listener);
