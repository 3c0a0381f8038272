import { randomBytes } from 'node:crypto';
import { createConnection } from 'mongoose';
import { ServerProcess } from '../support/server-process.js';
import { freshDatabaseName, freshPrefix, mongodbUri, redisUrl } from '../support/services.js';

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly allOf?: readonly Schema[];
  readonly additionalProperties?: unknown;
}

type Content = Readonly<Record<string, { readonly schema?: Schema }>>;

interface Parameter {
  readonly name: string;
  readonly example?: unknown;
  readonly schema?: { readonly example?: unknown; readonly type?: string };
}

interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content?: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

const NO_CONTENT = '204';

/** The compiler's plugin describes the DTOs, and works in the build only: run by jest, the same classes have no fields. */
describe('the description of the built server', () => {
  const database = freshDatabaseName('openapi');
  let server: ServerProcess;
  let document: OpenApi;

  beforeAll(async () => {
    server = await ServerProcess.start({
      MONGODB_URI: `${mongodbUri().replace(/\/$/, '')}/${database}`,
      REDIS_URL: redisUrl(),
      WAYBILL_REDIS_PREFIX: freshPrefix('openapi'),
      WAYBILL_SECRET_KEYS: `k1:${randomBytes(32).toString('base64')}`,
      WAYBILL_ROLE: 'api',
    });
    document = JSON.parse(await (await fetch(`${server.url}/openapi.json`)).text());
  });

  afterAll(async () => {
    await server.end('SIGKILL');
    const connection = await createConnection(`${mongodbUri().replace(/\/$/, '')}/${database}`).asPromise();
    await connection.dropDatabase();
    await connection.close();
  });

  const operations = () =>
    Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
    );

  /** What is wrong with a schema: `[]` where it and everything that it refers to says which properties there are. */
  function faultsOf(schema: Schema | undefined, at: string, seen = new Set<string>()): string[] {
    if (!schema) return [`${at} has no schema`];
    if (schema.$ref !== undefined) {
      const name = schema.$ref.split('/').at(-1) ?? '';
      if (seen.has(name)) return [];
      return faultsOf(document.components.schemas[name], `${at} > ${name}`, seen.add(name));
    }
    if (schema.allOf) return schema.allOf.flatMap((part) => faultsOf(part, at, seen));
    if (schema.type === 'array') return faultsOf(schema.items, `${at}[]`, seen);
    const properties = Object.entries(schema.properties ?? {});
    if (properties.length === 0) return [`${at} has no properties`];
    return properties.flatMap(([name, property]) =>
      property.$ref !== undefined || property.allOf || property.type === 'array'
        ? faultsOfNested(property, `${at}.${name}`, seen)
        : [],
    );
  }

  /** Lists of texts and numbers need no properties. */
  const faultsOfNested = (schema: Schema, at: string, seen: Set<string>) => {
    const { items } = schema;
    const isListOfSimple = schema.type === 'array' && items?.type !== undefined && items.type !== 'object';
    return isListOfSimple ? [] : faultsOf(schema, at, seen);
  };

  const jsonOf = (content: Content | undefined) =>
    Object.entries(content ?? {}).filter(([type]) => /^application\/(\w+\+)?json$/.test(type));

  it('says which properties every JSON body has, sent or received', () => {
    expect(operations().length).toBeGreaterThan(15);
    const faults = operations().flatMap(({ name, operation: { requestBody, responses } }) => [
      ...(requestBody ? jsonOf(requestBody.content) : []).flatMap(([, { schema }]) => faultsOf(schema, `${name} body`)),
      ...Object.entries(responses).flatMap(([status, { content }]) => {
        const bodies = jsonOf(content);
        if (content?.['text/plain']?.schema || content?.['text/csv']?.schema) return [];
        if (bodies.length === 0) return status === NO_CONTENT ? [] : [`${name} ${status} has no JSON body`];
        return bodies.flatMap(([, { schema }]) => faultsOf(schema, `${name} ${status}`));
      }),
    ]);
    expect(faults).toEqual([]);
  });

  it('says that a body holds no field that is not named, at any depth', () => {
    const { components } = document;
    for (const name of ['CreateIntegrationDto', 'EndpointInput', 'CreateSourceDto', 'EmitAgainDto', 'CreateTenantDto'])
      expect([name, components.schemas[name]?.additionalProperties]).toEqual([name, false]);
  });

  it('takes a body wherever a method changes something', () => {
    const silent = operations().filter(
      ({ name, operation }) => /^(POST|PUT|PATCH)/.test(name) && !operation.requestBody,
    );
    // What needs no reason: who did it is in the audit log.
    expect(silent.map(({ name }) => name).sort()).toEqual([
      'POST /v1/integrations/{id}/resume',
      'POST /v1/logs/{id}/preview',
      'POST /v1/logs/{id}/unresolve',
      'POST /v1/retry-batches/{id}/cancel',
      'POST /v1/retry-batches/{id}/pause',
      'POST /v1/retry-batches/{id}/resume',
      'POST /v1/sources/{id}/resume',
      'POST /v1/sources/{id}/rotate-page',
    ]);
  });

  it('has the docs page search for nothing that nobody has typed', () => {
    const parameters = operations().find(({ name }) => name === 'GET /v1/logs')?.operation.parameters ?? [];
    expect(parameters.map(({ name }) => name)).toContain('context');
    const made = parameters.flatMap(({ name, example, schema }) => {
      const shown = example ?? schema?.example ?? (schema?.type === 'object' ? 'made up' : undefined);
      return shown === undefined ? [] : [[name, shown]];
    });
    expect(made).toEqual([
      ['context', {}],
      ['extract', {}],
    ]);
  });
});
