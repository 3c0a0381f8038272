export interface BodyReader {
  readonly mediaType: string;
  read(text: string): unknown;
}

/** How a vendor reads what it is sent; one entry for each format that vendors of the demo ask for. */
export const BODY_READERS = {
  json: { mediaType: 'application/json', read: readJson },
  form: { mediaType: 'application/x-www-form-urlencoded', read: readForm },
} satisfies Record<string, BodyReader>;

export type BodyFormat = keyof typeof BODY_READERS;

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Each field with all of its values, since a form may name one more than once. */
function readForm(text: string): Record<string, string[]> {
  const form = new URLSearchParams(text);
  return Object.fromEntries([...new Set(form.keys())].map((name) => [name, form.getAll(name)]));
}
