import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The top folder of the workspace. */
export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** Node's arguments for running a TypeScript file against the packages' sources. */
export const typescriptFile = (file) => ['--conditions=@ormolu/source', '--require', './scripts/ts-node.cjs', file];
