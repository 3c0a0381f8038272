import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { CorrelationMiddleware } from './correlation.middleware.js';
import { createRequestLog } from './request-log.js';

describe('the request log', () => {
  const lines: string[] = [];
  let server: Server;

  beforeAll(async () => {
    const sink = new Writable({
      write: (chunk, _encoding, done) => {
        lines.push(String(chunk));
        done();
      },
    });
    const log = createRequestLog(pino({ base: null, timestamp: false }, sink));
    const correlation = new CorrelationMiddleware();
    server = createServer((incoming, response) =>
      correlation.use(incoming, response, () => {
        log(incoming, response);
        response.statusCode = incoming.url?.startsWith('/broken') ? 500 : 200;
        response.end('ok');
      }),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterAll(() => new Promise((resolve) => server.close(resolve)));

  const call = async (path: string): Promise<unknown> => {
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const headers = { authorization: 'Bearer hush', cookie: 'hush', 'x-correlation-id': 'desk-4711' };
    const [answer] = await once(request({ port, path, headers }).end(), 'response');
    answer.resume();
    await once(answer, 'end');
    return JSON.parse(lines.at(-1) ?? '{}');
  };

  it('says what was called and how it went, and no value of the query', async () => {
    expect(await call('/v1/logs?context[patientId]=P-1042&limit=5&flag')).toEqual({
      level: 30,
      correlationId: 'desk-4711',
      context: 'http',
      method: 'GET',
      url: '/v1/logs?context[patientId]=&limit=&flag',
      status: 200,
      ms: expect.any(Number),
      msg: 'request',
    });
  });

  it('is as silent about a request that failed', async () => {
    expect(await call('/broken?patientId=P-1042')).toMatchObject({ level: 50, status: 500 });
    expect(lines.join('')).not.toMatch(/hush|P-1042/);
  });

  it.each(['/hooks/', '/HOOKS/', '/api/Source-Pages/', '/%68ooks/', '/?at=', '/nowhere/'])(
    'is silent about the secret of an address that vendors call, behind %s',
    async (place) => {
      const token = `${'0123456789abcdef'.repeat(2)}.${'Secret-_'.repeat(5)}abc`;
      for (const secret of [token, token.replace('.', '%2e'), `${token}/?b=1`]) await call(`${place}${secret}`);
      expect(lines.slice(-3).join('')).not.toMatch(/Secret/i);
    },
  );

  it.each(['/health/live', '/metrics'])('leaves out %s, which is asked for all the time', async (path) => {
    const before = lines.length;
    await call(path);
    expect(lines).toHaveLength(before);
  });
});
