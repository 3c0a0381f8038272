/** The part of autocannon that the bench uses; the package brings no types. */
declare module 'autocannon' {
  namespace autocannon {
    interface Options {
      url: string;
      method: 'POST';
      headers: Record<string, string>;
      body: string;
      connections: number;
      amount: number;
      timeout: number;
      idReplacement?: boolean;
      requests?: { setupRequest(request: Request): Request }[];
    }
    interface Request {
      headers?: Record<string, string>;
    }
    interface Result {
      '2xx': number;
      non2xx: number;
      errors: number;
      timeouts: number;
    }
    interface Run extends Promise<Result> {
      on(
        event: 'response',
        listener: (client: unknown, status: number, bytes: number, responseTimeMs: number) => void,
      ): this;
    }
  }
  function autocannon(options: autocannon.Options): autocannon.Run;
  export default autocannon;
}
