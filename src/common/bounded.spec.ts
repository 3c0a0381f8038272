import { bounded } from './bounded.js';
import { OperationTimeoutError } from './operation-timeout.error.js';

describe('bounded', () => {
  it('gives the result, or the failure, of what ends in time', async () => {
    await expect(bounded(Promise.resolve(7), 1_000, 'Counting')).resolves.toBe(7);
    await expect(bounded(Promise.reject(new Error('no')), 1_000, 'Counting')).rejects.toThrow('no');
  });

  it('gives up what never answers, and says what it was', async () => {
    const never = new Promise<never>(() => undefined);
    await expect(bounded(never, 5, 'Counting')).rejects.toBeInstanceOf(OperationTimeoutError);
    await expect(bounded(never, 5, 'Counting')).rejects.toThrow('Counting took longer than 5 ms');
  });
});
