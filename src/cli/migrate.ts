import type { Command } from 'commander'
import { duplicateEmails, duplicateSentence } from '../spaces/spaces/duplicate-emails.ts'
import { databaseName, type GlobalOptions, loadSettings, migrate, openConfigured, schemaState } from './context.ts'
import { withProgress } from './progress.ts'
import { print } from './terminal.ts'

interface Options extends GlobalOptions {
  readonly dryRun?: boolean
  readonly json?: boolean
}

export const migrateCommands = (program: Command) => {
  program
    .command('migrate')
    .option('--dry-run', 'only tell what would be done')
    .description('bring the database to this version; doing it twice changes nothing')
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const { config } = loadSettings(options)
      if (options.dryRun === true) {
        const { pending } = await schemaState(config)
        print(pending.length === 0 ? `${databaseName(config)} is up to date.` : `Would apply: ${pending.join(', ')}`)
        return
      }
      const db = openConfigured(config)
      try {
        const { applied, copy } = await withProgress('', options, ({ note }) => migrate(config, db, note))
        print(applied.length === 0 ? `${databaseName(config)} is up to date.` : `Applied: ${applied.join(', ')}`)
        if (copy !== null) print(`The database before this is kept in ${copy}`)
        for (const duplicate of await duplicateEmails(config, db)) print(duplicateSentence(duplicate))
      } finally {
        await db.close()
      }
    })
  program
    .command('migrate:status')
    .option('--json', 'print one JSON object')
    .description('list the migrations that were applied, and those that wait')
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const { applied, pending } = await schemaState(loadSettings(options).config)
      if (options.json === true) {
        print(JSON.stringify({ applied, pending }))
        return
      }
      for (const tag of applied) print(`applied  ${tag}`)
      for (const tag of pending) print(`pending  ${tag}`)
    })
}
