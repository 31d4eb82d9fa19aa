// Loads the record cache and its tests from source, again and again, each time with one file broken. What they import from elsewhere is
// loaded once, by Node.
const { readFileSync, statSync } = require('node:fs');
const { createRequire } = require('node:module');
const { dirname, join, sep } = require('node:path');
const { Script } = require('node:vm');
const { transformSync } = require('@swc/core');

const root = join(__dirname, '..', '..');
const OWN = ['packages/cache', 'oracle'].map((folder) => join(root, folder) + sep);
const NAMES = new Map([
  ['@ormolu/cache', join(root, 'packages/cache/src/index.ts')],
  ['@ormolu/cache/testing', join(root, 'packages/cache/src/testing/index.ts')],
]);

/** A file's code as a function of the names a CommonJS module has. */
function compile(path, source) {
  const { code } = transformSync(source, {
    filename: path, jsc: { parser: { syntax: 'typescript' }, target: 'es2022', keepClassNames: true }, module: { type: 'commonjs', ignoreDynamic: true },
  });
  return new Script(`(exports, require, module, __filename, __dirname) => {${code}\n}`, { filename: path }).runInThisContext();
}

const unbroken = new Map();
const natives = new Map();

function compiled(path) {
  let code = unbroken.get(path);
  if (code === undefined) {
    code = compile(path, readFileSync(path, 'utf8'));
    unbroken.set(path, code);
  }
  return code;
}

/** The file that an import means, when it is one of ours. */
function ownFile(name, from) {
  if (NAMES.has(name)) return NAMES.get(name);
  if (!name.startsWith('.')) return undefined;
  const path = join(dirname(from), name);
  if (!OWN.some((folder) => path.startsWith(folder))) return undefined;
  return [path, `${path}.ts`, join(path, 'index.ts')].find((one) => one.endsWith('.ts') && statSync(one, { throwIfNoEntry: false })?.isFile());
}

/**
 * A fresh set of modules.
 * @param broken - the file that is broken in it and its source, if any
 * @returns a function that loads a file of ours
 */
function freshModules(broken) {
  const modules = new Map();
  const load = (path) => {
    const known = modules.get(path);
    if (known !== undefined) return known.exports;
    const module = { exports: {} };
    modules.set(path, module);
    const code = path === broken?.path ? compile(path, broken.source) : compiled(path);
    const requireFrom = (name) => {
      const own = ownFile(name, path);
      if (own !== undefined) return load(own);
      const native = natives.get(path) ?? createRequire(path);
      natives.set(path, native);
      return native(name);
    };
    code(module.exports, requireFrom, module, path, dirname(path));
    return module.exports;
  };
  return load;
}

module.exports = { root, freshModules };
