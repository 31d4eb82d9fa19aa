// Checks the house (docs/decisions/0003): which package may import which, that the manifests and tsconfigs say the same, that nothing is
// imported undeclared, that no import cycle exists at run time inside a package; notes files that grow long.
// Usage: node scripts/check-arrows.mjs [root]   (exits 1 when a rule is broken)
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), '..'));
const ts = createRequire(import.meta.url)('typescript');
const SOFT_LINES = 300;
/** The arrows. A package that is not here does not exist: decide where it sits first. */
const MAY_IMPORT = {
  kernel: [],
  registry: ['kernel'],
  cache: ['kernel'],
  storage: ['kernel'],
  tiers: ['kernel'],
  remote: ['kernel'],
  inspector: ['kernel'],
  transaction: ['kernel', 'registry', 'cache'],
  ormolu: ['kernel', 'registry', 'cache', 'transaction', 'storage', 'tiers', 'remote', 'inspector'],
};

const problems = [];
const notes = [];
const readJson = (file) => ts.parseConfigFileTextToJson(file, readFileSync(file, 'utf8')).config;
const sourcesUnder = (dir) => readdirSync(dir, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? sourcesUnder(join(dir, entry.name)) : entry.name.endsWith('.ts') ? [join(dir, entry.name)] : []);

/** The imports of one file. `atLoad` ones run while modules are being loaded, so only they can form a cycle that hurts. */
function importsOf(file) {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest);
  const found = [];
  const visit = (node) => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier) {
      const clause = ts.isImportDeclaration(node) ? node.importClause : node;
      const named = ts.isImportDeclaration(node) ? clause?.namedBindings : node.exportClause;
      const everyNameIsType = named?.elements?.length > 0 && !clause?.name && named.elements.every((element) => element.isTypeOnly);
      found.push({ specifier: node.moduleSpecifier.text, atLoad: !(clause?.isTypeOnly || everyNameIsType) });
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      found.push({ specifier: node.argument.literal.text, atLoad: false });
    } else if (ts.isCallExpression(node) && node.arguments.length === 1 && ts.isStringLiteralLike(node.arguments[0])) {
      if (node.expression.kind === ts.SyntaxKind.ImportKeyword || node.expression.getText?.(source) === 'require') {
        found.push({ specifier: node.arguments[0].text, atLoad: false });
      }
    }
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(source, visit);
  return found;
}

/** `@ormolu/storage/memory` → `@ormolu/storage`; `pg/lib/x` → `pg`. */
const packageOf = (specifier) => specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
const oursOf = (packageName) => packageName === 'ormolu' ? 'ormolu' : /^@ormolu\/(.+)$/.exec(packageName)?.[1];

/** The manifest and the tsconfig of a package draw the same arrows as the table above. */
function checkManifest(name, manifest) {
  const where = `packages/${name}`;
  const declared = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }).map(oursOf).filter(Boolean);
  for (const other of declared) if (!MAY_IMPORT[name].includes(other)) problems.push(`${where}/package.json: ${name} may not depend on ${other}`);
  const referenced = (readJson(join(root, where, 'tsconfig.json')).references ?? []).map(({ path }) => path.replace('../', ''));
  const differing = [...declared.filter((other) => !referenced.includes(other)), ...referenced.filter((other) => !declared.includes(other))];
  for (const other of differing) problems.push(`${where}: ${other} stands in only one of package.json dependencies and tsconfig.json references`);
}

function findCycles(src, edges) {
  const state = new Map();
  const visit = (file, path) => {
    if (state.get(file) === 'done') return;
    if (state.get(file) === 'open') {
      problems.push(`run-time cycle: ${[...path.slice(path.indexOf(file)), file].map((f) => relative(src, f)).join(' -> ')}`);
      return;
    }
    state.set(file, 'open');
    for (const target of edges.get(file) ?? []) visit(target, [...path, file]);
    state.set(file, 'done');
  };
  for (const file of edges.keys()) visit(file, []);
}

for (const name of readdirSync(join(root, 'packages'))) {
  const home = join(root, 'packages', name);
  if (!existsSync(join(home, 'package.json'))) continue;
  const allowed = MAY_IMPORT[name];
  if (!allowed) {
    problems.push(`packages/${name}: no row in MAY_IMPORT; decide where it sits first`);
    continue;
  }
  const manifest = readJson(join(home, 'package.json'));
  checkManifest(name, manifest);
  const importable = new Set([...Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }), manifest.name]);
  const src = join(home, 'src');
  const edges = new Map();
  for (const file of existsSync(src) ? sourcesUnder(src) : []) {
    const here = relative(root, file);
    const lines = readFileSync(file, 'utf8').split('\n').length;
    if (lines > SOFT_LINES) notes.push(`${here}: ${lines} lines; is this one idea?`);
    edges.set(file, []);
    for (const { specifier, atLoad } of importsOf(file)) {
      if (!specifier.startsWith('.')) {
        const target = packageOf(specifier);
        const other = oursOf(target);
        if (isBuiltin(specifier)) {
          if (!specifier.startsWith('node:')) problems.push(`${here}: write 'node:${specifier}'`);
        } else if (other !== undefined && other !== name && !allowed.includes(other)) problems.push(`${here}: ${name} may not import ${other}`);
        else if (!importable.has(target)) problems.push(`${here}: '${target}' is not among the dependencies or peerDependencies of packages/${name}`);
        continue;
      }
      const base = resolve(dirname(file), specifier);
      const target = [`${base}.ts`, join(base, 'index.ts'), base].find((path) => existsSync(path) && statSync(path).isFile());
      if (!target) continue;
      if (relative(src, target).startsWith('..')) problems.push(`${here}: reaches outside its package's src with ${specifier}`);
      else if (atLoad) edges.get(file).push(target);
    }
  }
  findCycles(src, edges);
}

for (const note of notes) console.log(`note  ${note}`);
for (const problem of problems) console.error(`error ${problem}`);
console.log(problems.length === 0 ? 'arrows: clean' : `arrows: ${problems.length} broken`);
process.exitCode = problems.length === 0 ? 0 : 1;
