import { FairQueue, type Leave } from './fair-queue.js';

const mustEnter = async (queue: FairQueue, owner: string): Promise<Leave> => {
  const answer = await queue.enter(owner);
  if (typeof answer === 'string') throw new Error(answer);
  return answer;
};

describe('FairQueue', () => {
  it('goes round the owners', async () => {
    const queue = new FairQueue(1, 100);
    const leave = await mustEnter(queue, 'first');
    const order: string[] = [];
    const all = ['a1', 'a2', 'a3', 'b1', 'b2', 'c1'].map(async (name) => {
      const done = await mustEnter(queue, name.charAt(0));
      order.push(name);
      done();
    });
    leave();
    await Promise.all(all);
    expect(order).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
  });

  it('keeps one place from an owner who holds the others', async () => {
    const queue = new FairQueue(2, 100);
    const leave = await mustEnter(queue, 'a');
    const second = mustEnter(queue, 'a');
    const other = await mustEnter(queue, 'b');
    other();
    leave();
    const leaveSecond = await second;
    leaveSecond();
    expect(await queue.enter('c')).toBeInstanceOf(Function);
  });

  it('forgets who gave up waiting', async () => {
    const queue = new FairQueue(1, 1);
    const leave = await mustEnter(queue, 'a');
    const stop = new AbortController();
    const waiting = queue.enter('b', stop.signal);
    expect(await queue.enter('c')).toBe('full');
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    const next = mustEnter(queue, 'c');
    leave();
    (await next)();
  });

  it('tells all who wait when it is cleared', async () => {
    const queue = new FairQueue(1, 10);
    await mustEnter(queue, 'a');
    const waiting = ['a', 'b'].map((owner) => queue.enter(owner));
    queue.clear();
    expect(await Promise.all(waiting)).toEqual(['cleared', 'cleared']);
  });
});
