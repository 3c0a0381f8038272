import type { OpenAPIObject } from '@nestjs/swagger';

/** Says of every object in a body that is sent what is so: that a field which it does not name is refused. */
export function closeRequestBodies(document: OpenAPIObject): void {
  const schemas = document.components?.schemas ?? {};
  const bodies = Object.values(document.paths).flatMap((path) =>
    [path.post, path.put, path.patch].map((operation) => operation?.requestBody),
  );
  const reached = new Set<string>();
  const waiting = namesIn(bodies);
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (reached.has(name)) continue;
    reached.add(name);
    const schema = schemas[name];
    waiting.push(...namesIn(schema));
    if (schema && 'properties' in schema) schema.additionalProperties ??= false;
  }
}

const namesIn = (part: unknown): string[] =>
  [...(JSON.stringify(part) ?? '').matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name = '']) => name);
