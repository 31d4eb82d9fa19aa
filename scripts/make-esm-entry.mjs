// After `tsc -b`: writes the ESM twin of every entry a package exports.
//
// The twin re-exports the one CommonJS build by name, so `import` and `require` give the same classes, registries and weak maps.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';

/** @param {string} root - the top folder of the workspace */
export function writeEsmEntries(root) {
  const require = createRequire(join(root, 'package.json'));
  for (const name of readdirSync(join(root, 'packages'))) {
    const home = join(root, 'packages', name);
    const { exports } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'));
    for (const [subpath, conditions] of Object.entries(exports)) {
      if (typeof conditions === 'string') continue;
      const built = join(home, conditions.require.default);
      if (!existsSync(built)) throw new Error(`packages/${name} exports '${subpath}', but ${conditions.require.default} was not built: is ${conditions['@ormolu/source']} missing?`);
      const names = Object.keys(require(built)).filter((key) => key !== '__esModule' && key !== 'default');
      const twin = `./${basename(built)}`;
      // An entry of types alone exports no value; naming none would still be a valid module.
      writeFileSync(join(home, conditions.import.default), names.length === 0 ? 'export {};\n' : `import all from '${twin}';\nexport const { ${names.join(', ')} } = all;\n`);
      writeFileSync(join(home, conditions.import.types), `export * from '${twin}';\n`);
    }
  }
}
