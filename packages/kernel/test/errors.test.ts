import { inspect } from 'node:util';
import { MisuseError, OrmoluError } from '../src/index';

test('an error of another copy of the package is recognised, a stranger is not', () => {
  const foreign = Object.assign(new Error('x'), { [Symbol.for('ormolu.error')]: true });
  expect(OrmoluError.is(foreign)).toBe(true);
  expect(OrmoluError.is(new MisuseError('A_B', 'text'))).toBe(true);
  expect(OrmoluError.is(new Error('text'))).toBe(false);
  expect(OrmoluError.is(null)).toBe(false);
});

test('an error keeps code, cause, details and the name of its class', () => {
  const cause = new Error('why');
  const error = new MisuseError('A_B', 'text', { cause, details: { model: 'city' } });
  expect(error).toMatchObject({ code: 'A_B', message: 'text', cause, details: { model: 'city' }, name: 'MisuseError' });
});

test('what may hold values is for who asks for it: no printed form of an error shows it', () => {
  const cause = new MisuseError('C_D', 'why', { details: { value: 'SECRET' } });
  const error = new MisuseError('A_B', 'text', { cause, details: { detail: 'Key (name)=(SECRET)' } });
  expect(error.details['detail']).toBe('Key (name)=(SECRET)');
  for (const shown of [inspect(error), inspect(error, { depth: null }), JSON.stringify(error), JSON.stringify(Object.fromEntries(Object.entries(error))), String(error)]) {
    expect(shown).not.toContain('SECRET');
  }
  expect(inspect(error)).toContain('A_B');
});
