import { hash } from 'node:crypto';
import escapeHtml from 'escape-html';
import type { ShownRequest, SourcePage } from './source-page.js';

/** Text of others becomes text; what was made by this function stays as it is. */
class Html {
  constructor(readonly text: string) {}
}

type Part = Html | readonly Html[] | string | number;

function textOf(part: Part): string {
  if (part instanceof Html) return part.text;
  if (typeof part === 'string' || typeof part === 'number') return escapeHtml(`${part}`);
  return part.map(({ text }) => text).join('');
}

const html = (parts: TemplateStringsArray, ...values: readonly Part[]): Html =>
  new Html(String.raw({ raw: parts }, ...values.map(textOf)));

const STYLE = `
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
  body { color: #1b1f24; overflow-wrap: anywhere; } th, td:not(:last-child) { overflow-wrap: normal; }
  code, pre { font: 13px/1.5 ui-monospace, monospace; background: #f3f4f6; border-radius: 4px; }
  code { padding: .1rem .3rem; } pre { padding: 1rem; white-space: pre-wrap; }
  table { border-collapse: collapse; width: 100%; } tr { border-bottom: 1px solid #e5e7eb; }
  th, td { text-align: left; padding: .4rem .6rem; vertical-align: top; }
  time { white-space: nowrap; }
  .refused { color: #b42318; } .accepted { color: #067647; }
  @media (max-width: 40rem) {
    tr { display: grid; grid-template-columns: 1fr 6rem 5rem; padding: .4rem 0; }
    th, td { padding: .1rem 0; } td:last-child, th:last-child { grid-column: 1 / -1; }
    time { white-space: normal; }
  }
`;

const STYLE_ELEMENT = new Html(`<style>${STYLE}</style>`);

/** Nothing runs or is fetched there, and nobody shows it within a page of theirs, whatever text of others may stand in it. */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${hash('sha256', STYLE, 'base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** What the page is sent with. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': POLICY,
  // Whoever follows a link from here must not learn the address of this page.
  'referrer-policy': 'no-referrer',
};

/** The page for a vendor's developer, without any script. */
export function pageHtml(page: SourcePage): string {
  const { name, vendor, enabled, kind, address, checkAddress, maxBytes, example, requests } = page;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <meta name="robots" content="noindex" />
        <title>${name}: webhooks</title>
        ${STYLE_ELEMENT}
      </head>
      <body>
        <main>
          <h1>${name}</h1>
          <p>
            Webhooks of ${vendor}.
            ${enabled ? 'They are taken.' : new Html('<strong>They are not taken now: the source is switched off.</strong>')}
          </p>
          <h2>Address</h2>
          <p>
            ${address === null ? 'Ask for it: it is shown once, when it is made.' : html`<code>${address}</code>`} By
            POST, at most ${maxBytes.toLocaleString('en')} bytes. The answer 202 means that the webhook is stored and
            will be worked on; anything else, that it is to be sent again.
          </p>
          <h2>How a request is verified</h2>
          <p>By <code>${kind}</code>.</p>
          ${example === null ? '' : exampleHtml(example)}
          <h2>Send a test</h2>
          <p>
            Send the very request to <code>${checkAddress}</code> in the place of the address above: the answer says
            whether it is verified, why it is not, and which type and id of event are read. Nothing is stored.
          </p>
          <h2 id="requests">The last requests</h2>
          ${requests.length === 0 ? html`<p>None has come yet.</p>` : tableHtml(requests)}
        </main>
      </body>
    </html>`.text;
}

const exampleHtml = ({ steps, variables, commands }: NonNullable<SourcePage['example']>): Html =>
  html`<ol>
      ${steps.map((step) => html`<li>${step}</li>`)}
    </ol>
    <p>These commands send such a request${variables.length === 0 ? '' : ', in a shell whose environment holds'}:</p>
    ${
      variables.length === 0
        ? ''
        : html`<ul>
            ${variables.map(({ name, meaning }) => html`<li><code>${name}</code>: ${meaning}</li>`)}
          </ul>`
    }
    <pre>${commands}</pre>`;

const tableHtml = (requests: readonly ShownRequest[]): Html =>
  html`<table aria-labelledby="requests">
    <thead>
      <tr>
        <th scope="col">Received (UTC)</th>
        <th scope="col">Bytes</th>
        <th scope="col">Verdict</th>
        <th scope="col">What became of it</th>
      </tr>
    </thead>
    <tbody>
      ${requests.map(
        ({ at, bytes, verdict, says }) =>
          html` <tr>
            <td><time datetime="${at.toISOString()}">${at.toISOString().slice(0, 19).replace('T', ' ')}</time></td>
            <td>${bytes === null ? 'not read' : bytes.toLocaleString('en')}</td>
            <td class="${verdict}">${verdict}</td>
            <td>${says}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
