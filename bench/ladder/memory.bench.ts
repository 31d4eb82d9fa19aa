import { parseSnapshot } from '@ormolu/kernel';
import { LocalCache } from '@ormolu/tiers';
import { bench, memoryCase } from '../harness';
import { cityColumns, FIELDS } from '../storage/support/cities';

const RECORDS = 50_000;
const stamp = { snapshot: parseSnapshot('10:10:') ?? { xmin: 10n, xmax: 10n, inProgress: [] }, epoch: 'bench' };

/** Made before and shared by both sides: only what is kept around the values is weighed. */
const columns = cityColumns(RECORDS);
const rows = Array.from({ length: RECORDS }, (_, row) => [row + 1, columns.map((column) => column[row])] as const);

export default bench({
  title: 'What does a committed image weigh?',
  cases: [
    memoryCase({
      name: 'bytes an image of 8 fields, its values apart (base: an array of the values in a Map)',
      values: RECORDS,
      base: () => new Map(rows.map(([id, values]) => [id, [...values]])),
      ours: () => {
        const { records } = new LocalCache({ maxEntries: RECORDS, commands: false });
        records.put('city', FIELDS, { stamp, rows: rows.map(([id, values]) => [id, [...values]] as const), takesOver: () => 'replace' });
        return records;
      },
    }),
  ],
});
