import { Command, CommanderError } from 'commander'
import { accountChangeCommands } from './account-change.ts'
import { accountCreateCommand } from './account-create.ts'
import { accountFilesCommands } from './account-files.ts'
import { accountQrCommand } from './account-qr.ts'
import { accountShowCommands } from './account-show.ts'
import { accountsCommands } from './accounts.ts'
import { apiKeysCommands } from './api-keys.ts'
import { auditCommands } from './audit.ts'
import { backupCommands } from './backup.ts'
import { completionCommand } from './completion.ts'
import { configPrinters } from './config-printers.ts'
import { configShowCommand } from './config-show.ts'
import { demoCommand } from './demo.ts'
import { doctorCommand } from './doctor.ts'
import { dotEnvCommands } from './dot-env.ts'
import { EXIT, explainFailure } from './exit.ts'
import { healthcheckCommand } from './healthcheck.ts'
import { explainEverywhere, sentence } from './help.ts'
import { hooksCommands } from './hooks.ts'
import { housekeepingCommands } from './housekeeping.ts'
import { jobsCommands } from './jobs.ts'
import { mailCommands } from './mail.ts'
import { manCommand } from './man.ts'
import { migrateCommands } from './migrate.ts'
import { movingInCommands } from './moving-in.ts'
import { openapiCommand } from './openapi.ts'
import { phoneCountriesCommands } from './phone-countries.ts'
import { provisioningCommands } from './provisioning.ts'
import { pushCommands } from './push.ts'
import { serveCommand } from './serve.ts'
import { sessionsCommands } from './sessions.ts'
import { setupCommand } from './setup.ts'
import { smsCommands } from './sms.ts'
import { spaceCommands } from './space.ts'
import { spacesCommands } from './spaces.ts'
import { print, warn } from './terminal.ts'
import { tokensCommands } from './tokens.ts'
import { VERSION } from './version.ts'
import { webhooksCommands } from './webhooks.ts'

/** Every command with its options; none has run yet. */
export const commandLine = (): Command => {
  const program = new Command('sipkeeper')
    .description('A SIP account manager and provisioning server.')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .option('--env-file <file>', 'file with settings, below the environment')
    .option('-q, --quiet', 'no warnings about the configuration')
    .option('-n, --no-interaction', 'ask nothing, also on a terminal')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true, commandDescription: (command) => sentence(command.description()) })
  for (const add of [
    serveCommand,
    setupCommand,
    demoCommand,
    migrateCommands,
    spacesCommands,
    spaceCommands,
    dotEnvCommands,
    accountsCommands,
    accountCreateCommand,
    accountShowCommands,
    accountQrCommand,
    accountChangeCommands,
    accountFilesCommands,
    sessionsCommands,
    tokensCommands,
    apiKeysCommands,
    phoneCountriesCommands,
    hooksCommands,
    housekeepingCommands,
    jobsCommands,
    auditCommands,
    provisioningCommands,
    pushCommands,
    mailCommands,
    smsCommands,
    webhooksCommands,
    doctorCommand,
    openapiCommand,
    configShowCommand,
    configPrinters,
    backupCommands,
    movingInCommands,
    healthcheckCommand,
    completionCommand,
    manCommand,
  ]) {
    add(program)
  }
  program
    .command('version')
    .description('print the version')
    .action(() => print(VERSION))
  explainEverywhere(program)
  return program
}

/** Runs one command; resolves to the exit code. `artisan NAME` is NAME: cron lines of the reference are written so. */
export const run = async (argv: readonly string[]): Promise<number> => {
  try {
    const words = argv[0] === 'artisan' ? argv.slice(1) : argv
    await commandLine().parseAsync([...words], { from: 'user' })
    return EXIT.done
  } catch (error) {
    // Commander has printed its own message; help and version end well.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage
    const { message, exitCode } = explainFailure(error)
    warn(message)
    return exitCode
  }
}
