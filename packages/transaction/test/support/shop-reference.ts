/** The rows of one model: id → field → value; lists that the rows of others make are worked out. */
type Rows = Map<number, Record<string, unknown>>;

/** One command, as users write it. */
export type Command = Readonly<Record<string, unknown>>;

const LISTS: Readonly<Record<string, readonly [model: string, inverse: string]>> = { orders: ['order', 'customer'], lines: ['line', 'order'], notes: ['note', 'order'] };

/**
 * The reference for shops: plain maps, every computed value worked out when it is asked. No cache, no queue, no trigger: what it says is
 * true by construction.
 */
export class ShopReference {
  rows: Readonly<Record<string, Rows>> = { customer: new Map(), order: new Map(), line: new Map(), note: new Map(), label: new Map() };

  ids(model: string): readonly number[] {
    return [...(this.rows[model]?.keys() ?? [])];
  }

  row(model: string, id: unknown): Record<string, unknown> {
    return this.rows[model]?.get(id as number) ?? {};
  }

  members(list: string, owner: unknown): readonly number[] {
    if (list === 'labels') return [...(this.row('order', owner)['labels'] as Set<number>)];
    const [model, inverse] = LISTS[list] ?? ['', ''];
    return this.ids(model).filter((id) => this.row(model, id)[inverse] === owner);
  }

  /** @param created - the ids that the new records of the commands have got, in the order of the commands */
  write(owner: number, { list, commands, created }: { list: string; commands: readonly Command[]; created: readonly number[] }): void {
    const ids = [...created];
    const leaving = new Set<number>();
    for (const command of commands) {
      const [kind = '', given] = Object.entries(command)[0] ?? [];
      if (kind === 'create') this.#link(list, owner, this.insert(modelOf(list), ids.shift() ?? -1, given as Record<string, unknown>));
      else if (kind === 'update') Object.assign(this.row(modelOf(list), (given as [number])[0]), (given as [number, object])[1]);
      else if (kind === 'delete') this.remove(modelOf(list), given as number);
      else if (kind === 'link') {
        leaving.delete(given as number);
        this.#link(list, owner, given as number);
      } else if (kind === 'unlink') this.#leave(list, owner, given as number, leaving);
      else {
        const kept = kind === 'set' ? (given as readonly number[]) : [];
        for (const id of this.members(list, owner)) if (!kept.includes(id)) this.#leave(list, owner, id, leaving);
        for (const id of kept) {
          leaving.delete(id);
          this.#link(list, owner, id);
        }
      }
    }
    for (const id of leaving) this.remove('line', id);
  }

  insert(model: string, id: number, values: Record<string, unknown>): number {
    this.rows[model]?.set(id, { ...(model === 'order' ? { customer: null, labels: new Set() } : {}), ...(model === 'line' ? { quantity: 1, price: null } : {}), ...values });
    return id;
  }

  remove(model: string, id: number): void {
    this.rows[model]?.delete(id);
    if (model === 'order') {
      for (const line of this.members('lines', id)) this.remove('line', line);
      for (const note of this.members('notes', id)) this.row('note', note)['order'] = null;
    }
    if (model === 'label') for (const order of this.rows['order']?.values() ?? []) (order['labels'] as Set<number>).delete(id);
  }

  #link(list: string, owner: number, id: number): void {
    if (list === 'labels') (this.row('order', owner)['labels'] as Set<number>).add(id);
    else this.row(modelOf(list), id)[LISTS[list]?.[1] ?? ''] = owner;
  }

  /** A line that leaves its order is deleted, unless a later command takes it in again. */
  #leave(list: string, owner: number, id: number, leaving: Set<number>): void {
    if (list === 'labels') (this.row('order', owner)['labels'] as Set<number>).delete(id);
    else if (!this.members(list, owner).includes(id)) return;
    else if (list === 'lines') leaving.add(id);
    else this.row('note', id)['order'] = null;
  }

  /** Everything that can be read of a record, lists as sets. */
  shown(model: string, id: number): Record<string, unknown> {
    const row = this.row(model, id);
    if (model === 'line') return { product: row['product'], quantity: row['quantity'], price: row['price'], order: row['order'], subtotal: this.#subtotal(id) };
    if (model === 'note') return { text: row['text'], order: row['order'] ?? null };
    if (model === 'label') return { name: row['name'], orders: new Set(this.ids('order').filter((order) => this.members('labels', order).includes(id))) };
    if (model === 'customer') return { name: row['name'], orders: new Set(this.members('orders', id)), total: this.members('orders', id).reduce((sum, order) => sum + this.#total(order), 0) };
    return {
      name: row['name'], customer: row['customer'], lines: new Set(this.members('lines', id)), notes: new Set(this.members('notes', id)), labels: new Set(this.members('labels', id)),
      total: this.#total(id), labelNames: this.members('labels', id).map((label) => this.row('label', label)['name'] as string).sort().join(),
    };
  }

  #subtotal(line: number): number {
    const { quantity, price } = this.row('line', line) as { quantity: number | null; price: number | null };
    return (quantity ?? 0) * (price ?? 0);
  }

  #total(order: number): number {
    return this.members('lines', order).reduce((sum, line) => sum + this.#subtotal(line), 0);
  }
}

export function modelOf(list: string): string {
  return list === 'labels' ? 'label' : (LISTS[list]?.[0] ?? '');
}
