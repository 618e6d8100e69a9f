import type { Command } from 'commander'
import { logging } from '../logging/logging.ts'
import { start } from '../process.ts'
import { openDatabase, services } from '../services.ts'
import { type GlobalOptions, loadSettings, worldOf } from './context.ts'
import { CommandError, EXIT } from './exit.ts'
import { createFirst, printWelcome } from './first-run.ts'

/** Resolves at the first signal that asks the process to end. */
const stopSignal = () =>
  new Promise<NodeJS.Signals>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal))
  })

export const serve = async (options: GlobalOptions): Promise<void> => {
  const { config } = loadSettings(options)
  const log = logging(config, { now: () => new Date() })
  const world = worldOf(config, log)
  const stopped = stopSignal()
  const db = openDatabase(config)
  const { applied, copy } = await db.migrate()
  if (applied.length > 0) log.app.info('database migrated', { applied, copy })
  const parts = services(world, db)
  await parts.phoneCountries.refresh()
  if (await parts.spaceAdministration.isEmpty()) {
    const host = config.APP_ROOT_HOST
    const opened = { config, world, db, parts, log }
    printWelcome(config, await createFirst(opened, { host, domain: host, name: config.APP_NAME, username: 'admin' }))
  }

  let running: ReturnType<typeof start>
  try {
    running = start(world, db)
  } catch (error) {
    throw new CommandError(`Cannot listen on LISTEN: ${(error as Error).message}`, EXIT.failed)
  }
  log.app.info('listening', { address: running.server.url?.href ?? 'unix socket', database: db.dialect })
  process.on('SIGHUP', () => log.reopen())
  const signal = await stopped
  log.app.info('stopping', { signal })
  await running.stop()
  await log.close()
}

export const serveCommand = (program: Command) =>
  program
    .command('serve')
    .description('migrate the database, then answer requests until SIGTERM')
    .action((_options, command: Command) => serve(command.optsWithGlobals()))
