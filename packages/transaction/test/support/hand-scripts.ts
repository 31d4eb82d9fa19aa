import { OrmoluError, type StoredId } from '@ormolu/kernel';
import * as fc from 'fast-check';
import type { Transaction } from '../../src/index';
import { fetchColumns, fetchList } from '../../src/reading/fetch';
import { ALL, HANDS, membersOf, MODELS, PLAIN, STORED, type ModelName } from './hand-written';
import { one, storedColumns } from './open';

const small = fc.nat({ max: 5 });
/** Far more than any model has fields: each of them is met, and none by far more often than others. */
const field = fc.nat({ max: 167 });
const model = fc.constantFrom<ModelName>('line', 'line', 'line', 'order', 'order', 'tag');
type Step =
  | { readonly op: 'assign' | 'write' | 'hand'; readonly model: ModelName; readonly which: number; readonly field: number; readonly value: number; readonly inRun: boolean }
  | { readonly op: 'tag' | 'untag'; readonly which: number; readonly value: number }
  | { readonly op: 'read' | 'load' | 'read all' | 'read plainly'; readonly model: ModelName; readonly which: number; readonly field: number; readonly among: boolean }
  | { readonly op: 'flush' | 'flush some' | 'forget' | 'forget some'; readonly field: number; readonly model: ModelName }
  | { readonly op: 'create' | 'unlink'; readonly which: number; readonly value: number }
  | { readonly op: 'savepoint'; readonly flush: boolean; readonly isKept: boolean; readonly steps: readonly Step[] };
const { step } = fc.letrec<{ step: Step }>((tie) => ({
  step: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 18, arbitrary: fc.record({ op: fc.constantFrom('assign' as const, 'assign' as const, 'write' as const, 'hand' as const), model, which: small, field, value: small, inRun: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ op: fc.constantFrom('tag' as const, 'untag' as const), which: small, value: small }) },
    { weight: 6, arbitrary: fc.record({ op: fc.constantFrom('read' as const, 'load' as const, 'read all' as const, 'read plainly' as const), model, which: small, field, among: fc.boolean() }) },
    { weight: 6, arbitrary: fc.record({ op: fc.constantFrom('flush' as const, 'flush some' as const, 'forget' as const, 'forget some' as const), field, model }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constantFrom('create' as const, 'unlink' as const), which: small, value: small }) },
    { weight: 2, arbitrary: fc.record({ op: fc.constant('savepoint' as const), flush: fc.boolean(), isKept: fc.boolean(), steps: fc.array(tie('step'), { maxLength: 4 }) }) },
  ),
}));
/** What is done to values that may have been written by hand, and to those they are computed from. */
export const scripts: fc.Arbitrary<readonly Step[]> = fc.array(step, { maxLength: 8 });

class RolledBack extends Error {}

function at<T>(all: readonly T[], place: number): T {
  return all[place % all.length] as T; // of which there is one at least
}

/** Plays scripts in a transaction. */
export class Player {
  readonly #tx: Transaction;
  readonly #isWarm: boolean;
  #ids: Readonly<Record<ModelName, readonly StoredId[]>> = { order: [1, 2], tag: [1, 2], line: [1, 2, 3] };

  private constructor(tx: Transaction, isWarm: boolean) {
    this.#tx = tx;
    this.#isWarm = isWarm;
  }

  /** Begins with three lines, two of which have been written by hand throughout, and two orders, in the database and no longer in memory. */
  static async begin(tx: Transaction, isWarm = false): Promise<Player> {
    await tx.env.model('order').create([{ rate: 1 }, { rate: 2, boss: 1 }]);
    await tx.env.model('tag').create([{ weight: 1, orders: [1] }, { weight: 2, orders: [1, 2] }]);
    await tx.env.model('line').create([{ qty: 1, order: 1, pick: 1 }, { qty: 2, order: 1, up: 1, pick: 2 }, { qty: 3, order: 2, up: 2 }]);
    await tx.flush();
    for (const each of ['order', 'line'] as const) await tx.env.model(each).browse([1, 2]).write(Object.fromEntries(HANDS[each].map((name) => [name, 90])));
    await tx.flush();
    tx.clear();
    return new Player(tx, isWarm);
  }

  async perform(steps: readonly Step[]): Promise<void> {
    for (const each of steps) {
      if (this.#isWarm) await this.#fetchAll();
      if (!('model' in each) || this.#ids[each.model].length > 0) await this.#one(each);
    }
  }

  async #one(step: Step): Promise<void> {
    const tx = this.#tx;
    switch (step.op) {
      case 'assign': case 'write': case 'hand':
        return this.#change(step);
      case 'tag': case 'untag':
        await one(tx, 'order', at(this.#ids.order, step.which)).write({ tags: [{ [step.op === 'tag' ? 'link' : 'unlink']: at(this.#ids.tag, step.value) }] });
        return;
      case 'read': case 'load': case 'read all': case 'read plainly':
        return this.#ask(step);
      case 'create': {
        const { ids } = await tx.env.model('line').create({ qty: step.value, order: step.which % 3 || null, pick: step.value % 3 });
        this.#ids = { ...this.#ids, line: [...this.#ids.line, ...(ids as readonly StoredId[])] }; // they have been inserted
        return;
      }
      case 'unlink': {
        if (this.#ids.line.length === 0) return;
        const gone = at(this.#ids.line, step.which);
        await one(tx, 'line', gone).unlink();
        this.#ids = { ...this.#ids, line: this.#ids.line.filter((id) => id !== gone) };
        return;
      }
      case 'flush':
        return tx.flush();
      case 'flush some':
        return tx.flush([[tx.registry.field(step.model, at(STORED[step.model], step.field))]]);
      case 'forget':
        tx.cache.invalidate();
        return;
      case 'forget some':
        tx.env.model(step.model).browse(this.#ids[step.model]).invalidate([at(ALL[step.model], step.field)]);
        return;
      case 'savepoint':
        return this.#savepoint(step);
    }
  }

  async #change({ op, model, which, field, value: pick, inRun }: Extract<Step, { op: 'assign' | 'write' | 'hand' }>): Promise<void> {
    const tx = this.#tx;
    const record = one(tx, model, at(this.#ids[model], which));
    const name = at(op === 'hand' ? this.#byHand(model) : PLAIN[model], field);
    const comodel = tx.registry.field(model, name).relation?.comodel;
    // A line stands above one that comes after it, so that there is no circle.
    const id = name === 'up' ? pick % Number(record.id) : pick % 3;
    if (name === 'up' && id !== 0 && !this.#ids.line.includes(id)) return;
    const value = comodel ? (id === 0 ? null : one(tx, comodel, id)) : pick % 4;
    if (op === 'write') await record.write({ [name]: value });
    else if (inRun) await tx.run(() => { record.set(name, value); });
    else record.set(name, value);
  }

  #byHand(model: ModelName): readonly string[] {
    return model === 'line' && !this.#tx.registry.field('line', 'picked').isReadonly ? [...HANDS.line, 'picked'] : HANDS[model];
  }

  async #ask({ op, model, which, field, among }: Extract<Step, { op: 'read' | 'load' | 'read all' | 'read plainly' }>): Promise<void> {
    const tx = this.#tx;
    const id = at(this.#ids[model], which);
    const name = at(ALL[model], field);
    const record = one(tx, model, id);
    if (op === 'load') {
      await record.load([name]);
      return;
    }
    if (op === 'read') {
      // One that is not there and a draft travel along, and change nothing.
      const set = among ? tx.env.model(model).browse([id, 99]).union(tx.env.model(model).new({})) : record;
      return tx.run(() => { set.at(0)?.get(name); });
    }
    const all = tx.env.model(model).browse(this.#ids[model]);
    if (op === 'read all') return tx.run(() => { for (const each of all) each.get(name); });
    try {
      record.get(name);
    } catch (error) {
      if (!OrmoluError.is(error) || !['TX_NOT_LOADED', 'TX_TRIGGER_PENDING'].includes(error.code)) throw error;
      // What is computed when belongs to the history: where memory has all, it has been computed now.
      await tx.run(() => { record.get(name); });
    }
  }

  async #savepoint({ flush, isKept, steps }: Extract<Step, { op: 'savepoint' }>): Promise<void> {
    const before = this.#ids;
    await this.#tx.savepoint(async () => {
      await this.perform(steps);
      if (!isKept) throw new RolledBack();
    }, { flush }).catch((error: unknown) => {
      if (!(error instanceof RolledBack)) throw error;
      this.#ids = before;
    });
  }

  /** Brings everything into memory and computes nothing: what is computed when is part of the history of what is written by hand. */
  async #fetchAll(): Promise<void> {
    const tx = this.#tx;
    for (const each of MODELS) await fetchColumns(tx, STORED[each].map((name) => tx.registry.field(each, name)), this.#ids[each]);
    for (const name of ['lines', 'picks', 'tags']) await fetchList(tx, tx.registry.field('order', name), this.#ids.order);
    await fetchList(tx, tx.registry.field('tag', 'orders'), this.#ids.tag);
  }

  /** All that is in the database. */
  async rows(): Promise<unknown> {
    const tx = this.#tx;
    const rows: Record<string, unknown> = {};
    for (const each of MODELS) {
      const columns = await storedColumns(tx, each, this.#ids[each], STORED[each]);
      for (const [place, name] of STORED[each].entries()) rows[`${each}.${name}`] = columns[place];
    }
    tx.clear();
    rows['order.picks'] = await tx.run(() => this.#ids.order.map((id) => membersOf(one(tx, 'order', id), 'picks')));
    return rows;
  }
}

/** What a script leaves in the database. */
export async function outcome(tx: Transaction, steps: readonly Step[], isWarm: boolean): Promise<unknown> {
  try {
    const player = await Player.begin(tx, isWarm);
    await player.perform(steps);
    await tx.flush();
    return await player.rows();
  } finally {
    await tx.rollback();
  }
}
