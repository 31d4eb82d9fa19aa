import { OrmoluError } from '@ormolu/kernel';
import { ok, strictEqual } from 'node:assert/strict';

/** A check for `assert.rejects`: an error of ours with this code, whose text quotes none of these values. */
export function withCode(code: string, ...secrets: readonly string[]): (error: unknown) => boolean {
  return (error) => {
    ok(OrmoluError.is(error), `expected ${code}, and got ${String(error)}`);
    strictEqual(error.code, code, error.message);
    for (const secret of secrets) ok(!error.message.includes(secret), `the message of ${code} quotes a value`);
    return true;
  };
}
