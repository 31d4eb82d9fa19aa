import type { Client } from 'pg';
import { BAGS, ITEMS } from './world';

const NOW = 'extract(epoch from clock_timestamp()) * 1000';
/** What refuses a writer that only has to try again: a lock it did not get, somebody who was faster, a bag that is gone. */
const TRIED_AGAIN = new Set(['55P03', '40001', '40P01', '23503']);
/** How long a transaction of several statements stays open at most. */
const LONGEST_MS = 400;
/** How often it is tried to empty a table: meanwhile nothing else is written. */
const MOST_TRIES = 3;
/** How long writers wait for a trigger to come, and how long it is there at most. */
const LOCKED_MS = 500;
const LONGEST_THERE_MS = 200;
/** What an update of items changes along then: some of those that nobody else has changed, or is about to. */
const ALONG = `create function soak_along() returns trigger language plpgsql as $$ declare other int; begin
    for other in select id from soak_item where random() < 0.3 loop
      begin
        perform from soak_item where id = other for update nowait;
        update soak_item set size = (size + 1) % 4, writer = 'sql', at = ${NOW} where id = other;
      exception when serialization_failure or lock_not_available then null;
      end;
    end loop;
    return null;
  end $$`;
/** Of this the log has no row of any record; the table seems empty to who began before. */
const REWRITING = "begin; set local lock_timeout = '400ms'; alter table soak_item alter column token type text using reverse(token), alter column size type int using (size + 1) % 4; commit";
/** Lets event triggers be silent, for this transaction alone, or tell again. */
const told = (how: 'disable' | 'enable always'): string => `do $$ declare one name; begin for one in select evtname from pg_event_trigger where evtname like 'ormolu_log_end_%' loop execute format('alter event trigger %I ${how}', one); end loop; end $$`;
const HANGING = 'create trigger soak_along after update on soak_item for each statement when (pg_trigger_depth() = 0) execute function soak_along()';

/** A title of a bag in two languages, which never have the same: what is found in one is not what is found in the other. */
export const TITLES = `(array['{"en": "a", "fr": "b"}', '{"en": "b", "fr": "a"}'])[1 + floor(random() * 2)::int]::jsonb`;

/** Puts in the records that are missing, each with the given likelihood. */
export function filling(likelihood: number): string {
  return `insert into soak_item (id, token, size, writer, at, bag, label, first_note, second_note)
    select n, md5(n::text), n % 4, 'sql', ${NOW}, (select id from soak_bag where id = 1 + n % ${String(BAGS)}), jsonb_build_object('en', chr(97 + n % 2), 'fr', chr(98 - n % 2)), 'first', 'second'
    from generate_series(1, ${String(ITEMS)}) n where random() < ${String(likelihood)} on conflict do nothing`;
}

/** Another program: it writes plain SQL, and knows nothing of caches. */
export class ForeignWriter {
  readonly #random: (bound: number) => number;
  readonly #mayWrite: (writes: number) => boolean;
  #writes = 0;
  #onTrimmed: (() => void) | undefined;
  #isToAlter = false;
  #altered = 0;
  #isOver = false;

  /** @param mayWrite - whether readers have kept up with so many writes; it waits until they have */
  constructor(random: (bound: number) => number, mayWrite: (writes: number) => boolean) {
    this.#random = random;
    this.#mayWrite = mayWrite;
  }

  /** Statements that were taken. */
  get writes(): number {
    return this.#writes;
  }

  end(): void {
    this.#isOver = true;
  }

  /** Lets its next statement trim the log. */
  trim(): Promise<void> {
    return this.#isOver ? Promise.resolve() : new Promise((resolve) => (this.#onTrimmed = resolve));
  }

  /** Lets a trigger come, and go again: with each of both, all that is kept is of another epoch. Every other time it alters by hand what rows hold. */
  alter(): void {
    this.#isToAlter = true;
  }

  /** Short transactions on one connection, and long ones, whose order of commits is another than that of their numbers, on the next; now and then a trigger from the last. */
  async run(quick: Client, slow: Client, altering: Client): Promise<void> {
    await altering.query(ALONG);
    await Promise.all([this.#whileRunning(quick, () => this.#quick(quick)), this.#whileRunning(slow, () => this.#slow(slow)), this.#whileRunning(altering, () => this.#alter(altering))]);
  }

  async #whileRunning(client: Client, write: () => Promise<void>): Promise<void> {
    await client.query("set lock_timeout = '100ms'");
    while (!this.#isOver) {
      try {
        await write();
      } catch (error) {
        if (!isTriedAgain(error)) throw error;
        await client.query('rollback');
      }
      await pause(this.#random(12));
    }
  }

  async #quick(client: Client): Promise<void> {
    if (this.#onTrimmed) await client.query('select ormolu_log_trim(2)');
    this.#onTrimmed?.();
    this.#onTrimmed = undefined;
    if (!this.#mayWrite(this.#writes)) return;
    const what = this.#random(100);
    if (what < 2) await this.#empty(client);
    else await client.query(this.#statement(what));
    this.#writes += 1;
  }

  /** Some of the records do not come back. Every transaction that has read the table stands in the way. */
  async #empty(client: Client): Promise<void> {
    const emptying = `begin; set local lock_timeout = '400ms'; truncate soak_item; ${filling(0.7)}; commit`;
    for (let tries = 0; tries < MOST_TRIES && !this.#isOver && !await isTaken(client, emptying); tries += 1);
  }

  async #slow(client: Client): Promise<void> {
    if (!this.#mayWrite(this.#writes)) return;
    await client.query(['begin', 'begin isolation level repeatable read', 'begin; set local session_replication_role = replica'][this.#random(3)] ?? 'begin');
    for (let left = 1 + this.#random(3); left > 0; left -= 1) {
      const isTakenBack = this.#random(4) === 0;
      if (isTakenBack) await client.query('savepoint s');
      await client.query(this.#update(1));
      if (isTakenBack) await client.query('rollback to s');
      await pause(this.#random(LONGEST_MS / 3));
    }
    await client.query(this.#random(4) === 0 ? 'rollback' : 'commit');
    this.#writes += 1;
    // While it is open the log cannot be trimmed behind it.
    await pause(this.#random(2 * LONGEST_MS));
  }

  /** Whoever waits for the lock meanwhile writes behind a trigger that his snapshot does not show. */
  async #alter(client: Client): Promise<void> {
    if (!this.#isToAlter) return;
    if (this.#altered % 2 === 1) {
      while (!this.#isOver && !await isTaken(client, REWRITING));
      this.#isToAlter = false;
      this.#altered += 1;
      return;
    }
    await client.query('begin; lock table soak_item in share row exclusive mode');
    this.#isToAlter = false;
    this.#altered += 1;
    await pause(LOCKED_MS);
    // Who is told at once need not look for it, and looking is what is mostly tried.
    await client.query(this.#random(4) === 0 ? `${HANGING}; commit` : `${told('disable')}; ${HANGING}; ${told('enable always')}; commit`);
    await pause(this.#random(LONGEST_THERE_MS));
    while (!this.#isOver && !await isTaken(client, "begin; set local lock_timeout = '400ms'; drop trigger soak_along on soak_item; commit"));
  }

  #statement(what: number): string {
    if (what < 80) return this.#update(2);
    if (what < 88) return `update soak_item set bag = ${String(1 + this.#random(BAGS))}, writer = 'sql', at = ${NOW} where id = ${this.#id()}`;
    if (what < 91) return `update soak_bag set name = chr(97 + floor(random() * 3)::int), writer = 'sql', at = ${NOW} where id = ${String(1 + this.#random(BAGS))}`;
    // Its items lose their bag.
    if (what < 92) return `begin; delete from soak_bag where id = 1; insert into soak_bag (id, name, title, writer, at) values (1, 'a', ${TITLES}, 'sql', ${NOW}) on conflict do nothing; commit`;
    if (what < 95) return `with gone as (delete from soak_item where id = ${this.#id()} returning id) select count(*) from gone`;
    if (what < 98) return filling(0.5);
    return `select ormolu_log_trim(${String(5 + this.#random(10))})`;
  }

  #update(records: number): string {
    const ids = Array.from({ length: records }, () => this.#id()).join(', ');
    return `update soak_item set token = md5(random()::text), size = floor(random() * 4), label = jsonb_build_object('en', chr(97 + floor(random() * 2)::int), 'fr', 'a'), writer = 'sql', at = ${NOW} where id in (${ids})`;
  }

  #id(): string {
    return String(1 + this.#random(ITEMS));
  }
}

/** Alters the table, unless a transaction that has read it stands in the way. */
async function isTaken(client: Client, statement: string): Promise<boolean> {
  try {
    await client.query(statement);
    return true;
  } catch (error) {
    if (!isTriedAgain(error)) throw error;
    await client.query('rollback');
    return false;
  }
}

function isTriedAgain(error: unknown): boolean {
  return TRIED_AGAIN.has((error as { readonly code?: string }).code ?? '');
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
