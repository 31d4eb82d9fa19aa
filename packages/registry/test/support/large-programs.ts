/** How a program of many models is written. */
export type Style = 'statements' | 'chain' | 'extends';

const IMPORTS = `import { boolean, char, date, defineModels, float, integer, many2many, many2one, one2many, selection, text } from '@ormolu/registry';\n\n`;

/** Twenty fields: relations in a ring, so that three hops lead somewhere, and a mix of kinds. */
function fieldsOf(at: number, count: number): string {
  const next = (at + 1) % count;
  const kinds = ['char({ required: true })', 'integer()', 'float()', 'boolean({ default: false })', 'date()', 'text()', "selection(['draft', 'done'])"];
  const plain = Array.from({ length: 14 }, (_, place) => `f${String(place)}: ${String(kinds[place % kinds.length])}`);
  return [
    `name: char({ required: true })`, ...plain, `next: many2one('m${String(next)}')`, `before: one2many('m${String((at + count - 1) % count)}', 'next')`,
    `peers: many2many('m${String((at + 7) % count)}')`, `label: char({ store: true })`, `total: integer({ store: true })`,
  ].map((field) => `    ${field},`).join('\n');
}

const base = (count: number): string => `defineModels({\n${Array.from({ length: count }, (_, at) => `  m${String(at)}: {\n${fieldsOf(at, count)}\n  },`).join('\n')}\n})`;

/** A compute over paths of three hops, a batch compute and a method of one model. */
const said = (at: number): readonly string[] => [
  `.compute('m${String(at)}', 'label', ['name', 'next.next.next.name', 'next.next.f1'], (one) => \`\${one.name} \${one.next?.next?.next?.name ?? ''} \${String(one.next?.next?.f1 ?? 0)}\`)`,
  `.computeBatch('m${String(at)}', ['total'], ['before.f1', 'peers.next.f1'], (many) => { for (const one of many) one.total = one.before.length + one.peers.length; })`,
  `.method('m${String(at)}', { grow${String(at)}(many, by: number) { let sum = 0; for (const one of many) sum += (one.f1 ?? 0) * by; return sum; } })`,
];

/** A program of `count` models of 20 fields, each with a compute, a batch compute and a method; or of one model extended `count` times. */
export function programOf(style: Style, count: number): string {
  if (style === 'extends') {
    const extensions = Array.from({ length: count }, (_, at) => `  .extend({ m0: { e${String(at)}: char() }, x${String(at)}: { name: char(), to: many2one('m0') } })`);
    return `${IMPORTS}export const models = ${base(3)}\n${extensions.join('\n')};\nexport const read = models.compute('m0', 'label', ['e0', 'e${String(count - 1)}'], (one) => one.e${String(count - 1)});\n`;
  }
  const all = Array.from({ length: count }, (_, at) => said(at));
  if (style === 'chain') return `${IMPORTS}export const models = ${base(count)}\n${all.flat().map((one) => `  ${one}`).join('\n')};\n`;
  const statements = all.map((calls, at) => `const m${String(at + 1)} = m${String(at)}\n${calls.map((one) => `  ${one}`).join('\n')};`);
  return `${IMPORTS}const m0 = ${base(count)};\n${statements.join('\n')}\nexport const models = m${String(count)};\n`;
}
