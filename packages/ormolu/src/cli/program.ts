import { OrmoluError } from '@ormolu/kernel';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { migrateCommand, type MigrateArguments } from './migrate-command';
import { serveCommand, type ServeArguments } from './serve-command';

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
    .addOption(new Option('--storage <url>', 'postgres://…, tcp://host:port of a server, or the directory of an embedded database').env('ORMOLU_STORAGE').makeOptionMandatory())
    .addOption(new Option('--token <token>', 'what the server at --storage asks for').env('ORMOLU_TOKEN'))
    .option('--plan', 'print the statements, and change nothing', false)
    .option('--discard <field...>', "fields such as 'res.city.size' whose stored values may be lost, and columns that no field names")
    .addOption(new Option('--batch-size <records>', 'records filled at a time').argParser(Number))
    .action((given: MigrateArguments) => migrateCommand(given, output));
  ormolu.command('serve')
    .description('Serves a database to clients, which reach it by remote(). Ends with Ctrl-C.')
    .requiredOption('--models <file>', "a module that exports 'models'")
    .addOption(new Option('--storage <url>', 'postgres://…, or the directory of an embedded database').env('ORMOLU_STORAGE').makeOptionMandatory())
    .addOption(new Option('--port <port>', '0 for any free one').argParser(portOf).default(6455))
    .option('--host <address>', 'where to listen', '127.0.0.1')
    .addOption(new Option('--pool <connections>', 'of a PostgreSQL database, open at a time: one for each transaction (default: 10)').argParser(poolOf))
    .addOption(new Option('--token <token...>', 'what clients must know; on a loopback address there may be none').env('ORMOLU_TOKEN'))
    .option('--key <file>', 'of a certificate, in PEM: connections are encrypted then')
    .option('--cert <file>', 'the certificate, in PEM')
    .action((given: ServeArguments) => serveCommand(given, output));
  return ormolu;
}

/** @throws {InvalidArgumentError} which commander tells of with the option's name; so below */
function poolOf(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new InvalidArgumentError('It takes a whole number from 1 to 99999, no more than the server at --storage lets in.');
  return Number(text);
}

function portOf(text: string): number {
  // Nothing at all is no 0: it is a variable of the environment that is missing.
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw new InvalidArgumentError('It takes a whole number from 0 to 65535; 0 is any free port.');
  return Number(text);
}
