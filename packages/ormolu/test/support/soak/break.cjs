// Breaks the engine of this process in the way that ORMOLU_SOAK_BUG names: pieces of its sources are others when they are read.
const fs = require('node:fs');
const { join } = require('node:path');

const root = join(__dirname, '..', '..', '..', '..', '..');
const name = process.env.ORMOLU_SOAK_BUG;
const bug = JSON.parse(fs.readFileSync(join(__dirname, 'bugs.json'), 'utf8')).find((one) => one.name === name);
if (!bug) throw new Error(`There is no bug '${String(name)}'.`);

const read = fs.readFileSync;
fs.readFileSync = (file, ...rest) => {
  const content = read(file, ...rest);
  if (typeof content !== 'string') return content;
  return bug.pieces.reduce((text, { file: broken, from, to }) => {
    if (file !== join(root, broken)) return text;
    if (text.split(from).length !== 2) throw new Error(`The bug '${bug.name}' fits ${broken} no more: name another piece of it in bugs.json.`);
    return text.replace(from, () => to);
  }, content);
};
