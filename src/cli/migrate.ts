import type { Command } from 'commander'
import { openDatabase } from '../services.ts'
import { databaseName, type GlobalOptions, loadSettings } from './context.ts'
import { print } from './terminal.ts'

export const migrateCommand = (program: Command) =>
  program
    .command('migrate')
    .description('bring the database to this version; doing it twice changes nothing')
    .action(async (_options, command: Command) => {
      const { config } = loadSettings(command.optsWithGlobals<GlobalOptions>())
      const db = openDatabase(config)
      try {
        const { applied, copy } = await db.migrate()
        print(applied.length === 0 ? `${databaseName(config)} is up to date.` : `Applied: ${applied.join(', ')}`)
        if (copy !== null) print(`The database before this is kept in ${copy}`)
      } finally {
        await db.close()
      }
    })
