import type { Command } from 'commander'
import { type Config, ConfigurationError } from '../config/config.ts'
import type { Db } from '../db/db.ts'
import { AppError } from '../errors.ts'
import { type Logging, logging, unusableTarget } from '../logging/logging.ts'
import { maskedEmail } from '../logging/masking.ts'
import { start } from '../process.ts'
import { duplicateEmails } from '../spaces/spaces/duplicate-emails.ts'
import { type GlobalOptions, loadSettings, migrate, type Opened, openConfigured, worldOf } from './context.ts'
import { CommandError, EXIT, explainFailure } from './exit.ts'
import { createFirst, printKeptQrCode, printWelcome } from './first-run.ts'

/** Resolves at the first signal that asks the process to end; a second one ends it at once. */
export const stopSignal = () =>
  new Promise<NodeJS.Signals>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal))
  })

/** Why the server does not listen: an address that is taken or not ours, a socket or certificate it may not open. */
export const explainListening = (config: Config, error: unknown): CommandError => {
  const { code, syscall, message } = error as NodeJS.ErrnoException
  if (syscall !== 'listen') {
    return new CommandError(`Cannot listen: ${message}`, syscall === 'open' ? EXIT.configuration : EXIT.failed)
  }
  const names = config.METRICS_LISTEN === null ? 'LISTEN' : 'LISTEN or METRICS_LISTEN'
  const reason = code === 'EADDRINUSE' ? `another program listens there. ${message}` : message
  return new CommandError(`Cannot listen on ${names}: ${reason}`, EXIT.failed)
}

/** An empty database gets a Space and an administrator. Of several processes that start together one prints them. */
const firstRun = async (opened: Opened, port: number | undefined): Promise<void> => {
  const { config, parts } = opened
  if (!(await parts.spaceAdministration.isEmpty())) return
  const host = config.APP_ROOT_HOST
  const first = { host, domain: host, name: config.APP_NAME, username: 'admin', alone: true }
  try {
    const welcome = await createFirst(opened, port === undefined ? first : { ...first, port })
    printWelcome(config, host, welcome, { answers: true })
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    if (error.code === 'conflict') return
    // Nobody typed these names: settings do not go together.
    const why = explainFailure(error).message
    throw new CommandError(`The first administrator cannot be made; setup takes another. ${why}`, EXIT.configuration)
  }
}

/** Since addresses are compared without case, some that were different may be the same. Nothing is changed. */
const reportDuplicates = async (config: Config, db: Db, log: Logging): Promise<void> => {
  for (const { domain, email, accounts } of await duplicateEmails(config, db)) {
    log.app.warn('several accounts have one e-mail address', { space: domain, email: maskedEmail(email), accounts })
  }
}

/** The settings as they are now; null, with a line in the log: something is wrong with them. */
const settingsAgain = (options: GlobalOptions, log: Logging): Config | null => {
  try {
    return loadSettings({ ...options, quiet: true }).config
  } catch (error) {
    log.app.error('the settings cannot be read; those in force stay', { error })
    return null
  }
}

const serve = async (options: GlobalOptions & { readonly reusePort?: boolean }): Promise<void> => {
  const { config, envFile } = loadSettings(options)
  const unusable = await unusableTarget(config)
  if (unusable !== null) throw new CommandError(unusable, EXIT.configuration)
  const log = logging(config, { now: () => new Date() })
  const release = log.hold()
  log.app.info('starting', { settings: envFile ?? 'environment', data: config.DATA_DIR })
  const stopped = stopSignal()
  let reload = async (_settings: Config) => {}
  process.on('SIGHUP', () => {
    const settings = settingsAgain(options, log) ?? config
    log.reopen(settings.LOG_LEVEL)
    reload(settings).then(
      () => log.app.info('read again after SIGHUP'),
      (error) => log.app.error('SIGHUP failed', { error }),
    )
  })
  const world = worldOf(config, log)
  const db = openConfigured(config)
  let close = db.close
  try {
    const { applied, copy } = await migrate(config, db)
    if (applied.length > 0) {
      log.app.info('database migrated', { applied, copy })
      await reportDuplicates(config, db, log)
    }
    let running: Awaited<ReturnType<typeof start>>
    try {
      running = await start(world, db, { reusePort: options.reusePort === true })
    } catch (error) {
      throw error instanceof ConfigurationError ? error : explainListening(config, error)
    }
    close = running.stop
    reload = running.reload
    const { parts, server } = running
    await parts.phoneCountries.refresh()
    await firstRun({ config, world, db, parts, log }, server.port)
    printKeptQrCode(config, log)
    release()
    log.app.info('listening', { address: server.url?.href ?? 'unix socket', database: db.dialect })
    log.app.info('stopping', { signal: await stopped })
  } finally {
    await close()
    await log.close()
  }
}

export const serveCommand = (program: Command) =>
  program
    .command('serve')
    .description('migrate the database, then answer requests until SIGTERM')
    .option(
      '--reuse-port',
      'share LISTEN with other processes that say the same; the system spreads connections over them',
    )
    .action((_options, command: Command) => serve(command.optsWithGlobals()))
