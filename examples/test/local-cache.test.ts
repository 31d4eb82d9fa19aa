import { runExample } from './run-example';

test('what one transaction learned serves the next until what it looks at changes', () => {
  expect(runExample('11-local-cache.ts')).toEqual([
    // What was written is there already; which records are found is asked.
    'first: Ghent, Belgium; Ypres, Belgium (1 questions to the database)',
    'again: Ghent, Belgium; Ypres, Belgium (0 questions to the database)',
    // The commit left the record as it is now.
    'after a change that the search does not look at: Ghent, Belgium; Ypres, Belgium (0 questions to the database)',
    'after one that it does: Ghent, Belgium (1 questions to the database)',
    '2 cities',
    '3 cities',
  ]);
});
