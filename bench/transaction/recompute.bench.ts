import type { Session } from '@ormolu/kernel';
import { boolean, defineModels, integer, many2one, one2many } from '@ormolu/registry';
import { StorageRung } from '@ormolu/storage';
import { memory } from '@ormolu/storage/memory';
import { Transaction, type RecordSet } from '@ormolu/transaction';
import { computed, effect, endBatch, signal, startBatch } from 'alien-signals';
import { aim, atLeast, atMost, bench, figureCase, timeCase, type FigureCase, type TimeCase } from '../harness';
import { typed } from './support/geo';

/** Lines of orders of partners: four stored fields, each computed from the one below it. */
const models = defineModels({
  line: { qty: integer(), price: integer(), order: many2one('order'), subtotal: integer({ store: true }) },
  order: { partner: many2one('partner'), lines: one2many('line', 'order'), total: integer({ store: true }) },
  partner: { orders: one2many('order', 'partner'), total: integer({ store: true }), isVip: boolean({ store: true }) },
})
  .compute('line', 'subtotal', ['qty', 'price'], (line) => (line.qty ?? 0) * (line.price ?? 0))
  .compute('order', 'total', ['lines.subtotal'], (order) => { let sum = 0; for (const line of order.lines) sum += line.subtotal ?? 0; return sum; })
  .compute('partner', 'total', ['orders.total'], (partner) => { let sum = 0; for (const order of partner.orders) sum += order.total ?? 0; return sum; })
  .compute('partner', 'isVip', ['total'], (partner) => (partner.total ?? 0) > 1_000);

const LINES = 10;
const ORDERS = 10;

interface Line { qty: number; price: number; subtotal: number; order: Order }
interface Order { lines: Line[]; total: number; partner: Partner }
interface Partner { orders: Order[]; total: number; isVip: boolean }

/** The same by hand: plain objects, and the dependents of what changed found through sets. */
function handWritten(count: number): { readonly lines: Line[]; readonly change: (changed: readonly Line[], qty: number) => number } {
  const partners: Partner[] = Array.from({ length: count / LINES / ORDERS }, () => ({ orders: [], total: 0, isVip: false }));
  const lines: Line[] = [];
  for (const partner of partners) {
    for (let o = 0; o < ORDERS; o += 1) {
      const order: Order = { lines: [], total: 0, partner };
      partner.orders.push(order);
      for (let l = 0; l < LINES; l += 1) order.lines.push({ qty: 1, price: l, subtotal: l, order });
      lines.push(...order.lines);
    }
  }
  const change = (changed: readonly Line[], qty: number): number => {
    const orders = new Set<Order>();
    const owners = new Set<Partner>();
    for (const line of changed) {
      line.qty = qty;
      line.subtotal = line.qty * line.price;
      orders.add(line.order);
    }
    for (const order of orders) {
      order.total = 0;
      for (const line of order.lines) order.total += line.subtotal;
      owners.add(order.partner);
    }
    for (const partner of owners) {
      partner.total = 0;
      for (const order of partner.orders) partner.total += order.total;
      partner.isVip = partner.total > 1_000;
    }
    return owners.size;
  };
  return { lines, change };
}

/**
 * The same graph of signals: a signal for each value that is set, a computed one for each that follows, and an effect for each partner that
 * keeps what came out, as stored values are kept.
 */
function signals(count: number): (changes: number, qty: number) => number {
  const quantities: ((value: number) => void)[] = [];
  let vips = 0;
  for (let p = 0; p < count / LINES / ORDERS; p += 1) {
    const totals = Array.from({ length: ORDERS }, () => {
      const subtotals = Array.from({ length: LINES }, (_, l) => {
        const qty = signal(1);
        const price = signal(l);
        quantities.push(qty);
        return computed(() => qty() * price());
      });
      return computed(() => { let sum = 0; for (const subtotal of subtotals) sum += subtotal(); return sum; });
    });
    const total = computed(() => { let sum = 0; for (const order of totals) sum += order(); return sum; });
    const isVip = computed(() => total() > 1_000);
    effect(() => { if (isVip()) vips += 1; });
  }
  return (changes, qty) => {
    startBatch();
    for (let at = 0; at < changes; at += 1) quantities[at]?.(qty);
    endBatch();
    return vips;
  };
}

/** Everything stored, computed and in memory. */
async function world(count: number): Promise<{ readonly tx: Transaction; readonly lines: RecordSet; readonly session: Session; readonly settle: (partners: number) => Promise<unknown> }> {
  const registry = models.registry();
  const storage = memory();
  await storage.migrate(registry.schema);
  const filling = await storage.open({ schema: registry.schema });
  const numbers = (length: number): number[] => Array.from({ length }, (_, n) => n);
  const [orders, partners] = [count / LINES, count / LINES / ORDERS];
  await filling.insert({ model: 'partner', count: partners, fields: ['total', 'isVip'], columns: [numbers(partners).map(() => 450), numbers(partners).map(() => false)] });
  await filling.insert({ model: 'order', count: orders, fields: ['partner', 'total'], columns: [numbers(orders).map((n) => Math.floor(n / ORDERS) + 1), numbers(orders).map(() => 45)] });
  await filling.insert({
    model: 'line', count, fields: ['qty', 'price', 'order', 'subtotal'],
    columns: [numbers(count).map(() => 1), numbers(count).map((n) => n % LINES), numbers(count).map((n) => Math.floor(n / LINES) + 1), numbers(count).map((n) => n % LINES)],
  });
  await filling.commit();
  const session = await storage.open({ schema: registry.schema });
  const tx = new Transaction({ registry, session, rung: new StorageRung() });
  const lines = tx.env.model('line').browse(numbers(count).map((n) => n + 1));
  await lines.load(['qty', 'price', 'subtotal', 'order.total', 'order.lines', 'order.partner.total', 'order.partner.isVip', 'order.partner.orders']);
  // Loading computes what is pending, and nothing is written: a flush would time the database.
  return { tx, lines, session, settle: (among) => tx.env.model('partner').browse(numbers(among).map((n) => n + 1)).load(['isVip']) };
}

function changing(what: string, { of: count, changes, limit }: { readonly of: number; readonly changes: number; readonly limit: number }): TimeCase {
  // One change is too short to be timed: many, each settled before the next.
  const times = changes === 1 ? 200 : 1;
  return timeCase({
    name: `change ${what} of ${count.toLocaleString('en')} lines against the hand-written loop`,
    target: aim(atMost(limit)),
    clock: 'cpu',
    operations: times * changes,
    base: () => {
      const { lines, change } = handWritten(count);
      let qty = 1;
      return () => {
        let touched = 0;
        for (let time = 0; time < times; time += 1) touched += change(lines.slice(time, time + changes), (qty += 1));
        return touched;
      };
    },
    ours: async () => {
      if (changes > 1) return changingInBulk(count, changes);
      const { lines, tx } = await world(count);
      let qty = 1;
      // One record is assigned to, and read from: nothing of that waits.
      const held = [...typed<Line>(lines)].slice(0, times);
      const partners = [...typed<Partner>(tx.env.model('partner').browse(Array.from({ length: times / LINES / ORDERS }, (_, n) => n + 1)))];
      return () => {
        let vips = 0;
        for (const [time, line] of held.entries()) {
          line.qty = (qty += 1);
          if (partners[Math.floor(time / LINES / ORDERS)]?.isVip === true) vips += 1;
        }
        return vips;
      };
    },
  });
}

/** Many records of a set in hand, as the loop has them, written and settled. */
async function changingInBulk(count: number, changes: number): Promise<() => Promise<void>> {
  const { lines, settle } = await world(count);
  const changed = lines.browse(lines.ids.slice(0, changes));
  let qty = 1;
  return async () => {
    await changed.write({ qty: (qty += 1) });
    await settle(changes / LINES / ORDERS);
  };
}

function besideSignals(count: number): TimeCase {
  return timeCase({
    name: `change all of ${count.toLocaleString('en')} lines against alien-signals`,
    target: aim(atLeast(10)),
    compare: 'speed',
    clock: 'cpu',
    operations: count,
    base: () => {
      const change = signals(count);
      let qty = 1;
      return () => change(count, (qty += 1));
    },
    ours: () => changingInBulk(count, count),
  });
}

function statements(count: number): FigureCase {
  let made: ReturnType<typeof world> | undefined;
  let qty = 1;
  return figureCase({
    name: `statements of a flush after changing all of ${count.toLocaleString('en')} lines`,
    unit: 'statements',
    // One per model and set of fields: a tenth of the lines costs nothing, and its subtotal stays.
    target: aim(atMost(4)),
    rounds: 5,
    measure: async () => {
      const { tx, lines, session } = await (made ??= world(count));
      await lines.write({ qty: (qty += 1) });
      const before = session.statements;
      await tx.flush();
      return session.statements - before;
    },
  });
}

export default bench({
  title: 'Recompute: lines, orders, partners; everything in memory',
  cases: [
    changing('1', { of: 100_000, changes: 1, limit: 4 }),
    changing('1,000', { of: 100_000, changes: 1_000, limit: 3 }),
    changing('all', { of: 1_000, changes: 1_000, limit: 10 }),
    changing('all', { of: 10_000, changes: 10_000, limit: 10 }),
    changing('all', { of: 100_000, changes: 100_000, limit: 10 }),
    besideSignals(100_000),
    ...[1_000, 10_000, 100_000].map(statements),
  ],
});
