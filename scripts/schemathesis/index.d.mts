/** Sets schemathesis up where it is missing; answers with the path of its executable. */
export function ensureSchemathesis(options: { log: (line: string) => void }): Promise<string>;
