import { SingleBar } from 'cli-progress';
import { thousands } from './report';

/** Shows how far a long step has come. */
export interface Progress {
  start(total: number): void;
  /** @param done - records so far */
  at(done: number): void;
  /** Ends the showing, also of a step that failed; a second call does nothing. */
  stop(): void;
}

/** Where nobody watches. */
export const noProgress: Progress = { start: () => undefined, at: () => undefined, stop: () => undefined };

/** Lines that a pipe or a log gets: one for each of these parts of the whole. */
const PARTS = 10;

/** A bar with a rate where there is a terminal to draw it on, plain lines without control codes anywhere else. */
export function progressOn(out: NodeJS.WriteStream): Progress {
  return out.isTTY && process.env['TERM'] !== 'dumb' ? bar(out) : lines(out);
}

function bar(out: NodeJS.WriteStream): Progress {
  const drawn = new SingleBar({ format: '  loading  [{bar}] {value}/{total} records, {rate} records/s', stream: out, hideCursor: true, formatValue: (value, _options, type) => (type === 'value' || type === 'total' ? thousands(value) : String(value)) });
  let rate = (_done: number): string => '–';
  return {
    start(total) {
      rate = rateSince(performance.now());
      drawn.start(total, 0, { rate: '–' });
    },
    at: (done) => drawn.update(done, { rate: rate(done) }),
    stop: () => drawn.stop(),
  };
}

function lines(out: NodeJS.WriteStream): Progress {
  let rate = (_done: number): string => '–';
  let total = 0;
  let shown = 0;
  return {
    start(all) {
      rate = rateSince(performance.now());
      total = all;
    },
    at(done) {
      const part = Math.floor((PARTS * done) / total);
      if (part === shown) return;
      shown = part;
      out.write(`  loading  ${thousands(done)}/${thousands(total)} records, ${rate(done)} records/s\n`);
    },
    stop: () => undefined,
  };
}

function rateSince(begun: number): (done: number) => string {
  return (done) => thousands(perSecond(done, performance.now() - begun));
}

/** A whole number of things a second. */
export function perSecond(count: number, ms: number): number {
  return ms <= 0 ? 0 : Math.round((1_000 * count) / ms);
}
