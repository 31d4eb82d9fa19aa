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
