import { OrmoluError } from '@ormolu/kernel';
import { Command, CommanderError, Option } from 'commander';
import { migrateCommand, type MigrateArguments } from './migrate-command';

/** Where a command writes: its result, and what is said beside it. */
export interface CliOutput {
  readonly out: (text: string) => void;
  readonly note: (text: string) => void;
}

/**
 * Runs the command line.
 *
 * @param args - without node and the script
 * @returns the exit code: 0 when all went well, 1 when the command failed, 2 when it was not understood
 */
export async function runCli(args: readonly string[], output: CliOutput): Promise<number> {
  try {
    await program(output).parseAsync([...args], { from: 'user' });
    return 0;
  } catch (error) {
    // Commander has said what was wrong, or given the help asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    output.note(OrmoluError.is(error) ? `${error.code}: ${error.message}` : error instanceof Error ? error.stack ?? error.message : String(error));
    return 1;
  }
}

function program(output: CliOutput): Command {
  const withoutEnd = (text: string): string => text.replace(/\n$/, '');
  const ormolu = new Command('ormolu')
    .description('Ormolu on the command line.')
    .configureOutput({ writeOut: (text) => { output.out(withoutEnd(text)); }, writeErr: (text) => { output.note(withoutEnd(text)); } })
    .showHelpAfterError('See ormolu --help.')
    .exitOverride();
  ormolu.command('migrate')
    .description('Creates or upgrades the tables of all models, and fills new stored computed fields.')
    .requiredOption('--models <file>', "a module that exports 'models'")
    .addOption(new Option('--storage <url>', 'postgres://…, or the directory of an embedded database').env('ORMOLU_STORAGE').makeOptionMandatory())
    .option('--plan', 'print the statements, and change nothing', false)
    .option('--discard <field...>', "fields such as 'res.city.size' whose stored values may be lost, and columns that no field names")
    .addOption(new Option('--batch-size <records>', 'records filled at a time').argParser(Number))
    .action((given: MigrateArguments) => migrateCommand(given, output));
  return ormolu;
}
