const PROGRESS_LINE_EVERY_MS = 2_000;
const CLEAR_LINE = '\r\u001B[2K';

/** Tells the story: in a terminal a progress line is overwritten, elsewhere a line comes every two seconds. */
export class Narrator {
  private lastProgressAt = -Infinity;
  private progressShown = false;

  constructor(private readonly stream: NodeJS.WriteStream) {
    // Whoever reads may have read enough (| head); the story goes on to its end and cleans up.
    stream.on('error', () => undefined);
  }

  stage(title: string): void {
    this.say(`\n▸ ${title}`);
  }

  say(line: string): void {
    this.clear();
    this.stream.write(`${line}\n`);
  }

  progress(text: string): void {
    if (this.stream.isTTY) {
      this.stream.write(`${CLEAR_LINE}  … ${text}`);
      this.progressShown = true;
    } else if (performance.now() - this.lastProgressAt > PROGRESS_LINE_EVERY_MS) {
      this.stream.write(`  … ${text}\n`);
      this.lastProgressAt = performance.now();
    }
  }

  private clear(): void {
    if (this.progressShown) this.stream.write(CLEAR_LINE);
    this.progressShown = false;
    this.lastProgressAt = performance.now();
  }
}
