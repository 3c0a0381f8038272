/** A text as one word of a POSIX shell, whatever is in it. */
export const quoted = (text: string) => (/^[\w./:=@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

/** What the examples send. */
const EXAMPLE_BODY = '{"type":"test","note":"sent by hand"}';

/** Assignments that the commands start with. */
export const shellStart = (url: string, ...more: readonly string[]) => [
  `URL=${quoted(url)}`,
  `BODY=${quoted(EXAMPLE_BODY)}`,
  ...more,
];

/** A POST of `$BODY` as JSON to `$URL`; each header is a piece of shell already. */
export const curlPost = (headers: readonly string[], url = '"$URL"') =>
  [
    'curl --include --request POST',
    "--header 'content-type: application/json'",
    ...headers.map((it) => `--header ${it}`),
  ]
    .concat(`--data-binary "$BODY" ${url}`)
    .join(' \\\n  ');

/** `name: value`, where the value is the body of a double-quoted shell word. */
export const shellHeader = (name: string, value: string) => `"${name}: ${value}"`;

/** A text within double quotes. */
export const inDoubleQuotes = (text: string) => text.replaceAll(/["$`\\]/g, String.raw`\$&`);

/** Pipes that write bytes as text. */
export const ENCODERS = {
  hex: "od -An -v -tx1 | tr -d ' \\n'",
  base64: 'openssl base64 -A',
  base64url: "openssl base64 -A | tr '+/' '-_' | tr -d '='",
} as const;

export const SECRET_VARIABLE = { name: 'SECRET', meaning: 'the secret of this source' } as const;
