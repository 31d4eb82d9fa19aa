// swc behind a cache on disk: what one process has transpiled, the next reads. A run of all tests starts hundreds of processes on the
// same sources, and each would spend half a second of processor time on them.
const { createHash, randomUUID } = require('node:crypto');
const { mkdirSync, readFileSync, renameSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const swc = require('ts-node/transpilers/swc');

const folder = join(__dirname, '..', 'node_modules', '.cache', 'transpiled');
const releases = ['@swc/core', 'ts-node'].map((name) => require(`${name}/package.json`).version);

/** What ts-node asks of a transpiler: one for each kind of module. */
exports.create = (options) => {
  let transpiler;
  const kind = JSON.stringify([releases, process.version, options.nodeModuleEmitKind, options.service.config.options]);
  return {
    transpile(input, { fileName }) {
      // The file's name is in its source map.
      const kept = join(folder, `${createHash('sha256').update(JSON.stringify([kind, fileName, input])).digest('hex')}.json`);
      try {
        return JSON.parse(readFileSync(kept, 'utf8'));
      } catch {
        transpiler ??= swc.create(options);
        const output = transpiler.transpile(input, { fileName });
        keep(kept, JSON.stringify(output));
        return output;
      }
    },
  };
};

/** Moved into place whole: other processes read and write the same. */
function keep(file, text) {
  try {
    mkdirSync(folder, { recursive: true });
    const making = `${file}.${randomUUID()}`;
    writeFileSync(making, text);
    renameSync(making, file);
  } catch {
    // A disk that is full or read-only makes this slower, and nothing else.
  }
}
