#!/usr/bin/env node
import { runCli } from './program';

void runCli(process.argv.slice(2), { out: (text) => process.stdout.write(`${text}\n`), note: (text) => process.stderr.write(`${text}\n`) }).then((code) => {
  // Not process.exit: what was written may still be on its way.
  process.exitCode = code;
});
