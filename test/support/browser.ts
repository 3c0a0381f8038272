import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import axe, { type AxeResults } from 'axe-core';
import { chromium, type Page } from 'playwright-core';
import { ensureChromium } from '../../scripts/chromium/index.mjs';

/** For `beforeAll`: a Chromium is fetched where there is none. */
export const BROWSER_SET_UP_TIMEOUT_MS = 600_000;

const SCREENSHOTS = join('.build', 'browser');
const DESKTOP = { width: 1_280, height: 900 };

export interface VisitOptions {
  readonly width?: number;
  readonly javaScript?: boolean;
}

export type TestBrowser = Awaited<ReturnType<typeof startBrowser>>;

/** A real Chromium without a window. */
export async function startBrowser() {
  // stdout may be jest's JSON
  const executablePath = await ensureChromium({ log: (line) => void process.stderr.write(`${line}\n`) });
  // Root may not start it with its sandbox, nor may anybody in many containers; only pages of ours are opened.
  const browser = await chromium.launch({ executablePath, chromiumSandbox: false });

  return {
    /**
     * Opens an address in a profile of its own and does something there. Fails afterwards where the page had an error, or
     * asked anybody else for anything. `faults` are those so far: whoever provokes one takes it out. What was seen when it
     * failed is kept as a picture.
     */
    visit: async <T>(
      url: string,
      use: (page: Page, faults: string[]) => Promise<T>,
      { width = DESKTOP.width, javaScript = true }: VisitOptions = {},
    ): Promise<T> => {
      const context = await browser.newContext({
        viewport: { ...DESKTOP, width },
        javaScriptEnabled: javaScript,
      });
      const page = await context.newPage();
      const faults = faultsOf(page, new URL(url).origin);
      try {
        await page.goto(url);
        const result = await use(page, faults);
        if (faults.length > 0) throw new Error(`The page ${url} had faults:\n${faults.join('\n')}`);
        return result;
      } catch (error) {
        // A page that has crashed gives none, and why it did is worth more.
        await keepPicture(page).catch(() => undefined);
        throw error;
      } finally {
        await context.close();
      }
    },

    close: () => browser.close(),
  };
}

/** What goes wrong on a page from now on, as text. */
function faultsOf(page: Page, origin: string): string[] {
  const faults: string[] = [];
  const add = (what: string, text: string) => void faults.push(`${what}: ${text}`);
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) add(message.type(), message.text());
  });
  page.on('pageerror', (error) => add('exception', error.message));
  page.on('dialog', (dialog) => {
    add('dialog', dialog.message());
    void dialog.dismiss();
  });
  page.on('popup', (popup) => add('window', popup.url()));
  page.on('requestfailed', (request) => add('failed', `${request.url()} ${request.failure()?.errorText ?? ''}`));
  page.on('response', (response) => {
    if (response.status() >= 400) add('answer', `${response.url()} ${response.status()}`);
  });
  page.on('request', (request) => {
    const isElsewhere = new URL(request.url()).origin !== origin;
    if (isElsewhere && !request.isNavigationRequest()) add('asked elsewhere', request.url());
  });
  return faults;
}

async function keepPicture(page: Page): Promise<void> {
  await mkdir(SCREENSHOTS, { recursive: true });
  const name = (expect.getState().currentTestName ?? 'page').replaceAll(/[^a-z0-9]+/gi, '-').slice(0, 120);
  const path = join(SCREENSHOTS, `${name}.png`);
  await page.screenshot({ path, fullPage: true });
  process.stderr.write(`What the browser showed: ${path}\n`);
}

/**
 * What a page breaks of WCAG 2.2 A and AA and of good practice, by axe-core; each with the elements that do.
 * @throws where nothing was looked at
 */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations, passes } = await page.evaluate<AxeResults>(
    `axe.run(document, { rules: { 'target-size': { enabled: true } } })`,
  );
  if (!passes.some(({ id }) => id === 'color-contrast')) throw new Error('axe-core saw no text on the page');
  return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(' ')}`);
}

/** The elements that stand out of the viewport to its right, as HTML. */
export const overflowing = (page: Page): Promise<string[]> =>
  page.evaluate<string[]>(`[...document.querySelectorAll('*')]
    .filter((it) => it.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5
      || it.scrollWidth > it.clientWidth + 1 && it.clientWidth > 0)
    .map((it) => it.cloneNode().outerHTML)`);
