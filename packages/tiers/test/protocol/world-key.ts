import { formatSnapshot, type Snapshot } from '@ormolu/kernel';
import type { Committed, Entry, Looked, Open, Process, World } from './world';

const EMPTY: readonly never[] = [];

/**
 * Texts that two worlds share when everything that can still happen is the same.
 *
 * @remarks What most steps leave as it is was written down before: a part of a world is looked at once, and has a number.
 */
export class WorldKeys {
  readonly #numbers = new Map<string, number>();
  readonly #known = new WeakMap<object, number>();

  of({ nextXid, timeline, committed, trimmed, writers, written, altered, forgotten, killed, processes, entry, serial }: World, areProcessesAlike: boolean): string {
    const process = processes.map((one) => this.#number(one, textOfProcess));
    // Writers are alike, and so are processes of which none is watched.
    if (areProcessesAlike) process.sort((a, b) => a - b);
    return [
      Number(nextXid), timeline, Number(trimmed), written, altered, forgotten, killed,
      this.#number(committed, textOfCommits),
      ...writers.map((one) => this.#number(one ?? EMPTY, textOfOpen)).sort((a, b) => a - b),
      ...process,
      this.#number(entry ?? EMPTY, textOfEntry),
      this.#number(serial, textOfSerial),
    ].join();
  }

  #number<T extends object>(part: T, write: (part: T) => string): number {
    let number = this.#known.get(part);
    if (number !== undefined) return number;
    const text = write(part);
    number = this.#numbers.get(text);
    if (number === undefined) this.#numbers.set(text, (number = this.#numbers.size));
    this.#known.set(part, number);
    return number;
  }
}

function textOfSnapshot(one: Snapshot): string {
  return `${formatSnapshot(one)}+${String(one.own)}`;
}

function textOfOpen(one: Open | readonly never[]): string {
  if (!('snapshot' in one)) return '-';
  const { snapshot, xid, wrote, knows, isUnlogged = false, isAltering = false, looked, isReadCommitted = false, read, asked } = one;
  return `${isReadCommitted ? 'c' : textOfSnapshot(snapshot)}/${String(xid)}/${[...wrote].sort().join('')}/${[...knows].sort().join('')}/${String(isUnlogged)}${String(isAltering)}${textOfLooked(looked)}/${read?.join('') ?? '-'}?${asked?.join('') ?? '-'}`;
}

function textOfLooked(looked: Looked | undefined): string {
  return looked ? `${textOfSnapshot(looked.seen)}${String(looked.isWatched)}` : '';
}

function textOfProcess({ log, rows, looked, open, begun, role }: Process): string {
  return `${String(log.since)} ${textOfSnapshot(log.until)} ${log.epoch} ${rows.map(({ xid }) => xid).join()} ${textOfLooked(looked)} ${textOfOpen(open ?? EMPTY)} ${String(begun)} ${role}`;
}

function textOfEntry(one: Entry | readonly never[]): string {
  return 'snapshot' in one ? `${String(one.key)}=${one.value}${one.role}@${textOfSnapshot(one.snapshot)}${one.epoch}` : 'none';
}

function textOfCommits(committed: readonly Committed[]): string {
  return `commits ${committed.map(({ xid, keys, isLogged, isAltering }) => `${String(xid)}:${[...keys].sort().join('')}${isLogged ? '' : '!'}${isAltering === true ? 'a' : ''}`).join()}`;
}

function textOfSerial(serial: World['serial']): string {
  return `serial ${serial.map(({ snapshot, xid, wrote, read, asked }) => `${textOfSnapshot(snapshot)}${String(xid)}${[...wrote].sort().join('')}/${read.join('')}/${asked.join('')}`).sort().join()}`;
}
