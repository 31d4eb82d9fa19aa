// Breaks the engine of this process in the way that ORMOLU_SOAK_BUG names: a piece of a source is another when it is read.
const fs = require('node:fs');
const { join } = require('node:path');

const root = join(__dirname, '..', '..', '..', '..', '..');
const name = process.env.ORMOLU_SOAK_BUG;
const bugs = JSON.parse(fs.readFileSync(join(__dirname, 'bugs.json'), 'utf8')).filter((bug) => bug.name === name || bug.with === name);
if (bugs.length === 0) throw new Error(`There is no bug '${String(name)}'.`);

const read = fs.readFileSync;
fs.readFileSync = (file, ...rest) => {
  const content = read(file, ...rest);
  if (typeof content !== 'string') return content;
  return bugs.reduce((text, bug) => {
    if (file !== join(root, bug.file)) return text;
    if (text.split(bug.from).length !== 2) throw new Error(`The bug '${bug.name}' fits ${bug.file} no more: name another piece of it in bugs.json.`);
    return text.replace(bug.from, () => bug.to);
  }, content);
};
