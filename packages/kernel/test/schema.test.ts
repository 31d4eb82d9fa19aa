import { Schema, UnknownFieldError, UnknownModelError } from '../src/index';

const schema = new Schema([
  {
    model: 'city', table: 'city', idColumn: 'id', idType: 'integer', order: [], versioned: false, lists: [],
    columns: [{ field: 'population', column: 'population', type: 'int4', required: false, unique: false, index: false }],
  },
]);

test('an unknown model is an error that names the nearest', () => {
  expect(() => schema.table('citty')).toThrow(UnknownModelError);
  expect(() => schema.table('citty')).toThrow("There is no model 'citty'. Did you mean 'city'?");
});

test('an unknown field is an error that names the nearest', () => {
  expect(() => schema.column('city', 'popluation')).toThrow(UnknownFieldError);
  expect(() => schema.column('city', 'popluation')).toThrow("Model 'city' has no field 'popluation'. Did you mean 'population'?");
});

test('where nothing is near, the known names are listed', () => {
  expect(() => schema.column('city', 'x')).toThrow('Known fields: id, population.');
});
