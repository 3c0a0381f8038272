/** Redis cannot be used now. It never leaves this folder: there is a way without Redis. */
export class TokenBoardAwayError extends Error {
  constructor(cause: unknown) {
    super('Redis is away', { cause });
    this.name = 'TokenBoardAwayError';
  }
}
