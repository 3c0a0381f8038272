/** Sets a Chromium up where there is none; answers with the path of its executable. */
export function ensureChromium(options: { log: (line: string) => void }): Promise<string>;
