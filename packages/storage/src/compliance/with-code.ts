import { OrmoluError } from '@ormolu/kernel';
import { ok, strictEqual } from 'node:assert/strict';
import { inspect } from 'node:util';

/** A check for `assert.rejects`: an error of ours with this code, which quotes none of these values where it is printed. */
export function withCode(code: string, ...secrets: readonly string[]): (error: unknown) => boolean {
  return (error) => {
    ok(OrmoluError.is(error), `expected ${code}, and got ${String(error)}`);
    strictEqual(error.code, code, error.message);
    for (const secret of secrets) ok(!inspect(error, { depth: null }).includes(secret), `${code} quotes a value where it is printed`);
    return true;
  };
}
