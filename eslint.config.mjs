import tseslint from 'typescript-eslint';

const TESTS = ['packages/*/test/**', 'bench/**/test/**', 'scripts/test/**', 'examples/test/**', 'oracle/test/**', 'test-support/test/**'];
const PROGRAMS = ['examples/**', 'bench/**', 'oracle/**', 'test-support/**'];

export default tseslint.config(
  { ignores: ['**/dist/', '**/node_modules/', 'bench/results/', 'bench/peers/generated/', '**/*.{js,mjs,cjs}'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      // `erasableSyntaxOnly` lets nobody declare an enum, and these ask the type of nearly every node whether it is one.
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      '@typescript-eslint/no-unsafe-enum-comparison': 'off',
      '@typescript-eslint/no-mixed-enums': 'off',
      'max-params': ['error', 4],
      'no-console': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      // A number reads the same in a template and in String(); objects and undefined are what the rule is for.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // Arrows for side effects: `() => list.push(x)` inside forEach and hooks says nothing wrong.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  {
    files: [...TESTS, ...PROGRAMS],
    rules: { 'no-console': 'off', '@typescript-eslint/explicit-module-boundary-types': 'off' },
  },
  {
    files: TESTS,
    rules: {
      // A test states what is there; when it is not, the TypeError is the failure.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // jest's own matchers (`expect.any(…)`) are typed any.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unused-expressions': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
);
